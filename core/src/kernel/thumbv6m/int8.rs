//! 8-bit codes: each word reversed, its upper half, and as it is.

walks!(
    unroll 4,
    numbers "0, 1, 2, 3",
    bytes 40,
    prepare "ldr r5, [sp, #8]
    mov r12, r5
    movs r5, #0",
    row "add r1, r8
    ldm r1, {{r1, r3}}
    rev r4, r1
    muls r4, r2
    adds r5, r4
    lsrs r4, r1, #16
    muls r4, r2
    adds r6, r4
    muls r1, r2
    adds r7, r1
    rev r4, r3
    muls r4, r2
    add r9, r4
    lsrs r4, r3, #16
    muls r4, r2
    add r10, r4
    muls r3, r2
    add r11, r3",
    ended "cmp r0, r12",
    finish [
        "ldr r1, [sp, #56]",
        "add r8, r1",
        eight_by_reversal!(),
        write!(),
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        eight_by_reversal!(),
        write!(),
    ],
    constant "0"
);
