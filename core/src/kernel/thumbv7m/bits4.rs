//! 4-bit codes in 64-bit accumulators, the row as it is and three pairs of its codes: see
//! [`four_in_64`].
//!
//! The row is in r4 and r7, the pairs are in r8 and r11, r6 and r5, r10 and r9, so that each of the
//! sums in their halves comes out in its place.
//!
//! [`four_in_64`]: super::super::lanes::four_in_64

walks!(
    unroll 8, mask 0x1E00_001E_u32, bytes 30,
    begin [
        // −`FOUR_IN_64` · total: the factors are 2³² more here, which the upper words are less.
        "mov r2, #0x7F800000"
        "umull r4, r7, r3, r2"
        "subs r7, r7, r3"
        "movw r2, #0xFFF1"
        "movt r2, #0xF0FF"
        "umull r6, r5, r3, r2"
        "subs r5, r5, r3"
        "mov r8, r6"
        "mov r9, r5"
        "mov r10, r6"
        "mov r11, r5"
    ],
    row [
        "ldr r3, [r0, r2]"
        "umlal r4, r7, r3, lr"
        "and r2, r12, r3, ror #3"
        "umlal r8, r11, r2, lr"
        "and r2, r12, r3, ror #15"
        "umlal r6, r5, r2, lr"
        "and r2, r12, r3, ror #19"
        "umlal r10, r9, r2, lr"
    ],
    finish [
        "subs r4, r4, r8, lsl #3",
        "sbc r7, r7, r11, lsl #3",
        "sub r7, r7, r8, lsr #29",
        // Takes apart the two lanes of a 64-bit accumulator: the carry of a shift is the sign of what is
        // shifted out.
        ".macro pair low, high
        lsrs r2, \\low, #24
        adc \\high, r2, \\high, lsl #8
        sbfx \\low, \\low, #0, #24
        .endm",
        "pair r8, r11",
        "pair r6, r5",
        "pair r10, r9",
        "add r2, r5, r9, lsl #4",
        "subs r4, r4, r2, lsl #7",
        "sbc r7, r7, r2, asr #25",
        "add r2, r6, r10, lsl #4",
        "subs r4, r4, r2, lsl #15",
        "sbc r7, r7, r2, asr #17",
        "pair r4, r7",
        "ldr r2, [sp, #44]",
        "add r4, r2, r4, lsl #1",
        "add r7, r2, r7, lsl #1",
        ".purgem pair",
    ]
);
