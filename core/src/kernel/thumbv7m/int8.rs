//! 8-bit codes in 64-bit accumulators, P and Q of each word: see [`eight_in_64`].
//!
//! [`eight_in_64`]: super::super::lanes::eight_in_64

walks!(
    unroll 10, mask 0xFF00_00FF_u32, bytes 30,
    row [
        "add r2, r0"
        // The base is not the first register to be loaded: Cortex-M3 erratum 602117.
        "ldrd r3, r2, [r2]"
        "umlal r4, r5, r3, lr"
        "and r3, r12, r3, ror #16"
        "umlal r6, r7, r3, lr"
        "umlal r8, r9, r2, lr"
        "and r2, r12, r2, ror #16"
        "umlal r10, r11, r2, lr"
    ],
    finish [
        "lsrs r2, r6, #24",
        "orr r2, r2, r7, lsl #8",
        "bic r6, r6, #0xFF000000",
        "subs r4, r4, r2, lsl #8",
        "sbc r5, r5, #0",
        "subs r4, r4, r6, lsl #16",
        "sbc r5, r5, r6, lsr #16",
        "lsrs r7, r4, #24",
        "orr r7, r7, r5, lsl #8",
        "bic r4, r4, #0xFF000000",
        "lsr lr, r10, #24",
        "orr lr, lr, r11, lsl #8",
        "bic r10, r10, #0xFF000000",
        "subs r8, r8, lr, lsl #8",
        "sbc r9, r9, #0",
        "subs r8, r8, r10, lsl #16",
        "sbc r9, r9, r10, lsr #16",
        "lsr r11, r8, #24",
        "orr r11, r11, r9, lsl #8",
        "bic r8, r8, #0xFF000000",
        write_sums!("cbnz r3, 5f\n", "0", "r4" "r2" "r6" "r7" "r8" "lr" "r10" "r11"),
    ],
    aside [add_sums!("0", "r4" "r2" "r6" "r7" "r8" "lr" "r10" "r11")]
);
