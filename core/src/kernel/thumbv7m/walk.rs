//! A list is walked once for each block of outputs: what the walks of all widths share.

use core::arch::naked_asm;

/// Walks the entries from `entries` up to `end`, whose values add up to `total`, once for each
/// block of outputs, and writes the sums of weights times values from `out` on. The first block's
/// weights begin at `codes`, and `stride` bytes of them make eight outputs. `last` is the address
/// of the eighth sum from the end of the output. If `add` is not 0, sums are added to what is
/// there.
///
/// # Safety
///
/// As [`Assembly::walk`](super::super::walk::Assembly::walk). From `out` to 32 bytes behind `last`
/// lies one slice of words that is not empty.
pub(super) type Walk = unsafe extern "C" fn(
    codes: *const u32,
    entries: *const i32,
    end: *const i32,
    total: u32,
    stride: usize,
    last: usize,
    add: u32,
    out: *mut i32,
);

/// Defines `walk`, a [`Walk`].
///
/// It enters its loop with the bounds of the list and the codes of the first block. `row` multiplies
/// the row at `r0 + r2` by the value `lr` and adds to r4–r11; it may change r2 and r3, and r12 keeps
/// `mask`. `bytes` is the size of its code, `unroll` how often it stands in the loop. `begin` sets
/// r4–r11, from the sum of all values in r3, to what they are at the start of every block; it may
/// change r2. `finish` makes the sums of a block's outputs of them, in order, and may change r1–r3
/// and lr. It goes on at [`write`].
///
/// The stack, from `sp` on: 0 r4–r11 at the start of a block, 32 where the loop is entered, 36
/// `entries`, 40 `end`, 44 `total`, 48 what the caller had in r4–r11 and lr, 84 `stride`, 88 `last`,
/// 92 `add`, 96 `out`: where the next sums go.
///
/// # Bounds
///
/// The loop is entered where exactly the entries beyond a multiple of `unroll` are left of it, so r1
/// reaches `end`, and nothing is read behind it.
macro_rules! walks {
    (unroll $unroll:literal, mask $mask:literal, bytes $bytes:literal,
        begin [$($begin:literal)+], row [$($row:literal)+], finish [$($finish:expr),+ $(,)?]) => {
        /// See [`Walk`](super::walk::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn walk(
            codes: *const u32,
            entries: *const i32,
            end: *const i32,
            total: u32,
            stride: usize,
            last: usize,
            add: u32,
            out: *mut i32,
        ) {
            core::arch::naked_asm!(
                "push {{r1-r11, lr}}",
                "subs r2, r2, r1",
                "lsrs r2, r2, #2",
                "movs r4, #{unroll}",
                "udiv r5, r2, r4",
                "mls r2, r5, r4, r2",
                "movs r4, #{bytes}",
                "muls r2, r4, r2",
                // Bit 0 is Thumb's.
                "adr.w r4, 3f + 1",
                "subs r4, r4, r2",
                "push {{r4}}",
                $($begin,)+
                "push {{r4-r11}}",
                "movw r12, #{mask_low}",
                "movt r12, #{mask_high}",
                "ldr pc, [sp, #32]",
                "2:",
                ".rept {unroll}",
                "ldrh r2, [r1], #4",
                "ldrb lr, [r1, #-2]",
                $($row,)+
                ".endr",
                "3:",
                "ldr r2, [sp, #40]",
                "cmp r1, r2",
                "bne 2b",
                $($finish,)+
                "b {write}",
                mask_low = const $mask & 0xFFFF_u32,
                mask_high = const $mask >> 16_u32,
                // With the two loads, of 4 bytes each.
                bytes = const $bytes + 8,
                unroll = const $unroll,
                write = sym super::walk::write,
            )
        }
    };
}

/// Writes the eight sums in r4–r11, adds `stride` to r0 and enters the loop of [`walks`] again. With
/// the last outputs, of which there may be fewer, it returns to the caller of the walk.
///
/// # Safety
///
/// Walks jump here, with their stack; it is no function.
///
/// # Bounds
///
/// Whole eights are written as long as `out` is below `last`. Then `last` − `out` + 32 bytes are left,
/// 4 to 32, and as many instructions are run of those that write 4 each. It is the same with those
/// that add, where no more than 32 bytes are left.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn write() {
    naked_asm!(
        "ldrd r1, r2, [sp, #84]",
        "add r0, r1",
        "ldrd r1, r3, [sp, #92]",
        "subs r2, r2, r3",
        "cbnz r1, 3f",
        "2:",
        "bls 4f",
        "stm r3!, {{r4-r11}}",
        "str r3, [sp, #96]",
        "ldm sp, {{r4-r11}}",
        "ldr r1, [sp, #36]",
        "ldr pc, [sp, #32]",
        // None of these changes the flags.
        "3:",
        "rsb r1, r2, #0",
        "it hi",
        "movhi r1, #0",
        "add r1, r1",
        "add pc, r1",
        "nop",
        "ldr.w r1, [r3, #28]",
        "add.w r11, r11, r1",
        "ldr.w r1, [r3, #24]",
        "add.w r10, r10, r1",
        "ldr.w r1, [r3, #20]",
        "add.w r9, r9, r1",
        "ldr.w r1, [r3, #16]",
        "add.w r8, r8, r1",
        "ldr.w r1, [r3, #12]",
        "add.w r7, r7, r1",
        "ldr.w r1, [r3, #8]",
        "add.w r6, r6, r1",
        "ldr.w r1, [r3, #4]",
        "add.w r5, r5, r1",
        "ldr.w r1, [r3, #0]",
        "add.w r4, r4, r1",
        "b 2b",
        "4:",
        "rsbs r2, r2, #0",
        "add pc, r2",
        "nop",
        "str.w r11, [r3, #28]",
        "str.w r10, [r3, #24]",
        "str.w r9, [r3, #20]",
        "str.w r8, [r3, #16]",
        "str.w r7, [r3, #12]",
        "str.w r6, [r3, #8]",
        "str.w r5, [r3, #4]",
        "str.w r4, [r3]",
        "add sp, #48",
        "pop {{r4-r11, pc}}",
    )
}
