//! 2-bit codes: two lanes of 16 bits in each of eight registers, so `end` is on the stack.

walks!(
    unroll 2,
    numbers "0, 1",
    bytes 68,
    prepare "ldr r3, 9f
    mov r8, r6
    mov r12, r6
    mov lr, r6
    ldr r5, [sp, #32]",
    row "ldr r1, [r5, r1]
    lsrs r4, r1, #2
    ands r4, r3
    muls r4, r2
    add lr, r4
    lsrs r4, r1, #4
    ands r4, r3
    muls r4, r2
    adds r6, r4
    lsrs r4, r1, #6
    ands r4, r3
    muls r4, r2
    adds r7, r4
    lsrs r4, r1, #8
    ands r4, r3
    muls r4, r2
    add r9, r4
    lsrs r4, r1, #10
    ands r4, r3
    muls r4, r2
    add r10, r4
    lsrs r4, r1, #12
    ands r4, r3
    muls r4, r2
    add r11, r4
    lsrs r4, r1, #14
    ands r4, r3
    muls r4, r2
    add r12, r4
    ands r1, r3
    muls r1, r2
    add r8, r1",
    ended "ldr r4, [sp, #8]
    cmp r0, r4",
    finish [
        // Twice the sums in the lanes of two registers.
        ".macro lanes first, second
        mov r2, \\first
        mov r4, \\second
        lsls r1, r2, #16
        lsrs r1, r1, #15
        lsrs r2, r2, #16
        lsls r2, r2, #1
        lsls r3, r4, #16
        lsrs r3, r3, #15
        lsrs r4, r4, #16
        lsls r4, r4, #1
        .endm",
        // `codes` is on the stack, because its register is needed.
        "ldr r1, [sp, #32]",
        "ldr r2, [sp, #56]",
        "adds r1, r2",
        "str r1, [sp, #32]",
        // The first two, because writing loses them.
        "lanes r8, lr",
        write!(),
        "lanes r6, r7",
        write!(),
        "lanes r9, r10",
        write!(),
        "lanes r11, r12",
        write!(),
        ".purgem lanes",
    ],
    constant "0x00030003"
);
