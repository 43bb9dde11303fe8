//! 2-bit codes in 32-bit accumulators of two lanes.

walks!(
    unroll 1, mask 0x0003_0003_u32, bytes 66,
    row [
        "ldr r3, [r0, r2]"
        "and r2, r12, r3"
        "mla r4, r2, lr, r4"
        "and r2, r12, r3, lsr #2"
        "mla r5, r2, lr, r5"
        "and r2, r12, r3, lsr #4"
        "mla r6, r2, lr, r6"
        "and r2, r12, r3, lsr #6"
        "mla r7, r2, lr, r7"
        "and r2, r12, r3, lsr #8"
        "mla r8, r2, lr, r8"
        "and r2, r12, r3, lsr #10"
        "mla r9, r2, lr, r9"
        "and r2, r12, r3, lsr #12"
        "mla r10, r2, lr, r10"
        "and r2, r12, r3, lsr #14"
        "mla r11, r2, lr, r11"
    ],
    finish [
        "ldr r3, [sp, #12]",
        "ldr r2, [sp, #64]",
        "cbnz r2, 4f",
        // What is added to: the offset, taken off.
        "ldr r1, [sp, #60]",
        "rsbs r1, r1, #0",
        "mov r2, r1",
        ".irp at, 0, 8, 16, 24, 32, 40, 48, 56",
        "strd r1, r2, [r3, #\\at]",
        ".endr",
        "4:",
        ".irp lanes, r4, r5, r6, r7, r8, r9, r10, r11",
        "ldrd r1, r2, [r3]",
        "uxth lr, \\lanes",
        "add r1, r1, lr, lsl #1",
        "lsr lr, \\lanes, #16",
        "add r2, r2, lr, lsl #1",
        "strd r1, r2, [r3], #8",
        ".endr",
    ],
    aside [""]
);
