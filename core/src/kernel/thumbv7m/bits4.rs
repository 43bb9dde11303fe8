//! 4-bit codes in 64-bit accumulators, the row as it is and three pairs of its codes: see
//! [`four_in_64`].
//!
//! They never add to other sums: no list is longer than [`ENTRIES_4`].
//!
//! [`four_in_64`]: super::super::lanes::four_in_64
//! [`ENTRIES_4`]: super::super::lanes::ENTRIES_4

walks!(
    unroll 2, mask 0x0F00_000F_u32, bytes 30,
    row [
        "ldr r3, [r0, r2]"
        "umlal r4, r5, r3, lr"
        "and r2, r12, r3, ror #4"
        "umlal r6, r7, r2, lr"
        "and r2, r12, r3, ror #16"
        "umlal r8, r9, r2, lr"
        "and r2, r12, r3, ror #20"
        "umlal r10, r11, r2, lr"
    ],
    finish [
        "lsrs r2, r6, #24",
        "orr r7, r2, r7, lsl #8",
        "bic r6, r6, #0xFF000000",
        "lsr r2, r8, #24",
        "orr r9, r2, r9, lsl #8",
        "bic r8, r8, #0xFF000000",
        "lsr r2, r10, #24",
        "orr r11, r2, r11, lsl #8",
        "bic r10, r10, #0xFF000000",
        "subs r4, r4, r6, lsl #4",
        "sbc r5, r5, #0",
        "subs r4, r4, r9, lsl #8",
        "sbc r5, r5, #0",
        "subs r4, r4, r11, lsl #12",
        "sbc r5, r5, r11, lsr #20",
        "subs r4, r4, r8, lsl #16",
        "sbc r5, r5, r8, lsr #16",
        "subs r4, r4, r10, lsl #20",
        "sbc r5, r5, r10, lsr #12",
        "subs r4, r4, r7, lsl #28",
        "sbc r5, r5, r7, lsr #4",
        "lsrs r2, r4, #24",
        "orr r5, r2, r5, lsl #8",
        "bic r4, r4, #0xFF000000",
        write_sums!("", "1", "r4" "r9" "r8" "r5" "r6" "r11" "r10" "r7"),
    ],
    aside [""]
);
