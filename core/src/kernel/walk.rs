//! What kernels in assembly have in common that walk a list for all blocks of a layer, in parts
//! that no lane overflows for.

use super::entry::Kind;
use super::{Active, Entry};
use crate::WeightBits;
use crate::model::Layer;

/// Walks the entries from `entries` up to `end` for each of the blocks from `codes` on, `stride`
/// bytes apart, and writes sums of weights times values from `out` up to `out_end`. `offset` is
/// added to each of them. Those from `plain_end` on are added to what is there.
///
/// # Safety
///
/// - `entries` and `end` are the bounds of one slice of cells of the kind that the function is for,
///   which is not empty.
/// - `out` and `out_end` are the bounds of one slice that can be read and written and is not empty.
///   `plain_end` lies in it, a multiple of four words from `out`.
/// - `codes` is a multiple of 4 and begins as many blocks as the outputs need. From the start of
///   each of them, the rows at the offsets of all entries can be read; offsets are multiples of 4.
pub(super) type Walk = unsafe extern "C" fn(
    codes: *const u32,
    entries: *const i32,
    end: *const i32,
    out: *mut i32,
    stride: usize,
    out_end: *mut i32,
    offset: i32,
    plain_end: *mut i32,
);

/// What the file of an instruction set gives.
pub(super) trait Assembly {
    /// The walk, and how many entries it takes without a lane running over, whatever the codes and
    /// values.
    fn walk(bits: WeightBits, kind: Kind) -> (Walk, usize);
}

/// [`Kernel::layer`](super::Kernel::layer) by such a file.
#[inline(never)]
pub(super) fn layer<A: Assembly, E: Entry>(
    layer: &Layer<'_>,
    active: &Active<'_, E>,
    out: &mut [i32],
) {
    let bits = layer.bits();
    let stride = layer.inputs() * bits.row_bytes();
    // The bounds that the walk needs. No entry's row ends behind `active.end()`.
    let codes = out.len().div_ceil(bits.block()) * stride;
    if out.is_empty() || active.end() > stride || size_of_val(layer.weights) < codes {
        return;
    }
    // Fours of sums are written, the others added to zeros.
    let fours = if active.cells().is_empty() { 0 } else { out.len() & !3 };
    let Some((plain, others)) = out.split_at_mut_checked(fours) else { return };
    others.fill(0);
    let mut plain_end = plain.as_mut_ptr_range().end;
    // A weight is step · code − offset, so the offsets of a row come off all at once.
    let mut offset = -(bits.offset() * active.total().cast_signed());
    let (walk, at_once) = A::walk(bits, E::KIND);
    for cells in active.cells().chunks(at_once) {
        let (entries, out) = (cells.as_ptr_range(), out.as_mut_ptr_range());
        // SAFETY: the bounds are those of slices, of cells of kind `E` and of words, neither of
        // which is empty; `codes` are words and hold as many blocks; a block holds the rows of
        // all entries, whose offsets are multiples of a row, of 4 or 8 bytes.
        #[allow(unsafe_code)]
        unsafe {
            let (start, end) = (entries.start.cast(), entries.end.cast());
            let codes = layer.weights.as_ptr();
            walk(codes, start, end, out.start, stride, out.end, offset, plain_end);
        }
        (offset, plain_end) = (0, out.start);
    }
}
