//! 2-bit codes in 32-bit accumulators of two lanes: see [`two_in_32`]. A block's sixteen sums are written
//! as two times eight.
//!
//! [`two_in_32`]: super::super::lanes::two_in_32

walks!(
    unroll 3, mask 0x0003_0003_u32, bytes 66,
    begin [
        // What comes off every sum, in the place of `total`, which lies lower yet.
        "add r2, r3, r3, lsl #1"
        "str r2, [sp, #12]"
        "movs r4, #0"
        "movs r5, #0"
        "movs r6, #0"
        "movs r7, #0"
        "mov r8, r4"
        "mov r9, r4"
        "mov r10, r4"
        "mov r11, r4"
    ],
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
        // `write` ends by loading r4–r11 and a jump into the loop: that brings what is left of the
        // lanes to the second half below.
        "strd r8, r9, [sp, #16]",
        "strd r10, r11, [sp, #24]",
        "adr.w r1, 4f + 1",
        "ldr r12, [sp, #32]",
        "str r1, [sp, #32]",
        "lsr r11, r7, #16",
        "uxth r10, r7",
        "lsr r9, r6, #16",
        "uxth r8, r6",
        "lsrs r7, r5, #16",
        "uxth r6, r5",
        "lsrs r5, r4, #16",
        "uxth r4, r4",
        "b 5f",
        "4:",
        "str r12, [sp, #32]",
        "mov r12, #0x00030003",
        "movs r1, #0",
        "movs r2, #0",
        "strd r1, r2, [sp, #16]",
        "strd r1, r2, [sp, #24]",
        "uxth r4, r8",
        "lsr r5, r8, #16",
        "uxth r6, r9",
        "lsr r7, r9, #16",
        "uxth r8, r10",
        "lsr r9, r10, #16",
        "uxth r10, r11",
        "lsr r11, r11, #16",
        "5:",
        "ldr r1, [sp, #44]",
        ".irp sum, r4, r5, r6, r7, r8, r9, r10, r11",
        "rsb \\sum, r1, \\sum, lsl #1",
        ".endr",
    ]
);
