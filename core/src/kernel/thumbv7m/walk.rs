//! A list is walked once for each block of outputs: what the kernels of all widths share.

use super::super::entry::Kind;
use super::super::lanes::{ENTRIES_2, ENTRIES_4, ENTRIES_8};
use super::super::{Active, Entry};
use super::{bits2, bits4, int8};
use crate::model::Layer;
use crate::{MAX_BLOCK, WeightBits};

/// Walks the entries from `entries` up to `end` for each of the blocks from `codes` on, `stride`
/// bytes apart, and writes sums of weights times values from `out` up to `out_end`. `offset` comes
/// off each of them. If `add` is not 0 they are added to what is there.
///
/// # Safety
///
/// - `entries` and `end` are the bounds of one slice of cells of the kind that the function is for.
/// - `out` and `out_end` are the bounds of one slice that can be written, of whole blocks, at least
///   one.
/// - `codes` is a multiple of 4 and begins as many blocks. From the start of each of them, the rows
///   at the offsets of all entries can be read; offsets are multiples of 4.
pub(super) type Walk = unsafe extern "C" fn(
    codes: *const u32,
    entries: *const i32,
    end: *const i32,
    out: *mut i32,
    stride: usize,
    out_end: *mut i32,
    offset: i32,
    add: u32,
);
/// A layer with fewer outputs than a block has.
#[cold]
#[inline(never)]
pub(super) fn part_of_block<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
    let mut whole = [0; MAX_BLOCK];
    walk(layer, 0, active, whole.get_mut(..layer.bits().block()).unwrap_or_default());
    for (out, &sum) in out.iter_mut().zip(&whole) {
        *out = sum;
    }
}

/// The sums of whole blocks from the block `first` on.
#[inline(never)]
pub(super) fn walk<E: Entry>(
    layer: &Layer<'_>,
    first: usize,
    active: &Active<'_, E>,
    out: &mut [i32],
) {
    let bits = layer.bits();
    let (walk, at_once): (Walk, usize) = match (bits, E::KIND) {
        (WeightBits::Eight, Kind::Packed) => (int8::packed, ENTRIES_8),
        (WeightBits::Eight, Kind::Wide) => (int8::wide, ENTRIES_8),
        (WeightBits::Four, Kind::Packed) => (bits4::packed, ENTRIES_4),
        (WeightBits::Four, Kind::Wide) => (bits4::wide, ENTRIES_4),
        (WeightBits::Two, Kind::Packed) => (bits2::packed, ENTRIES_2),
        (WeightBits::Two, Kind::Wide) => (bits2::wide, ENTRIES_2),
    };
    let blocks = out.len() / bits.block();
    let words = layer.inputs() * bits.row_bytes() / 4;
    let codes = layer.weights.get(first * words..(first + blocks) * words).unwrap_or_default();
    // The bounds that the walk needs. No entry's row ends behind `active.end()`.
    let fits = active.end() <= words * 4 && codes.len() == blocks * words;
    if blocks == 0 || out.len() != blocks * bits.block() || !fits {
        return;
    }
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let mut offset = bits.offset() * active.total().cast_signed();
    let mut add = 0;
    let mut rest = active.cells();
    loop {
        let (cells, later) = rest.split_at_checked(at_once).unwrap_or((rest, &[]));
        let (entries, out) = (cells.as_ptr_range(), out.as_mut_ptr_range());
        // SAFETY: both ranges are slices' own, of cells of kind `E` and of `blocks` blocks; `codes`
        // are words and hold as many blocks; a block holds the rows of all entries, whose offsets
        // are multiples of a row.
        unsafe {
            let (start, end) = (entries.start.cast(), entries.end.cast());
            walk(codes.as_ptr(), start, end, out.start, words * 4, out.end, offset, add);
        }
        if later.is_empty() {
            return;
        }
        (rest, offset, add) = (later, 0, 1);
    }
}

/// What a walk's accumulators begin as, to be loaded at once.
pub(super) static ZEROS: [u32; 8] = [0; 8];

/// A walk for both kinds of entries.
///
/// `row` multiplies the row at `r0 + r2` by the value `lr` and adds to r4–r11, which begin as 0; it
/// may change r2 and r3, and r12 keeps `mask`. `bytes` is the size of its code, `unroll` how often it
/// stands in the loop. `finish` makes sums of r4–r11 and writes them to r3, which
/// it has to move on; it may change all but r0 and r12. `aside` is code that it jumps to.
///
/// On the stack lie: where the loop is entered, `entries`, `end`, `out`, what the caller had in
/// r4–r11 and lr; behind them, from 52 on, `stride`, `out_end`, `offset`, `add`.
///
/// # Bounds
///
/// The loop is entered where exactly the entries beyond a multiple of `unroll` are left of it, so r1
/// reaches `end`, and nothing is read behind it. A block's sums are as many words as `out_end` is a
/// multiple of blocks away, so r3 reaches it.
macro_rules! walks {
    (unroll $unroll:literal, mask $mask:literal, bytes $bytes:literal,
        row [$($row:literal)+], finish [$($finish:expr),+ $(,)?],
        aside [$aside:expr]) => {
        walks!(@wide, 3, 4, $unroll, $mask, $bytes,
            ["ldrd r2, lr, [r1], #8" $($row)+], [$($finish),+], $aside);
        walks!(@packed, 2, 8, $unroll, $mask, $bytes,
            ["ldrh r2, [r1], #4" "ldrb lr, [r1, #-2]" $($row)+], [$($finish),+], $aside);
    };
    (@$name:ident, $cell_log:literal, $load:literal, $unroll:literal, $mask:literal,
        $bytes:literal, [$($entry:literal)+], [$($finish:expr),+], $aside:expr) => {
        /// See [`Walk`](crate::kernel::thumbv7m::walk::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(
            codes: *const u32,
            entries: *const i32,
            end: *const i32,
            out: *mut i32,
            stride: usize,
            out_end: *mut i32,
            offset: i32,
            add: u32,
        ) {
            core::arch::naked_asm!(
                "push {{r0-r11, lr}}",
                "subs r2, r2, r1",
                "lsrs r2, r2, #{cell_log}",
                "movs r3, #{unroll}",
                "udiv lr, r2, r3",
                "mls r2, lr, r3, r2",
                "movs r3, #{bytes}",
                "muls r2, r3, r2",
                "adr.w lr, 3f",
                "sub lr, lr, r2",
                // Bit 0 is Thumb's.
                "add lr, #1",
                "str lr, [sp]",
                "movw r12, #{mask_low}",
                "movt r12, #{mask_high}",
                "1:",
                "movw r3, #:lower16:{zeros}",
                "movt r3, #:upper16:{zeros}",
                "ldm r3, {{r4-r11}}",
                "ldr r1, [sp, #4]",
                "ldr pc, [sp]",
                "2:",
                ".rept {unroll}",
                $($entry,)+
                ".endr",
                "3:",
                "ldr r2, [sp, #8]",
                "cmp r1, r2",
                "bne 2b",
                $($finish,)+
                "str r3, [sp, #12]",
                "ldrd r1, r2, [sp, #52]",
                "add r0, r1",
                "cmp r3, r2",
                "bne 1b",
                "add sp, #16",
                "pop {{r4-r11, pc}}",
                $aside,
                mask_low = const $mask & 0xFFFF_u32,
                mask_high = const $mask >> 16_u32,
                bytes = const $bytes + $load,
                cell_log = const $cell_log,
                unroll = const $unroll,
                zeros = sym crate::kernel::thumbv7m::walk::ZEROS,
            )
        }
    };
}

/// Writes eight sums of codes as sums of weights: `$step` is the logarithm of a weight's step. With
/// `$branch` they may be added to those of other entries instead, by [`add_sums`].
macro_rules! write_sums {
    ($branch:literal, $step:literal, $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal
        $h:literal) => {
        concat!(
            "ldrd r1, r3, [sp, #60]\n",
            $branch,
            "ldr r3, [sp, #12]\n",
            each!("rsb \\sum, r1, \\sum, lsl #", $step, $a $b $c $d $e $f $g $h),
            "4:\n",
            "strd ", $a, ", ", $b, ", [r3], #8\n",
            "strd ", $c, ", ", $d, ", [r3], #8\n",
            "strd ", $e, ", ", $f, ", [r3], #8\n",
            "strd ", $g, ", ", $h, ", [r3], #8\n",
        )
    };
}

/// The way of [`write_sums`] around, where sums are added to those of other entries.
macro_rules! add_sums {
    ($step:literal, $($sum:literal)+) => {
        concat!(
            "5:\n",
            "ldr r3, [sp, #12]\n",
            each!("ldr r1, [r3], #4\n add \\sum, r1, \\sum, lsl #", $step, $($sum)+),
            "sub r3, #32\n",
            "b 4b\n",
        )
    };
}

macro_rules! each {
    ($line:literal, $step:literal, $first:literal $($sum:literal)+) => {
        concat!(".irp sum, ", $first, $(", ", $sum,)+ "\n", $line, $step, "\n", ".endr\n")
    };
}
