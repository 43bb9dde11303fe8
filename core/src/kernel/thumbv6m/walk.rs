//! A list is walked once for each block of outputs: what the kernels of all widths share.

/// Takes entry number k of those that r0 points to: offset to r1, value to r2. The wide ones are
/// left behind.
macro_rules! fetch {
    (wide) => {
        "ldm r0!, {{r1, r2}}"
    };
    (packed) => {
        "ldrh r1, [r0, #4 * \\k]\nldrb r2, [r0, #4 * \\k + 2]"
    };
}

/// At the end of a pass of the loop, r0 moves on where [`fetch`] has not done it.
macro_rules! advance {
    (wide) => {
        ""
    };
    (packed) => {
        "adds r0, #4 * {unroll}"
    };
}

/// From the bytes in r5, negative, the number of entries that the first pass leaves out, modulo the
/// unrolling. r1 is where the entries begin.
macro_rules! count {
    (wide) => {
        "lsrs r5, #3\nands r5, r4"
    };
    (packed) => {
        "lsrs r5, #2\nands r5, r4\nlsls r4, r5, #2\nsubs r1, r4\nstr r1, [sp, #4]"
    };
}

/// A walk for both kinds of entries: `row` multiplies the row r1 bytes behind the block's first,
/// which is at r8 and `codes`, by the value r2 and adds to the registers that `finish` makes sums
/// of: some of r5 to r12 and lr. Of these r6, r7 and r9 to r11 begin as 0 and the others are up to
/// `prepare`, which finds `constant` at 9. `unroll` is how many entries a pass of the loop takes,
/// `numbers` counts them, `bytes` are those of the code for a wide and for a packed one. `ended`
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
    (unroll $unroll:literal, numbers $numbers:literal, bytes $wide:literal $packed:literal,
        prepare $prepare:literal, row $row:literal, ended $ended:literal,
        finish [$($finish:expr),+ $(,)?], constant $constant:literal) => {
        walks!(@wide, $unroll, $numbers, $wide, $prepare, $row, $ended, [$($finish),+], $constant);
        walks!(@packed, $unroll, $numbers, $packed, $prepare, $row, $ended, [$($finish),+],
            $constant);
    };
    (@$kind:ident, $unroll:literal, $numbers:literal, $bytes:literal, $prepare:literal,
        $row:literal, $ended:literal, [$($finish:expr),+], $constant:literal) => {
        /// See [`Walk`](super::super::walk::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $kind(
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
                count!($kind),
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
                fetch!($kind),
                $row,
                ".endr",
                advance!($kind),
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
