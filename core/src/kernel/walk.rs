//! What kernels in assembly have in common that walk a list for all blocks of a layer, in parts
//! that no lane overflows for.

use super::entry::Kind;
use super::lanes::{ENTRIES_2, ENTRIES_8};
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

/// What the file of an instruction set gives: walks of packed entries and of wide ones.
pub(super) trait Assembly {
    /// For 8-bit weights.
    const EIGHT: [Walk; 2];
    /// For 4-bit weights.
    const FOUR: [Walk; 2];
    /// For 2-bit weights.
    const TWO: [Walk; 2];
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
    let ([packed, wide], at_once) = match bits {
        WeightBits::Eight => (A::EIGHT, ENTRIES_8),
        // Two 4-bit codes are taken for one of 8 bits.
        WeightBits::Four => (A::FOUR, ENTRIES_8),
        WeightBits::Two => (A::TWO, ENTRIES_2),
    };
    let walk = match E::KIND {
        Kind::Packed => packed,
        Kind::Wide => wide,
    };
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
