//! 4-bit codes: the word as if it had four codes of 8 bits, and its odd nibbles two by two. See
//! [`four_in_32`](super::super::lanes::four_in_32).

walks!(
    step 1,
    constants ["t0": "0xFF00FF00" "t1": "0x000F000F" "t2": "0xF000F000"],
    lanes ["t3" "t4" "t5" "t6" "s0" "s1" "s2" "s3" "s4" "s5"],
    row [
        "add s7, a5, a4\nlw s6, (a5)\nlw s7, (s7)",
        "shifted t6, s6, 4, t1",
        "shifted s4, s7, 4, t1",
        "slli a7, a6, 24",
        "masked t5, s6, t0",
        "masked s3, s7, t0",
        "slli a7, a6, 20",
        "masked s0, s6, t2",
        "masked s5, s7, t2",
        "upper t4, s6",
        "upper s2, s7",
        "whole t3, s6",
        "whole s1, s7",
    ],
    finish [
        // The sums of a byte's two nibbles, from that of the byte and the 16 lowest bits of the
        // upper one's. The lower one's takes the byte's place.
        ".macro nibbles byte, low, upper
        slli a5, \\low, 4
        sub a5, \\byte, a5
        slli a5, a5, 12
        srli a5, a5, 12
        sub \\upper, \\byte, a5
        srli \\upper, \\upper, 4
        mv \\byte, a5
        .endm",
        // Writes the sums of a block. What is known comes off the odd nibbles; what is left of them
        // moves down.
        ".macro four_in_32 r, h, b, odd02, odd13
        eight_in_32 \\r, \\h, \\b
        nibbles s6, \\odd02, \\r
        nibbles s7, \\odd13, \\h
        sub \\odd02, \\odd02, \\r
        srli \\odd02, \\odd02, 16
        nibbles s8, \\odd02, \\b
        sub \\odd13, \\odd13, \\h
        srli \\odd13, \\odd13, 16
        nibbles s9, \\odd13, a4
        .irp sum, s6, s7, s8, s9
        slli \\sum, \\sum, 1
        .endr
        write
        slli s6, \\r, 1
        slli s7, \\h, 1
        slli s8, \\b, 1
        slli s9, a4, 1
        write
        .endm",
        "four_in_32 t3, t4, t5, t6, s0",
        "four_in_32 s1, s2, s3, s4, s5",
        ".purgem nibbles",
        ".purgem four_in_32",
    ]
);
