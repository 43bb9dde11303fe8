//! A list is walked once for each group of outputs: what the walks of all widths share.

/// The assembler has to be told what the target has.
#[cfg(target_feature = "c")]
macro_rules! extensions {
    () => {
        ".option arch, +m, +c"
    };
}
#[cfg(not(target_feature = "c"))]
macro_rules! extensions {
    () => {
        ".option arch, +m"
    };
}

/// Takes entry number k of those that a1 points to: the address of its row to a5, its value to a6.
macro_rules! fetch {
    ($k:literal) => {
        concat!("lhu a5, 4 * ", $k, "(a1)\nlbu a6, 4 * ", $k, " + 2(a1)\nadd a5, a5, a0")
    };
}

/// Defines `walk`, a [`Walk`](super::fours::Walk) in groups of outputs: 16, which are one block or two. `row`
/// multiplies the row at a5, and that a4 bytes behind it, by the value a6 and adds to the `lanes`,
/// which begin as 0. It may change a5, a7 and s6 to s9; `constants` keep their values. `finish`
/// makes sums of the lanes and writes them, by `write`; it may change all but a0, a2, s10, s11 and
/// the constants. `step` is the group's size, as the logarithm of its blocks.
///
/// s10 is `stride`, s11 `out_end`. On the stack lie what the caller had in s0 to s11 and, from 48
/// on, where the entries begin, `offset`, `plain_end`, and where the loop is entered.
///
/// # Bounds
///
/// A pass of the loop takes four entries. It is entered so many before its end as are beyond a
/// multiple of four, so a1 reaches `end` after the last one, and no entry before the first or
/// behind the last is read. Where there is no second block, the first one is read again. No sum is
/// written at `out_end` or behind it; when it is reached, there are no blocks left.
macro_rules! walks {
    (step $step:literal, constants [$($constant:literal: $value:literal)*],
        lanes [$($lane:literal)*], row [$($row:expr),+ $(,)?],
        finish [$($finish:expr),+ $(,)?]) => {
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
                ".option push",
                extensions!(),
                macros!(),
                "addi sp, sp, -64",
                saved!("sw"),
                "mv s10, a4",
                "mv s11, a5",
                "sub t1, a2, a1",
                "andi t1, t1, 3 * 4",
                "lla t2, 1f",
                "beqz t1, 5f",
                "add a1, a1, t1",
                "addi a1, a1, -4 * 4",
                "addi t1, t1, -2 * 4",
                "lla t2, 4f",
                "bltz t1, 5f",
                "lla t2, 3f",
                "beqz t1, 5f",
                "lla t2, 2f",
                "5:",
                "sw a1, 48(sp)",
                "sw a6, 52(sp)",
                "sw a7, 56(sp)",
                "sw t2, 60(sp)",
                $(concat!("li ", $constant, ", ", $value),)*
                "8:",
                // The stride, or 0 if no more than 8 outputs are left.
                "sub a4, s11, a3",
                "sltiu a4, a4, 33",
                "addi a4, a4, -1",
                "and a4, a4, s10",
                "lw a1, 48(sp)",
                "lw a5, 60(sp)",
                $(concat!("li ", $lane, ", 0"),)*
                "jr a5",
                "1:",
                fetch!(0),
                $($row,)+
                "2:",
                fetch!(1),
                $($row,)+
                "3:",
                fetch!(2),
                $($row,)+
                "4:",
                fetch!(3),
                $($row,)+
                "addi a1, a1, 4 * 4",
                "bne a1, a2, 1b",
                "lw a6, 52(sp)",
                "lw a7, 56(sp)",
                $($finish,)+
                "sll a5, s10, {step}",
                "add a0, a0, a5",
                "bne a3, s11, 8b",
                "j 9f",
                // Writes s6 to s9 with their offset to a3 and moves it on.
                "7:",
                "add s6, s6, a6",
                "add s7, s7, a6",
                "add s8, s8, a6",
                "add s9, s9, a6",
                "bgeu a3, a7, 5f",
                "sw s6, (a3)",
                "sw s7, 4(a3)",
                "sw s8, 8(a3)",
                "sw s9, 12(a3)",
                "addi a3, a3, 16",
                "jr a1",
                // From `plain_end` on they are added to what is there, one by one.
                "5:",
                ".irp sum, s6, s7, s8, s9",
                "beq a3, s11, 9f",
                "lw a5, (a3)",
                "add \\sum, \\sum, a5",
                "sw \\sum, (a3)",
                "addi a3, a3, 4",
                ".endr",
                "jr a1",
                "9:",
                saved!("lw"),
                "addi sp, sp, 64",
                "ret",
                ".purgem masked",
                ".purgem shifted",
                ".purgem upper",
                ".purgem whole",
                ".purgem eight_in_32",
                ".purgem write",
                ".option pop",
                step = const $step,
            )
        }
    };
}

/// Saves the caller's registers, or gives them back.
macro_rules! saved {
    ($move:literal) => {
        concat!(
            ".irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n",
            $move,
            " s\\register, 4 * \\register(sp)\n",
            ".endr"
        )
    };
}

/// What kernels put together.
///
/// - `masked`: lane += (word & mask) · a7 / 2³²; a7 is the value times 2³²⁻ⁿ, n the mask's lowest
///   bit.
/// - `shifted`: lane += (word >> bits & mask) · value.
/// - `upper`: lane += (word >> 16) · value.
/// - `whole`: lane += word · value, and the word is lost.
/// - `eight_in_32`: [`eight_in_32`](super::super::lanes::eight_in_32) of three registers, which are
///   lost: its sums are s6 to s9.
/// - `write`: writes the sums s6 to s9. They are lost, and so are a1 and a5.
macro_rules! macros {
    () => {
        ".macro masked lane, word, mask
        and a5, \\word, \\mask
        mulhu a5, a5, a7
        add \\lane, \\lane, a5
        .endm
        .macro shifted lane, word, bits, mask
        srli a7, \\word, \\bits
        and a7, a7, \\mask
        mul a7, a7, a6
        add \\lane, \\lane, a7
        .endm
        .macro upper lane, word
        srli a5, \\word, 16
        mul a5, a5, a6
        add \\lane, \\lane, a5
        .endm
        .macro whole lane, word
        mul \\word, \\word, a6
        add \\lane, \\lane, \\word
        .endm
        .macro eight_in_32 r, h, b
        slli a5, \\h, 16
        sub \\r, \\r, a5
        slli s6, \\r, 8
        slli a5, \\b, 16
        sub s6, s6, a5
        srli s6, s6, 8
        sub s7, \\r, s6
        srli s7, s7, 8
        sub \\b, \\b, s7
        slli s8, \\h, 8
        sub s8, s8, \\b
        srli s8, s8, 8
        sub s9, \\h, s8
        srli s9, s9, 8
        .endm
        .macro write
        jal a1, 7f
        .endm"
    };
}
