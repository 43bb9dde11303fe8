//! 8-bit codes: of each word two of its bytes, its upper half, and all of it.

walks!(
    step 1,
    constants ["t0": "0xFF00FF00"],
    lanes ["t1" "t2" "t3" "t4" "t5" "t6" "s0" "s1" "s2" "s3" "s4" "s5"],
    row [
        "add s9, a5, a4\nlw s6, (a5)\nlw s7, 4(a5)\nlw s8, (s9)\nlw s9, 4(s9)",
        "slli a7, a6, 24",
        "masked t3, s6, t0",
        "upper t2, s6",
        "whole t1, s6",
        "masked t6, s7, t0",
        "upper t5, s7",
        "whole t4, s7",
        "masked s2, s8, t0",
        "upper s1, s8",
        "whole s0, s8",
        "masked s5, s9, t0",
        "upper s4, s9",
        "whole s3, s9",
    ],
    finish [
        "eight_in_32 t1, t2, t3",
        "write",
        "eight_in_32 t4, t5, t6",
        "write",
        "eight_in_32 s0, s1, s2",
        "write",
        "eight_in_32 s3, s4, s5",
        "write",
    ]
);
