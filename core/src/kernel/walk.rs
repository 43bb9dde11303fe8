//! What kernels in assembly have in common: a list is walked in parts that no lane overflows for.

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
/// be written and read as [`LANES`] says.
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

    /// Takes the lanes of a walk apart and adds weights times values to `out`: for a group of blocks,
    /// or as many outputs of them as the layer has.
    fn take_apart(bits: WeightBits, lanes: &[u32; LANES], out: &mut [i32]);
}

impl<A: Assembly> Kernel for A {
    #[inline(never)]
    fn layer<E: Entry>(layer: &Layer<'_>, active: &Active<'_, E>, out: &mut [i32]) {
        let bits = layer.bits();
        // A weight is step · code − offset, so the offsets of a row come off all at once.
        out.fill(-(bits.offset() * active.total().cast_signed()));
        let mut lanes = [0; LANES];
        let group = bits.block() * A::blocks(bits);
        let block = layer.inputs() * bits.row_bytes();
        for cells in active.cells().chunks(A::entries(bits)) {
            let mut codes = layer.weights;
            for out in out.chunks_mut(group) {
                // No entry's row ends behind this: the bound that `walk` needs.
                let Some(room) = size_of_val(codes).checked_sub(active.end()) else { return };
                // Where there is no second block, the first one is as good.
                let stride = if block <= room { block } else { 0 };
                let entries = cells.as_ptr_range();
                // SAFETY: the bounds are those of a slice of cells of kind `E`; `codes` are words and
                // hold the rows of all entries, once and `stride` bytes later; offsets are multiples
                // of a row and the stride is one of rows, of 4 or 8 bytes each; `lanes` has as many
                // words as `Walk` asks.
                #[allow(unsafe_code)]
                unsafe {
                    let (start, end) = (entries.start.cast(), entries.end.cast());
                    A::walk(bits, E::KIND)(codes.as_ptr(), start, end, lanes.as_mut_ptr(), stride);
                }
                A::take_apart(bits, &lanes, out);
                codes = codes.get(block * A::blocks(bits) / 4..).unwrap_or_default();
            }
        }
    }
}

/// Adds `step` times each sum to its output, as far as there is one, and returns the others.
#[inline(always)]
pub(super) fn add(step: i32, out: &mut [i32], [s0, s1, s2, s3]: [u32; 4]) -> &mut [i32] {
    if out.len() < 4 {
        for (at, out) in out.iter_mut().enumerate() {
            let sum = match at {
                0 => s0,
                1 => s1,
                _ => s2,
            };
            *out += step * sum.cast_signed();
        }
        return &mut [];
    }
    let Some(([o0, o1, o2, o3], rest)) = out.split_first_chunk_mut() else { return &mut [] };
    *o0 += step * s0.cast_signed();
    *o1 += step * s1.cast_signed();
    *o2 += step * s2.cast_signed();
    *o3 += step * s3.cast_signed();
    rest
}
