//! Kernels for Armv7-M and up: Cortex-M3, M4, M7, M33 and the like.
//!
//! Each walks a list once for every block of outputs and keeps eight registers of lanes; see
//! [`lanes`](super::lanes) for what is in them. An entry of 8-bit codes takes 9 instructions for 8
//! products, one of 4-bit codes 9 for 8, one of 2-bit codes 18 for 16, and one more where entries
//! are packed.
#![allow(unsafe_code)]

use core::arch::naked_asm;
use core::cell::Cell;

use super::entry::Kind;
use super::lanes::{ENTRIES_2, ENTRIES_4, ENTRIES_8};
use super::{Active, Entry, Kernel, List, Written};
use crate::gather::each;
use crate::model::Layer;
use crate::{MAX_BLOCK, WeightBits};

/// The kernel of this target.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

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
type Walk = unsafe extern "C" fn(
    codes: *const u32,
    entries: *const i32,
    end: *const i32,
    out: *mut i32,
    stride: usize,
    out_end: *mut i32,
    offset: i32,
    add: u32,
);

impl Kernel for Native {
    #[inline(always)]
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        let block = layer.bits().block();
        let blocks = out.len() / block;
        let Some((whole, part)) = out.split_at_mut_checked(blocks * block) else { return };
        if !part.is_empty() {
            // The last block comes first, where the first block's sums will lie.
            let Some(last) = whole.get_mut(..block) else {
                return part_of_block(layer, active, part);
            };
            walk(layer, blocks, active, last);
            for (part, &sum) in part.iter_mut().zip(last.iter()) {
                *part = sum;
            }
        }
        walk(layer, 0, active, whole);
    }

    #[inline(always)]
    fn gather<E: Entry>(pixels: &[u8], list: &mut List<'_, E>) {
        let gather: Gather = match E::KIND {
            Kind::Packed => gather::packed,
            Kind::Wide => gather::wide,
        };
        let (room, offset, row) = list.room();
        let (eights, after) = pixels.as_chunks::<8>();
        // There is room for all inputs of the layer, so only for none is there nothing to do.
        if !eights.is_empty() && room.len() / 8 >= eights.len() {
            let (eights, places) = (eights.as_ptr_range(), room.as_ptr());
            // SAFETY: the bounds are a slice's own, which is not empty; there is room for an entry
            // for each of its bytes, and cells may be written through a shared reference.
            let written =
                unsafe { gather(eights.start, eights.end, places.cast_mut().cast(), row, offset) };
            note::<E>(list, pixels.len() - after.len(), room, written);
        }
        each(after, list);
    }

    #[inline(always)]
    fn activate<E: Entry>(layer: &Layer<'_>, sums: &[Cell<i32>], mut list: List<'_, E>) -> Written {
        let activate: Activate = match E::KIND {
            Kind::Packed => activate::packed,
            Kind::Wide => activate::wide,
        };
        let (room, _, row) = list.room();
        let (bias, multipliers) = (layer.bias, layer.multipliers);
        let step = if multipliers.len() == 1 { 0 } else { size_of::<u32>() };
        let sums = sums.get(..bias.len()).unwrap_or_default();
        // A model has as many biases as outputs and one multiplier or as many: the writer's room is
        // enough for all of them.
        if sums.is_empty() || room.len() < sums.len() || step != 0 && multipliers.len() < sums.len()
        {
            return list.finish();
        }
        let (ends, places) = (sums.as_ptr_range(), room.as_ptr().cast_mut().cast());
        let (bias, multipliers) = (bias.as_ptr(), multipliers.as_ptr());
        // SAFETY: the bounds are a slice's own, which is not empty; there are as many biases, and
        // as many multipliers or one that is read again; there is room for an entry for each, and
        // cells may be written through a shared reference.
        let written = unsafe {
            activate(ends.start.cast(), ends.end.cast(), places, row, bias, multipliers, step)
        };
        note::<E>(&mut list, sums.len(), room, written);
        list.finish()
    }
}

/// Tells the list of so many inputs that assembly has given entries in `room`, and what it returned.
#[inline(always)]
fn note<E: Entry>(list: &mut List<'_, E>, inputs: usize, room: &[E::Place], written: u64) {
    let (end, total) = (written as u32 as usize, (written >> 32) as u32);
    list.wrote(inputs, (end - room.as_ptr().addr()) / size_of::<E::Place>(), total);
}

/// Turns the sums from `sums` up to `end` into activations, with a bias and a multiplier each, and
/// writes an entry for each that is not 0 to `list` and on. The first one's offset is 0, every next
/// one's `row` more. Returns the address after the last entry and, in the upper half, the sum of all
/// activations.
///
/// # Safety
///
/// `sums` and `end` are the bounds of one slice that is not empty. From `bias` as many words can be
/// read, and from `multipliers` as many, `step` bytes apart. At `list` there is room for as many
/// entries of the kind that the function is for; it may be the memory of the sums if an entry takes
/// no place of a sum that is behind its own.
type Activate = unsafe extern "C" fn(
    sums: *const i32,
    end: *const i32,
    list: *mut i32,
    row: u32,
    bias: *const i32,
    multipliers: *const u32,
    step: usize,
) -> u64;

/// What [`requantize`](crate::requant::requantize) does, in place: 8 instructions for an activation
/// of 0, up to 15 for others.
///
/// # Bounds
///
/// Each round reads one sum, so r0 reaches `end`; at most one entry is written for it.
macro_rules! activates {
    ($name:ident, [$($push:literal)+]) => {
        /// See [`Activate`](super::Activate).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(
            sums: *const i32,
            end: *const i32,
            list: *mut i32,
            row: u32,
            bias: *const i32,
            multipliers: *const u32,
            step: usize,
        ) -> u64 {
            super::naked_asm!(
                "push {{r4-r9}}",
                "ldrd r4, r5, [sp, #24]",
                "ldr r9, [sp, #32]",
                "movs r7, #0",
                "mov r8, #0",
                "2:",
                "ldr r6, [r0], #4",
                "ldr r12, [r4], #4",
                "adds r6, r12",
                "ble 3f",
                "ldr r12, [r5]",
                "umull r12, r6, r6, r12",
                "usat r6, #8, r6",
                "cbz r6, 3f",
                $($push,)+
                "add r8, r6",
                "3:",
                "add r5, r9",
                "add r7, r3",
                "cmp r0, r1",
                "bne 2b",
                "mov r0, r2",
                "mov r1, r8",
                "pop {{r4-r9}}",
                "bx lr",
            )
        }
    };
}

mod activate {
    activates!(packed, ["orr r12, r7, r6, lsl #16" "str r12, [r2], #4"]);
    activates!(wide, ["strd r7, r6, [r2], #8"]);
}

/// Writes an entry for each byte that is not 0, from `pixels` up to `end`, to `list` and on. The
/// first byte's offset is `offset`, every next one's `row` more. Returns the address after the last
/// entry and, in the upper half, the sum of all values.
///
/// # Safety
///
/// `pixels` and `end` are the bounds of one slice that is not empty. At `list` there is room for as
/// many entries, of the kind that the function is for, as it has bytes.
type Gather = unsafe extern "C" fn(
    pixels: *const [u8; 8],
    end: *const [u8; 8],
    list: *mut i32,
    row: u32,
    offset: u32,
) -> u64;

/// Eights without ink take 7 instructions, bytes without ink among others 3.
///
/// # Bounds
///
/// Each round reads 8 bytes, so r0 reaches `end`, a multiple of 8 away; a byte is written once at the
/// most.
macro_rules! gathers {
    ($name:ident, [$($push:literal)+]) => {
        /// See [`Gather`](super::Gather).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(
            pixels: *const [u8; 8],
            end: *const [u8; 8],
            list: *mut i32,
            row: u32,
            offset: u32,
        ) -> u64 {
            super::naked_asm!(
                "push {{r4-r9, lr}}",
                "mov r9, r3",
                "ldr r4, [sp, #28]",
                "mov r8, #0",
                "2:",
                // Not `ldrd`: pixels may begin anywhere.
                "ldr r5, [r0], #4",
                "ldr r6, [r0], #4",
                "orrs r7, r5, r6",
                "bne 4f",
                "3:",
                "add r4, r4, r9, lsl #3",
                "cmp r0, r1",
                "bne 2b",
                "mov r0, r2",
                "mov r1, r8",
                "pop {{r4-r9, pc}}",
                "4:",
                // r7 counts: r4 must not move before both words are done.
                "mov r7, r4",
                ".irp word, r5, r6",
                "cbz \\word, 6f",
                ".irp shift, 0, 8, 16, 24",
                "ubfx r3, \\word, #\\shift, #8",
                "cbz r3, 5f",
                $($push,)+
                "add r8, r3",
                "5:",
                "add r7, r9",
                ".endr",
                "b 7f",
                "6:",
                "add r7, r7, r9, lsl #2",
                "7:",
                ".endr",
                "b 3b",
            )
        }
    };
}

mod gather {
    gathers!(packed, ["orr r12, r7, r3, lsl #16" "str r12, [r2], #4"]);
    gathers!(wide, ["strd r7, r3, [r2], #8"]);
}

/// A layer with fewer outputs than a block has.
#[cold]
#[inline(never)]
fn part_of_block<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
    let mut whole = [0; MAX_BLOCK];
    walk(layer, 0, active, whole.get_mut(..layer.bits().block()).unwrap_or_default());
    for (out, &sum) in out.iter_mut().zip(&whole) {
        *out = sum;
    }
}

/// The sums of whole blocks from the block `first` on.
#[inline(never)]
fn walk<E: Entry>(layer: &Layer<'_>, first: usize, active: &Active<'_, E>, out: &mut [i32]) {
    let bits = layer.bits();
    let (walk, at_once): (Walk, usize) = match (bits, E::KIND) {
        (WeightBits::Eight, Kind::Packed) => (eight::packed, ENTRIES_8),
        (WeightBits::Eight, Kind::Wide) => (eight::wide, ENTRIES_8),
        (WeightBits::Four, Kind::Packed) => (four::packed, ENTRIES_4),
        (WeightBits::Four, Kind::Wide) => (four::wide, ENTRIES_4),
        (WeightBits::Two, Kind::Packed) => (two::packed, ENTRIES_2),
        (WeightBits::Two, Kind::Wide) => (two::wide, ENTRIES_2),
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
static ZEROS: [u32; 8] = [0; 8];

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
        /// See [`Walk`](super::Walk).
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
            super::naked_asm!(
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
                zeros = sym super::ZEROS,
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

/// 8-bit codes in 64-bit accumulators, P and Q of each word: see [`eight_in_64`].
///
/// [`eight_in_64`]: super::super::lanes::eight_in_64
#[cfg(not(feature = "lanes32"))]
mod eight {
    walks!(
        unroll 10, mask 0xFF00_00FF_u32, bytes 30,
        row [
            "add r2, r0"
            // The base is not the first register to be loaded: Cortex-M3 erratum 602117.
            "ldrd r3, r2, [r2]"
            "umlal r4, r5, r3, lr"
            "and r3, r12, r3, ror #16"
            "umlal r6, r7, r3, lr"
            "umlal r8, r9, r2, lr"
            "and r2, r12, r2, ror #16"
            "umlal r10, r11, r2, lr"
        ],
        finish [
            "lsrs r2, r6, #24",
            "orr r2, r2, r7, lsl #8",
            "bic r6, r6, #0xFF000000",
            "subs r4, r4, r2, lsl #8",
            "sbc r5, r5, #0",
            "subs r4, r4, r6, lsl #16",
            "sbc r5, r5, r6, lsr #16",
            "lsrs r7, r4, #24",
            "orr r7, r7, r5, lsl #8",
            "bic r4, r4, #0xFF000000",
            "lsr lr, r10, #24",
            "orr lr, lr, r11, lsl #8",
            "bic r10, r10, #0xFF000000",
            "subs r8, r8, lr, lsl #8",
            "sbc r9, r9, #0",
            "subs r8, r8, r10, lsl #16",
            "sbc r9, r9, r10, lsr #16",
            "lsr r11, r8, #24",
            "orr r11, r11, r9, lsl #8",
            "bic r8, r8, #0xFF000000",
            write_sums!("cbnz r3, 5f\n", "0", "r4" "r2" "r6" "r7" "r8" "lr" "r10" "r11"),
        ],
        aside [add_sums!("0", "r4" "r2" "r6" "r7" "r8" "lr" "r10" "r11")]
    );
}

/// 8-bit codes in 32-bit accumulators, R, H and B of each word: see [`eight_in_32`].
///
/// [`eight_in_32`]: super::super::lanes::eight_in_32
#[cfg(feature = "lanes32")]
mod eight {
    walks!(
        unroll 8, mask 0x00FF_00FF_u32, bytes 46,
        row [
            "add r2, r0"
            "ldrd r3, r2, [r2]"
            "mla r4, r3, lr, r4"
            "lsr r10, r3, #16"
            "mla r5, r10, lr, r5"
            "and r3, r12, r3, lsr #8"
            "mla r6, r3, lr, r6"
            "mla r7, r2, lr, r7"
            "lsr r10, r2, #16"
            "mla r8, r10, lr, r8"
            "and r2, r12, r2, lsr #8"
            "mla r9, r2, lr, r9"
        ],
        finish [
            "sub r4, r4, r5, lsl #16",
            "lsl r10, r4, #8",
            "sub r10, r10, r6, lsl #16",
            "lsr r10, r10, #8",
            "subs r4, r4, r10",
            "lsrs r4, r4, #8",
            "subs r6, r6, r4",
            "rsb r6, r6, r5, lsl #8",
            "lsrs r6, r6, #8",
            "subs r5, r5, r6",
            "lsrs r5, r5, #8",
            "sub r7, r7, r8, lsl #16",
            "lsl r11, r7, #8",
            "sub r11, r11, r9, lsl #16",
            "lsr r11, r11, #8",
            "sub r7, r7, r11",
            "lsrs r7, r7, #8",
            "sub r9, r9, r7",
            "rsb r9, r9, r8, lsl #8",
            "lsr r9, r9, #8",
            "sub r8, r8, r9",
            "lsr r8, r8, #8",
            write_sums!("cbnz r3, 5f\n", "0", "r10" "r4" "r6" "r5" "r11" "r7" "r9" "r8"),
        ],
        aside [add_sums!("0", "r10" "r4" "r6" "r5" "r11" "r7" "r9" "r8")]
    );
}

/// 4-bit codes in 64-bit accumulators, the row as it is and three pairs of its codes: see
/// [`four_in_64`].
///
/// They never add to other sums: no list is longer than [`ENTRIES_4`](super::ENTRIES_4).
///
/// [`four_in_64`]: super::super::lanes::four_in_64
mod four {
    walks!(
        unroll 2, mask 0x0F00_000F_u32, bytes 30,
        row [
            "ldr r3, [r0, r2]"
            "umlal r4, r5, r3, lr"
            "and r2, r12, r3, ror #4"
            "umlal r6, r7, r2, lr"
            "and r2, r12, r3, ror #16"
            "umlal r8, r9, r2, lr"
            "and r2, r12, r3, ror #20"
            "umlal r10, r11, r2, lr"
        ],
        finish [
            "lsrs r2, r6, #24",
            "orr r7, r2, r7, lsl #8",
            "bic r6, r6, #0xFF000000",
            "lsr r2, r8, #24",
            "orr r9, r2, r9, lsl #8",
            "bic r8, r8, #0xFF000000",
            "lsr r2, r10, #24",
            "orr r11, r2, r11, lsl #8",
            "bic r10, r10, #0xFF000000",
            "subs r4, r4, r6, lsl #4",
            "sbc r5, r5, #0",
            "subs r4, r4, r9, lsl #8",
            "sbc r5, r5, #0",
            "subs r4, r4, r11, lsl #12",
            "sbc r5, r5, r11, lsr #20",
            "subs r4, r4, r8, lsl #16",
            "sbc r5, r5, r8, lsr #16",
            "subs r4, r4, r10, lsl #20",
            "sbc r5, r5, r10, lsr #12",
            "subs r4, r4, r7, lsl #28",
            "sbc r5, r5, r7, lsr #4",
            "lsrs r2, r4, #24",
            "orr r5, r2, r5, lsl #8",
            "bic r4, r4, #0xFF000000",
            write_sums!("", "1", "r4" "r9" "r8" "r5" "r6" "r11" "r10" "r7"),
        ],
        aside [""]
    );
}

/// 2-bit codes in 32-bit accumulators of two lanes.
mod two {
    walks!(
        unroll 1, mask 0x0003_0003_u32, bytes 66,
        row [
            "ldr r3, [r0, r2]"
            "and r2, r12, r3"
            "mla r4, r2, lr, r4"
            "and r2, r12, r3, lsr #2"
            "mla r5, r2, lr, r5"
            "and r2, r12, r3, lsr #4"
            "mla r6, r2, lr, r6"
            "and r2, r12, r3, lsr #6"
            "mla r7, r2, lr, r7"
            "and r2, r12, r3, lsr #8"
            "mla r8, r2, lr, r8"
            "and r2, r12, r3, lsr #10"
            "mla r9, r2, lr, r9"
            "and r2, r12, r3, lsr #12"
            "mla r10, r2, lr, r10"
            "and r2, r12, r3, lsr #14"
            "mla r11, r2, lr, r11"
        ],
        finish [
            "ldr r3, [sp, #12]",
            "ldr r2, [sp, #64]",
            "cbnz r2, 4f",
            // What is added to: the offset, taken off.
            "ldr r1, [sp, #60]",
            "rsbs r1, r1, #0",
            "mov r2, r1",
            ".irp at, 0, 8, 16, 24, 32, 40, 48, 56",
            "strd r1, r2, [r3, #\\at]",
            ".endr",
            "4:",
            ".irp lanes, r4, r5, r6, r7, r8, r9, r10, r11",
            "ldrd r1, r2, [r3]",
            "uxth lr, \\lanes",
            "add r1, r1, lr, lsl #1",
            "lsr lr, \\lanes, #16",
            "add r2, r2, lr, lsl #1",
            "strd r1, r2, [r3], #8",
            ".endr",
        ],
        aside [""]
    );
}
