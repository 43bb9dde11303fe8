//! 8-bit codes in 32-bit accumulators, R, H and B of each word: see [`eight_in_32`].
//!
//! [`eight_in_32`]: super::super::lanes::eight_in_32

walks!(
    unroll 8, mask 0x00FF_00FF_u32, bytes 46,
    row [
        "add r2, r0"
        "ldrd r3, r2, [r2]"
        "mla r4, r3, lr, r4"
        "lsr r10, r3, #16"
        "mla r5, r10, lr, r5"
        "and r3, r12, r3, lsr #8"
        "mla r6, r3, lr, r6"
        "mla r7, r2, lr, r7"
        "lsr r10, r2, #16"
        "mla r8, r10, lr, r8"
        "and r2, r12, r2, lsr #8"
        "mla r9, r2, lr, r9"
    ],
    finish [
        "sub r4, r4, r5, lsl #16",
        "lsl r10, r4, #8",
        "sub r10, r10, r6, lsl #16",
        "lsr r10, r10, #8",
        "subs r4, r4, r10",
        "lsrs r4, r4, #8",
        "subs r6, r6, r4",
        "rsb r6, r6, r5, lsl #8",
        "lsrs r6, r6, #8",
        "subs r5, r5, r6",
        "lsrs r5, r5, #8",
        "sub r7, r7, r8, lsl #16",
        "lsl r11, r7, #8",
        "sub r11, r11, r9, lsl #16",
        "lsr r11, r11, #8",
        "sub r7, r7, r11",
        "lsrs r7, r7, #8",
        "sub r9, r9, r7",
        "rsb r9, r9, r8, lsl #8",
        "lsr r9, r9, #8",
        "sub r8, r8, r9",
        "lsr r8, r8, #8",
        write_sums!("cbnz r3, 5f\n", "0", "r10" "r4" "r6" "r5" "r11" "r7" "r9" "r8"),
    ],
    aside [add_sums!("0", "r10" "r4" "r6" "r5" "r11" "r7" "r9" "r8")]
);
