//! 8-bit codes in 32-bit accumulators, R, H and B of each word: see [`signed_eight_in_32`].
//!
//! [`signed_eight_in_32`]: super::super::lanes::signed_eight_in_32

walks!(
    unroll 7, mask 0x00FF_00FF_u32, bytes 46,
    begin [
        // −`EIGHT_IN_32` · total.
        "lsls r2, r3, #7"
        "rsbs r2, r2, #0"
        "add r7, r2, r2, lsl #8"
        "add r5, r7, r7, lsl #16"
        "add r6, r2, r2, lsl #16"
        "mov r9, r5"
        "mov r10, r6"
        "mov r11, r7"
    ],
    row [
        "add r2, r0"
        "ldrd r3, r2, [r2]"
        "mla r5, r3, lr, r5"
        "lsr r4, r3, #16"
        "mla r7, r4, lr, r7"
        "and r3, r12, r3, lsr #8"
        "mla r6, r3, lr, r6"
        "mla r9, r2, lr, r9"
        "lsr r4, r2, #16"
        "mla r11, r4, lr, r11"
        "and r2, r12, r2, lsr #8"
        "mla r10, r2, lr, r10"
    ],
    finish [
        // What [`signed_eight_in_32`](super::super::lanes::signed_eight_in_32) does, with R, B and H in the
        // second to fourth register.
        ".macro apart s0, s1, s2, s3
        sub \\s1, \\s1, \\s3, lsl #16
        lsl \\s0, \\s1, #8
        sub \\s0, \\s0, \\s2, lsl #16
        asr \\s0, \\s0, #8
        sub \\s1, \\s1, \\s0
        asr \\s1, \\s1, #8
        sub \\s2, \\s2, \\s1
        rsb \\s2, \\s2, \\s3, lsl #8
        asr \\s2, \\s2, #8
        sub \\s3, \\s3, \\s2
        asr \\s3, \\s3, #8
        .endm",
        "apart r4, r5, r6, r7",
        "apart r8, r9, r10, r11",
        ".purgem apart",
    ]
);
