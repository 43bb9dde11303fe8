//! A list is walked once for each block of outputs: what the walks of all widths share.

/// Defines `walk`, a [`Walk`](super::fours::Walk): `row` multiplies the row r1 bytes behind the block's first,
/// which is at r8 and `codes`, by the value r2 and adds to the registers that `finish` makes sums
/// of: some of r5 to r12 and lr. Of these r6, r7 and r9 to r11 begin as 0 and the others are up to
/// `prepare`, which finds `constant` at 9. `unroll` is how many entries a pass of the loop takes,
/// `numbers` counts them, `bytes` is the length of the code for one. `ended`
/// compares r0 to `end`. `finish` begins with r0 where sums are written and has to move it on, by
/// [`write`](macro@write), and to move on to the next block.
///
/// On the stack lie: the bytes of code that the first pass leaves out, `entries`, `end`, `out`,
/// what the caller had in r8 to r11, `codes` at 32, what it had in r4 to r7 and lr; behind them,
/// from 56 on, `stride`, `out_end`, `offset`, `plain_end`.
///
/// # Bounds
///
/// The loop is entered so many entries before the end of a pass as are beyond a multiple of
/// `unroll`, so r0 reaches `end` after the last one, and no entry before the first or behind the
/// last is read. No sum is written at `out_end` or behind it; when it is reached, there are no
/// blocks left.
macro_rules! walks {
    (unroll $unroll:literal, numbers $numbers:literal, bytes $bytes:literal,
        prepare $prepare:literal, row $row:literal, ended $ended:literal,
        finish [$($finish:expr),+ $(,)?], constant $constant:literal) => {
        /// See [`Walk`](super::super::fours::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn walk(
            codes: *const u32,
            entries: *const i32,
            end: *const i32,
            out: *mut i32,
            stride: usize,
            out_end: *mut i32,
            offset: i32,
            plain_end: *mut i32,
        ) {
            core::arch::naked_asm!(
                "push {{r0, r4-r7, lr}}",
                "mov r4, r8",
                "mov r5, r9",
                "mov r6, r10",
                "mov r7, r11",
                "push {{r0-r7}}",
                "mov r8, r0",
                "subs r5, r1, r2",
                "movs r4, #{unroll} - 1",
                "lsrs r5, #2",
                "ands r5, r4",
                "lsls r4, r5, #2",
                "subs r1, r4",
                "str r1, [sp, #4]",
                "movs r1, #{bytes}",
                "muls r1, r5",
                "str r1, [sp]",
                "1:",
                "movs r6, #0",
                "movs r7, #0",
                "mov r9, r6",
                "mov r10, r6",
                "mov r11, r6",
                $prepare,
                "ldr r0, [sp, #4]",
                "ldr r1, [sp]",
                // Two instructions on from here.
                "add pc, r1",
                "nop",
                "2:",
                concat!(".irp k, ", $numbers),
                "ldrh r1, [r0, #4 * \\k]",
                "ldrb r2, [r0, #4 * \\k + 2]",
                $row,
                ".endr",
                "adds r0, #4 * {unroll}",
                $ended,
                "bne 2b",
                "ldr r0, [sp, #12]",
                $($finish,)+
                "str r0, [sp, #12]",
                "ldr r1, [sp, #60]",
                "cmp r0, r1",
                "beq 8f",
                "b 1b",
                // From `write`: one by one, as long as there is one.
                "7:",
                ".irp sum, r1, r2, r3, r4",
                "ldr r5, [sp, #60]",
                "cmp r0, r5",
                "beq 8f",
                "ldr r5, [r0]",
                "adds \\sum, r5",
                "stm r0!, {{\\sum}}",
                ".endr",
                "bx lr",
                "8:",
                "add sp, #16",
                "pop {{r4-r7}}",
                "mov r8, r4",
                "mov r9, r5",
                "mov r10, r6",
                "mov r11, r7",
                "add sp, #4",
                "pop {{r4-r7, pc}}",
                ".p2align 2",
                "9:",
                concat!(".word ", $constant),
                bytes = const $bytes,
                unroll = const $unroll,
            )
        }
    };
}

/// Writes the sums r1 to r4 with their offset to r0 and moves it on; from `plain_end` on they are
/// added to what is there, up to `out_end`. r5 and lr are lost.
macro_rules! write {
    () => {
        "ldr r5, [sp, #64]
        adds r1, r5
        adds r2, r5
        adds r3, r5
        adds r4, r5
        ldr r5, [sp, #68]
        cmp r0, r5
        blo 5f
        bl 7f
        b 6f
        5:
        stm r0!, {{r1-r4}}
        6:"
    };
}

/// [`eight_by_reversal`](super::lanes::eight_by_reversal) of r5, r6, r7: its sums are r1 to r4.
macro_rules! eight_by_reversal {
    () => {
        "lsls r1, r6, #16
        subs r7, r7, r1
        lsls r2, r5, #8
        subs r1, r1, r2
        adds r1, r1, r6
        lsls r1, r1, #8
        lsrs r3, r1, #8
        subs r4, r6, r3
        lsrs r4, r4, #8
        subs r5, r5, r4
        subs r5, r5, r1
        lsrs r5, r5, #16
        lsls r5, r5, #8
        subs r1, r7, r5
        lsls r2, r7, #16
        adds r1, r1, r2
        lsls r1, r1, #8
        lsrs r1, r1, #8
        subs r2, r7, r1
        lsrs r2, r2, #8"
    };
}
