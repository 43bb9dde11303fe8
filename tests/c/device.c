/* The same as answer.c on an emulated board, without a C library: jobs and answers are files of the
 * host, which it reads and writes by semihosting. A job with an empty blob is for the model that
 * the program is compiled with, if MODEL is defined.
 */
#ifdef MODEL
#include "inkbit_model.h"
#else
#include <stddef.h>
#include <stdint.h>
#define INKBIT_BLOB_BYTES 0U
#define INKBIT_WORK_WORDS 256U
static const uint8_t *const inkbit_blob = NULL;
#endif
#include "inkbit.h" /* behind the model's header: either may come first */

/* Enough for the golden blobs, and for the samples of all models. */
#define BLOB_BYTES 2048U
#define SAMPLE_BYTES 1024U
#define LOGITS 32U

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, EXIT_EXTENDED = 0x20 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

extern uint32_t bss_start[], bss_end[], stack_top[];
static uintptr_t jobs, answers;

/* Asks the host that runs the emulator for something. */
static uintptr_t call(uintptr_t operation, const uintptr_t *block) {
#if defined(__arm__)
    register uintptr_t r0 __asm__("r0") = operation;
    register const uintptr_t *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#else
    register uintptr_t a0 __asm__("a0") = operation;
    register const uintptr_t *a1 __asm__("a1") = block;
    __asm__ volatile(".balign 16\n .option push\n .option norvc\n slli x0, x0, 0x1f\n ebreak\n"
                     " srai x0, x0, 7\n .option pop" : "+r"(a0) : "r"(a1) : "memory");
    return a0;
#endif
}

static void leave(uintptr_t code) {
    const uintptr_t block[2] = {APPLICATION_EXIT, code};
    for (;;) { (void)call(EXIT_EXTENDED, block); }
}

static uintptr_t opened(const char *name, uintptr_t length, uintptr_t mode) {
    const uintptr_t block[3] = {(uintptr_t)name, mode, length};
    return call(OPEN, block);
}

/* Reads `length` bytes; returns whether there were as many. */
static bool read_bytes(void *bytes, size_t length) {
    const uintptr_t block[3] = {jobs, (uintptr_t)bytes, length};
    return (length == 0U) || (call(READ, block) == 0U);
}

static uint32_t read_word(void) {
    uint32_t word = 0U;
    if (!read_bytes(&word, sizeof word)) { leave(0U); }
    return word;
}

static void write_words(const void *words, size_t count) {
    const uintptr_t block[3] = {answers, (uintptr_t)words, 4U * count};
    if (call(WRITE, block) != 0U) { leave(3U); }
}

static void answer_job(void) {
    static uint64_t blob[BLOB_BYTES / 8U];
    static uint8_t sample[SAMPLE_BYTES];
    static uint32_t work[INKBIT_WORK_WORDS];
    static int32_t logits[LOGITS];
    static inkbit_model model;
    const uint32_t length = read_word();
    if ((length > sizeof blob) || !read_bytes(blob, length)) { leave(4U); }
    const uint32_t sample_bytes = read_word();
    uint32_t samples = read_word();
    const uint32_t error = (length == 0U)
                               ? inkbit_read(&model, inkbit_blob, INKBIT_BLOB_BYTES)
                               : inkbit_read(&model, (const uint8_t *)blob, length);
    write_words(&error, 1U);
    if ((error != 0U) || (sample_bytes > sizeof sample)) { leave(5U); }
    const uint32_t sizes[3] = {model.sample_bytes, model.work_words, model.classes};
    write_words(sizes, 3U);
    for (; samples > 0U; samples--) {
        inkbit_answer answer;
        if (!read_bytes(sample, sample_bytes)) { leave(6U); }
        const uint32_t fault = inkbit_infer(&model, sample, sample_bytes, work, INKBIT_WORK_WORDS,
                                            logits, LOGITS, &answer);
        write_words(&fault, 1U);
        if (fault != 0U) { leave(7U); }
        const uint32_t found[3] = {answer.stage, answer.stands, answer.likeliest};
        write_words(found, 3U);
        write_words(logits, model.classes);
    }
}

__attribute__((used)) static void start_c(void) {
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88U |= 0xFU << 20; /* CPACR: the unit for floats is on */
#endif
    for (uint32_t *word = bss_start; word < bss_end; word++) { *word = 0U; }
    jobs = opened("jobs", 4U, READ_BINARY);
    answers = opened("answers", 7U, WRITE_BINARY);
    for (;;) { answer_job(); }
}

#if defined(__arm__)
/* The stack's end, and the reset; a fault finds no handler, and the emulator stops. */
__attribute__((section(".start"), used)) static const uintptr_t vectors[2] = {
    (uintptr_t)stack_top, (uintptr_t)start_c};
#else
__asm__(".section .start, \"ax\"\n la sp, stack_top\n j start_c\n .text");
#endif

/* Compilers call these of their own accord. Words at once, as a C library does it. */
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);

void *memcpy(void *to, const void *from, size_t length) {
    size_t at = 0U;
    if ((((uintptr_t)to | (uintptr_t)from) % 4U) == 0U) {
        for (; at + 4U <= length; at += 4U) {
            *(volatile uint32_t *)((uintptr_t)to + at) = *(const uint32_t *)((uintptr_t)from + at);
        }
    }
    for (; at < length; at++) { ((uint8_t *)to)[at] = ((const uint8_t *)from)[at]; }
    return to;
}

void *memset(void *to, int value, size_t length) {
    const uint32_t word = (uint32_t)(uint8_t)value * 0x01010101U;
    size_t at = 0U;
    if (((uintptr_t)to % 4U) == 0U) {
        for (; at + 4U <= length; at += 4U) { *(volatile uint32_t *)((uintptr_t)to + at) = word; }
    }
    for (; at < length; at++) { ((uint8_t *)to)[at] = (uint8_t)value; }
    return to;
}
