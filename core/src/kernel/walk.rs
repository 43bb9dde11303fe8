//! What kernels in assembly have in common: a list is walked in parts that no lane overflows for.

use super::blockwise::{Blockwise, Sums, blockwise};
use super::entry::Kind;
use super::{Active, Entry, Kernel};
use crate::WeightBits;
use crate::model::Layer;

/// Walks the entries from `entries` up to `end` and writes the lanes of one group of blocks to
/// `lanes`. `codes` is the first row of the first block, `stride` the distance of the second
/// block's from it in bytes, where the kernel takes two.
///
/// # Safety
///
/// `entries` and `end` are the bounds of one slice of cells of the kind that the function is for.
/// The rows at the offsets of all entries can be read from `codes`, which is a multiple of 4, and
/// `stride` bytes behind them; offsets and stride are multiples of 4. At `lanes` as many words can
/// be written as [`Sums`] has.
pub(super) type Walk = unsafe extern "C" fn(
    codes: *const u32,
    entries: Cell,
    end: Cell,
    lanes: *mut u32,
    stride: usize,
);

/// An entry of either kind.
pub(super) type Cell = *const i32;

/// Registers of lanes that the kernels of this crate fill, at most.
pub(super) const LANES: usize = if cfg!(inkbit_kernel = "riscv32") { 12 } else { 8 };

/// What the file of an instruction set gives.
pub(super) trait Assembly {
    /// Blocks that a walk takes.
    fn blocks(bits: WeightBits) -> usize;

    /// Entries that a walk takes without a lane running over, whatever the codes and values.
    fn entries(bits: WeightBits) -> usize;

    fn walk(bits: WeightBits, kind: Kind) -> Walk;

    /// Turns the lanes of a walk into sums.
    fn take_apart(bits: WeightBits, out: &mut Sums);
}

impl<A: Assembly> Kernel for A {
    #[inline(always)]
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        blockwise::<A, E>(layer, active, out);
    }
}

impl<A: Assembly> Blockwise for A {
    #[inline(always)]
    fn blocks(bits: WeightBits) -> usize {
        A::blocks(bits)
    }

    #[inline(always)]
    fn sums<E: Entry>(
        bits: WeightBits,
        codes: &[u32],
        stride: usize,
        active: &Active<'_, E>,
        out: &mut Sums,
    ) {
        // No entry's row ends behind this: the bound that `walk` needs.
        let Some(room) = size_of_val(codes).checked_sub(active.end()) else { return };
        // Where there is no second block, the first one is as good.
        let stride = if stride <= room { stride } else { 0 };
        let entries = A::entries(bits);
        let (first, rest) =
            active.cells().split_at_checked(entries).unwrap_or((active.cells(), &[]));
        walk::<A, E>(bits, codes, stride, first, out);
        A::take_apart(bits, out);
        if !rest.is_empty() {
            add_rest::<A, E>(bits, codes, stride, rest, out);
        }
    }
}

/// The entries that would overflow the lanes if they were walked with those before.
#[cold]
#[inline(never)]
fn add_rest<A: Assembly, E: Entry>(
    bits: WeightBits,
    codes: &[u32],
    stride: usize,
    rest: &[E::Cell],
    out: &mut Sums,
) {
    for cells in rest.chunks(A::entries(bits)) {
        let before = out.sums;
        walk::<A, E>(bits, codes, stride, cells, out);
        A::take_apart(bits, out);
        out.sums.iter_mut().zip(before).for_each(|(sum, part)| *sum += part);
    }
}

/// The caller has made sure that `codes` has all rows of the entries, and as many bytes more as
/// `stride`.
#[inline(always)]
fn walk<A: Assembly, E: Entry>(
    bits: WeightBits,
    codes: &[u32],
    stride: usize,
    cells: &[E::Cell],
    out: &mut Sums,
) {
    let entries = cells.as_ptr_range();
    let (start, end) = (entries.start.cast(), entries.end.cast());
    // SAFETY: the bounds are those of a slice of cells of kind `E`; `codes` are words and hold the
    // rows of all entries, once and `stride` bytes later; offsets are multiples of a row and the
    // stride is one of rows, of 4 or 8 bytes each; `lanes` are as many words as `Sums` has.
    #[allow(unsafe_code)]
    unsafe {
        A::walk(bits, E::KIND)(codes.as_ptr(), start, end, out.lanes.as_mut_ptr(), stride);
    }
}
