//! 4-bit codes: the word as if it had four codes of 8 bits, and its odd nibbles as they are and
//! swapped two by two. See [`four_by_reversal`](super::super::lanes::four_by_reversal).

/// Twice the sums r1 to r4.
macro_rules! double {
    () => {
        "adds r1, r1
        adds r2, r2
        adds r3, r3
        adds r4, r4"
    };
}

walks!(
    unroll 4,
    numbers "0, 1, 2, 3",
    bytes 36,
    prepare "ldr r3, [sp, #8]
    mov r12, r3
    ldr r3, 9f
    mov lr, r6
    mov r6, r8",
    row "ldr r1, [r6, r1]
    rev r4, r1
    muls r4, r2
    add r9, r4
    lsrs r4, r1, #16
    muls r4, r2
    add lr, r4
    lsrs r4, r1, #4
    ands r4, r3
    rev16 r5, r4
    muls r5, r2
    add r10, r5
    muls r4, r2
    add r11, r4
    muls r1, r2
    adds r7, r1",
    ended "cmp r0, r12",
    finish [
        // The sums of a byte's two nibbles, from that of the byte and, as x − 2⁸ · y, the 16 lowest
        // bits of the upper one's. The lower one's takes the byte's place, the upper one's is r0 as
        // well.
        ".macro nibbles byte, x, y, upper
        lsls r5, \\y, #8
        subs r5, \\x, r5
        lsls r5, r5, #4
        subs r5, \\byte, r5
        lsls r5, r5, #12
        lsrs r5, r5, #12
        subs r0, \\byte, r5
        mov \\byte, r5
        lsrs r0, r0, #4
        mov \\upper, r0
        .endm",
        "ldr r1, [sp, #56]",
        "add r8, r1",
        "mov r5, r9",
        "mov r6, lr",
        eight_by_reversal!(),
        "mov r6, r10",
        "mov r7, r11",
        "nibbles r1, r7, r6, r9",
        "nibbles r2, r6, r7, r10",
        // The two that are known come off; what is left moves down.
        "subs r6, r0",
        "lsls r0, r0, #8",
        "subs r7, r0",
        "mov r0, r9",
        "subs r7, r0",
        "lsls r0, r0, #8",
        "subs r6, r0",
        "lsrs r6, r6, #16",
        "lsrs r7, r7, #16",
        "nibbles r3, r7, r6, r11",
        "nibbles r4, r6, r7, r12",
        "ldr r0, [sp, #12]",
        double!(),
        write!(),
        "mov r1, r9",
        "mov r2, r10",
        "mov r3, r11",
        "mov r4, r12",
        double!(),
        write!(),
        ".purgem nibbles",
    ],
    constant "0x0F0F0F0F"
);
