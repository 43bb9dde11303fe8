/* Rust's standard library takes its random numbers from this library, which Wine 8 lacks. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PUCHAR bytes, SIZE_T count)
{
    return RtlGenRandom(bytes, (ULONG)count);
}
