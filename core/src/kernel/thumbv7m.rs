//! Kernels for Armv7-M and up: Cortex-M3, M4, M7, M33 and the like.
//!
//! Each walks a list once for a block of outputs and keeps eight registers of lanes; see
//! [`lanes`](super::lanes) for what is in them. An entry of 8-bit codes takes 9 instructions for 8
//! products, one of 4-bit codes 9 for 8, one of 2-bit codes 18 for 16, and one more where entries
//! are packed.
#![allow(unsafe_code)]

use core::arch::naked_asm;

use super::entry::Kind;
use super::lanes::{self, ENTRIES_2, ENTRIES_4, ENTRIES_8};
use super::{Active, Entry, Kernel, MAX_GROUP, Sums};
use crate::WeightBits;

/// The kernel of this target.
#[derive(Clone, Copy, Debug)]
pub enum Native {}

/// Walks the entries from `entries` up to `end` and writes the lanes of a block to `lanes`. `codes`
/// is the block's first row.
///
/// # Safety
///
/// `entries` and `end` are the bounds of one slice of cells of the kind that the function is for.
/// From `codes`, which is a multiple of 4, the rows at the offsets of all entries can be read; offsets
/// are multiples of 4. At `lanes` eight words can be written.
type Walk = unsafe extern "C" fn(codes: *const u32, entries: Cell, end: Cell, lanes: *mut u32);

/// Of either kind.
type Cell = *const i32;

/// Words of [`Sums::lanes`].
pub(super) const LANES: usize = 8;

impl Kernel for Native {
    #[inline(always)]
    fn blocks(_: WeightBits) -> usize {
        1
    }

    #[inline(always)]
    fn sums<E: Entry>(bits: WeightBits, codes: &[u32], active: &Active<'_, E>, out: &mut Sums) {
        // No entry's row ends behind this: the bound that `walk` needs.
        if active.end() > size_of_val(codes) {
            return;
        }
        let at_once = match bits {
            WeightBits::Eight => ENTRIES_8,
            WeightBits::Four => ENTRIES_4,
            WeightBits::Two => ENTRIES_2,
        };
        let cells = active.cells();
        let (first, rest) = cells.split_at_checked(at_once).unwrap_or((cells, &[]));
        walk::<E>(bits, codes, first, &mut out.lanes);
        take_apart(bits, out, |sum, part| *sum = part);
        if !rest.is_empty() {
            add_rest::<E>(bits, codes, rest, at_once, out);
        }
    }
}

/// The entries that would overflow the lanes if they were walked with those before.
#[cold]
#[inline(never)]
fn add_rest<E: Entry>(
    bits: WeightBits,
    codes: &[u32],
    rest: &[E::Cell],
    at_once: usize,
    out: &mut Sums,
) {
    for cells in rest.chunks(at_once.max(1)) {
        walk::<E>(bits, codes, cells, &mut out.lanes);
        take_apart(bits, out, |sum, part| *sum += part);
    }
}

/// The caller has made sure that `codes` has all rows of the entries.
#[inline(always)]
fn walk<E: Entry>(bits: WeightBits, codes: &[u32], cells: &[E::Cell], lanes: &mut [u32; 8]) {
    let walk: Walk = match (bits, E::KIND) {
        (WeightBits::Eight, Kind::Packed) => eight::packed,
        (WeightBits::Eight, Kind::Wide) => eight::wide,
        (WeightBits::Four, Kind::Packed) => four::packed,
        (WeightBits::Four, Kind::Wide) => four::wide,
        (WeightBits::Two, Kind::Packed) => two::packed,
        (WeightBits::Two, Kind::Wide) => two::wide,
    };
    let entries = cells.as_ptr_range();
    // SAFETY: the bounds are those of a slice of cells of kind `E`; `codes` are words and hold the
    // rows of all entries, whose offsets are multiples of the row; `lanes` are eight words.
    unsafe { walk(codes.as_ptr(), entries.start.cast(), entries.end.cast(), lanes.as_mut_ptr()) }
}

/// Hands over each sum and what the lanes have for it.
#[inline(always)]
fn take_apart(bits: WeightBits, out: &mut Sums, put: impl Fn(&mut u32, u32)) {
    let Sums { sums, lanes } = out;
    let mut put_all = |parts: &[u32]| {
        sums.iter_mut().zip(parts).for_each(|(sum, &part)| put(sum, part));
    };
    match bits {
        WeightBits::Eight => put_all(eight::sums(lanes).as_flattened()),
        WeightBits::Four => {
            let [p, q @ ..] = doubles(lanes);
            put_all(&lanes::four_in_64(p, q));
        }
        WeightBits::Two => {
            let parts: [[u32; 2]; MAX_GROUP / 2] = lanes.map(lanes::two_in_32);
            put_all(parts.as_flattened());
        }
    }
}

/// Pairs of registers, the low one first.
#[inline(always)]
fn doubles(lanes: &[u32; 8]) -> [u64; 4] {
    let &[a, b, c, d, e, f, g, h] = lanes;
    [(a, b), (c, d), (e, f), (g, h)].map(|(low, high)| u64::from(high) << 32 | u64::from(low))
}

/// A walk for both kinds of entries. `$row` multiplies the row at `r0 + r2` by the value `lr` and
/// adds to r4–r11, which begin as 0; it may change r2 and r3, and r12 keeps `$mask`. `$bytes` is the
/// size of its code, `$unroll`, a power of two, how often it stands in the loop.
///
/// # Bounds
///
/// The loop is entered where exactly the entries beyond a multiple of `$unroll` are left of it, so
/// r1 reaches `end`, and nothing is read behind it.
macro_rules! walks {
    ($unroll:literal, $mask:expr, $bytes:literal, $start:literal, $($row:literal),+) => {
        walks!(wide, 8, 3, 4, $unroll, $mask, $bytes, $start,
            "ldrd r2, lr, [r1], #8", $($row),+);
        walks!(packed, 4, 2, 8, $unroll, $mask, $bytes, $start,
            "ldrh r2, [r1], #4", "ldrb lr, [r1, #-2]", $($row),+);
    };
    ($name:ident, $cell:literal, $cell_log:literal, $load:literal, $unroll:literal, $mask:expr,
        $bytes:literal, $start:literal, $($entry:literal),+) => {
        /// See [`Walk`](super::Walk).
        ///
        /// # Safety
        ///
        /// As there.
        #[unsafe(naked)]
        pub(super) unsafe extern "C" fn $name(
            codes: *const u32,
            entries: super::Cell,
            end: super::Cell,
            lanes: *mut u32,
        ) {
            super::naked_asm!(
                "push {{r2-r11, lr}}",
                "movs r4, #0",
                "mov r5, r4",
                "mov r6, r4",
                "mov r7, r4",
                "mov r8, r4",
                "mov r9, r4",
                "mov r10, r4",
                "mov r11, r4",
                $start,
                "movw r12, #{mask_low}",
                "movt r12, #{mask_high}",
                "subs r2, r2, r1",
                "and r2, r2, #{partial}",
                "movs r3, #{bytes}",
                "muls r2, r3, r2",
                "adr.w lr, 3f",
                "sub lr, lr, r2, lsr #{cell_log}",
                "mov pc, lr",
                "2:",
                ".rept {unroll}",
                $($entry,)+
                ".endr",
                "3:",
                "ldr r2, [sp]",
                "cmp r1, r2",
                "bne 2b",
                "ldr r3, [sp, #4]",
                "stm r3, {{r4-r11}}",
                "add sp, #8",
                "pop {{r4-r11, pc}}",
                mask_low = const $mask & 0xFFFF,
                mask_high = const $mask >> 16,
                partial = const ($unroll - 1) * $cell,
                bytes = const $bytes + $load,
                cell_log = const $cell_log,
                unroll = const $unroll,
            )
        }
    };
}

/// 8-bit codes in 64-bit accumulators, P and Q of each word.
#[cfg(not(feature = "lanes32"))]
mod eight {
    pub(super) fn sums(lanes: &[u32; 8]) -> [[u32; 4]; 2] {
        let [p0, q0, p1, q1] = super::doubles(lanes);
        [super::lanes::eight_in_64(p0, q0), super::lanes::eight_in_64(p1, q1)]
    }

    walks!(
        8,
        0xFF00_00FF_u32,
        30,
        "",
        "add r2, r0",
        // The base is not the first register to be loaded: Cortex-M3 erratum 602117.
        "ldrd r3, r2, [r2]",
        "umlal r4, r5, r3, lr",
        "and r3, r12, r3, ror #16",
        "umlal r6, r7, r3, lr",
        "umlal r8, r9, r2, lr",
        "and r2, r12, r2, ror #16",
        "umlal r10, r11, r2, lr"
    );
}

/// 8-bit codes in 32-bit accumulators, A, B and C of each word. r11 is the mask of B.
#[cfg(feature = "lanes32")]
mod eight {
    pub(super) fn sums(lanes: &[u32; 8]) -> [[u32; 4]; 2] {
        let &[a0, b0, c0, a1, b1, c1, ..] = lanes;
        [super::lanes::eight_in_32(a0, b0, c0), super::lanes::eight_in_32(a1, b1, c1)]
    }

    walks!(
        8,
        0xFF00_00FF_u32,
        50,
        "mov r11, #0x00FF00FF",
        "add r2, r0",
        "ldrd r3, r2, [r2]",
        "and r10, r12, r3",
        "mla r4, r10, lr, r4",
        "and r10, r11, r3, lsr #8",
        "mla r5, r10, lr, r5",
        "lsrs r3, r3, #16",
        "mla r6, r3, lr, r6",
        "and r10, r12, r2",
        "mla r7, r10, lr, r7",
        "and r10, r11, r2, lsr #8",
        "mla r8, r10, lr, r8",
        "lsrs r2, r2, #16",
        "mla r9, r2, lr, r9"
    );
}

/// 4-bit codes in 64-bit accumulators: the row as it is, and three pairs of its nibbles.
mod four {
    walks!(
        8,
        0x0F00_000F_u32,
        30,
        "",
        "ldr r3, [r0, r2]",
        "umlal r4, r5, r3, lr",
        "and r2, r12, r3, ror #4",
        "umlal r6, r7, r2, lr",
        "and r2, r12, r3, ror #16",
        "umlal r8, r9, r2, lr",
        "and r2, r12, r3, ror #20",
        "umlal r10, r11, r2, lr"
    );
}

/// 2-bit codes in 32-bit accumulators of two lanes.
mod two {
    walks!(
        4,
        0x0003_0003_u32,
        66,
        "",
        "ldr r3, [r0, r2]",
        "and r2, r12, r3",
        "mla r4, r2, lr, r4",
        "and r2, r12, r3, lsr #2",
        "mla r5, r2, lr, r5",
        "and r2, r12, r3, lsr #4",
        "mla r6, r2, lr, r6",
        "and r2, r12, r3, lsr #6",
        "mla r7, r2, lr, r7",
        "and r2, r12, r3, lsr #8",
        "mla r8, r2, lr, r8",
        "and r2, r12, r3, lsr #10",
        "mla r9, r2, lr, r9",
        "and r2, r12, r3, lsr #12",
        "mla r10, r2, lr, r10",
        "and r2, r12, r3, lsr #14",
        "mla r11, r2, lr, r11"
    );
}
