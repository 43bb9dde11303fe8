//! What the library does on bare metal where it would panic: nothing can, and if something could, a
//! program with it would not link.

#![allow(unsafe_code)] // a name that the linker does not find

unsafe extern "C" {
    safe fn something_in_inkbit_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    something_in_inkbit_can_panic()
}
