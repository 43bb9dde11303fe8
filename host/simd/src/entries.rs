//! For kernels whose registers hold the sums of a block.
//!
//! Four entries are taken at a time, for several blocks.
#![allow(unsafe_code)]

use core::array::from_fn;
use core::iter::zip;

use inkbit_core::kernel::{List, pack_entry, unpack_entry};
use inkbit_core::{Layer, WeightBits};

/// Entries that are taken at once.
pub(crate) const ENTRIES: usize = 4;
/// Number of groups after which sums of 16 bits are widened. A group adds two products of codes below 16
/// to each sum: 8 · 2 · 255 · 15 < 2¹⁶.
const GROUPS: usize = 8;

/// The sums of a block, side by side.
pub(crate) trait Lanes: Copy {
    /// Values in the order in which rows are multiplied by them.
    type Values: Copy;

    fn new() -> Self;

    /// Where the rows of entries begin in a block.
    #[inline(always)]
    fn offsets(entries: &[i32; ENTRIES]) -> [usize; ENTRIES] {
        entries.map(|entry| unpack_entry(entry).0)
    }

    fn values(entries: &[i32; ENTRIES]) -> Self::Values;

    /// Adds the products of some rows.
    ///
    /// # Safety
    ///
    /// The rows can be read, and the processor has what these lanes are for.
    unsafe fn add(&mut self, rows: [*const u8; ENTRIES], values: Self::Values);

    /// Makes room for [`GROUPS`] more.
    fn widen(&mut self);

    /// The sums in the order of the outputs. There are as many as the block has.
    fn sums(self) -> [u32; 16];
}

/// By `MOST` blocks at once, whose sums fill the registers, and the last ones by `LAST`.
///
/// # Safety
///
/// The processor has what the lanes are for.
pub(crate) unsafe fn walk<L: Lanes, const MOST: usize, const LAST: usize>(
    layer: &Layer<'_>,
    list: &List<'_>,
    out: &mut [i32],
) {
    let bits = layer.bits();
    let stride = layer.inputs() * bits.row_bytes();
    let blocks = out.len().div_ceil(bits.block());
    // No row extends past `list.end()` if the list is for such weights.
    if list.bits() != bits || list.end() > stride || size_of_val(layer.weights()) < blocks * stride
    {
        return;
    }
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let offset = bits.offset() * list.total().cast_signed();
    let mut codes = layer.weights().as_ptr().cast::<u8>();
    let mut groups = out.chunks_exact_mut(MOST * bits.block());
    // SAFETY: `codes` has these blocks, no row of an entry ends behind `list.end()`, and the caller
    // promises the rest.
    unsafe {
        for out in &mut groups {
            write(bits, offset, out, &sums::<L, MOST>(codes, stride, MOST, list.entries()));
            codes = codes.add(MOST * stride);
        }
        for out in groups.into_remainder().chunks_mut(LAST * bits.block()) {
            let blocks = out.len().div_ceil(bits.block());
            write(bits, offset, out, &sums::<L, LAST>(codes, stride, blocks, list.entries()));
            codes = codes.wrapping_add(LAST * stride);
        }
    }
}

/// Writes the sums of weights, by those of codes.
#[inline(never)]
fn write(bits: WeightBits, offset: i32, out: &mut [i32], sums: &[[u32; 16]]) {
    for (out, sums) in zip(out.chunks_mut(bits.block()), sums) {
        for (out, sum) in zip(out, sums) {
            *out = bits.step() * sum.cast_signed() - offset;
        }
    }
}

/// Σ code · value over the entries, for each output of `N` blocks. If there are fewer, the last one is
/// summed again.
///
/// # Safety
///
/// From `codes` on `there` blocks, at least one, of `stride` bytes can be read, and every entry's row
/// ends within the first. The processor has what the lanes are for.
#[inline(never)]
unsafe fn sums<L: Lanes, const N: usize>(
    codes: *const u8,
    stride: usize,
    there: usize,
    cells: &[i32],
) -> [[u32; 16]; N] {
    let mut blocks = [L::new(); N];
    let (groups, rest) = cells.as_chunks::<ENTRIES>();
    // An entry that is not there has the row of one that is, and the value 0.
    let spare = rest.first().map(|&first| pack_entry(unpack_entry(first).0 as u32, 0));
    let last = spare.map(|spare| from_fn(|at| rest.get(at).copied().unwrap_or(spare)));
    // The loop is there once, for all groups.
    for groups in [groups, last.as_slice()] {
        for groups in groups.chunks(GROUPS) {
            for entries in groups {
                let (offsets, values) = (L::offsets(entries), L::values(entries));
                each(&mut blocks, |number, block| {
                    // SAFETY: the caller's promise.
                    unsafe {
                        let codes = codes.add(number.min(there - 1) * stride);
                        block.add(offsets.map(|offset| codes.add(offset)), values);
                    }
                });
            }
            each(&mut blocks, |_, block| block.widen());
        }
    }
    // A copy, because what a loop goes through lies in memory.
    let done = blocks;
    done.map(L::sums)
}

/// Goes through at most eight blocks without a loop, so that their sums stay in registers, however little
/// the compiler optimizes.
#[inline(always)]
fn each<L, const N: usize>(blocks: &mut [L; N], mut act: impl FnMut(usize, &mut L)) {
    const { assert!(N <= 8) };
    let mut act = |number| {
        if let Some(block) = blocks.get_mut(number) {
            act(number, block);
        }
    };
    act(0);
    act(1);
    act(2);
    act(3);
    act(4);
    act(5);
    act(6);
    act(7);
}
