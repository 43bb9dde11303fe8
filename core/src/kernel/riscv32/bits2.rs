//! 2-bit codes: two lanes of 16 bits in each of eight registers. There is no second block, so a4 is
//! one of them.

walks!(
    step 0,
    constants ["t0": "0x00030003"],
    lanes ["a4" "t1" "t2" "t3" "t4" "t5" "t6" "s0"],
    row [
        "lw a5, (a5)",
        "shifted t1, a5, 2, t0",
        "shifted t2, a5, 4, t0",
        "shifted t3, a5, 6, t0",
        "shifted t4, a5, 8, t0",
        "shifted t5, a5, 10, t0",
        "shifted t6, a5, 12, t0",
        "shifted s0, a5, 14, t0",
        "and a5, a5, t0\nmul a5, a5, a6\nadd a4, a4, a5",
    ],
    finish [
        // Writes twice the sums in the lanes of two registers.
        ".macro two_in_32 first, second
        slli s6, \\first, 16
        srli s6, s6, 15
        srli s7, \\first, 16
        slli s7, s7, 1
        slli s8, \\second, 16
        srli s8, s8, 15
        srli s9, \\second, 16
        slli s9, s9, 1
        write
        .endm",
        "two_in_32 a4, t1",
        "two_in_32 t2, t3",
        "two_in_32 t4, t5",
        "two_in_32 t6, s0",
        ".purgem two_in_32",
    ]
);
