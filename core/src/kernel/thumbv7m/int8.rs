//! 8-bit codes in 64-bit accumulators, P and Q of each word: see [`eight_in_64`].
//!
//! P is in r4 and r7, r8 and r11, Q in r6 and r5, r10 and r9, so that each of the sums in their halves
//! comes out in its place.
//!
//! [`eight_in_64`]: super::super::lanes::eight_in_64

walks!(
    unroll 10, mask 0xFF00_00FF_u32, bytes 30,
    begin [
        // −`EIGHT_IN_64` · total: the factors are 2³² more here, which the upper words are less.
        "mov r2, #0x7F7F7F7F"
        "adds r2, #1"
        "umull r4, r7, r3, r2"
        "subs r7, r7, r3"
        "mvn r2, #0x80000000"
        "subs r2, #0x7F"
        "umull r6, r5, r3, r2"
        "subs r5, r5, r3"
        "mov r8, r4"
        "mov r9, r5"
        "mov r10, r6"
        "mov r11, r7"
    ],
    row [
        "add r2, r0"
        // The base is not the first register to be loaded: Cortex-M3 erratum 602117.
        "ldrd r3, r2, [r2]"
        "umlal r4, r7, r3, lr"
        "and r3, r12, r3, ror #16"
        "umlal r6, r5, r3, lr"
        "umlal r8, r11, r2, lr"
        "and r2, r12, r2, ror #16"
        "umlal r10, r9, r2, lr"
    ],
    finish [
        // What [`eight_in_64`](super::super::lanes::eight_in_64) does, in place: the carry of a shift is the
        // sign of what is shifted out.
        ".macro apart s0, s1, s2, s3
        lsrs r2, \\s2, #24
        adc \\s1, r2, \\s1, lsl #8
        sbfx \\s2, \\s2, #0, #24
        add r2, \\s1, \\s2, lsl #8
        subs \\s0, \\s0, r2, lsl #8
        sbc \\s3, \\s3, r2, asr #24
        lsrs r2, \\s0, #24
        adc \\s3, r2, \\s3, lsl #8
        sbfx \\s0, \\s0, #0, #24
        .endm",
        "apart r4, r5, r6, r7",
        "apart r8, r9, r10, r11",
        ".purgem apart",
    ]
);
