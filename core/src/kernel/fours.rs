//! Walks that write sums by fours, from which `offset` takes what makes codes weights.

use super::walk::{Assembly, Part};
use crate::shape::WeightBits;

/// Walks the entries from `entries` up to `end` for each of the blocks from `codes` on, `stride`
/// bytes apart, and writes sums of codes times values from `out` up to `out_end`. `offset` is
/// added to each of them. Those from `plain_end` on are added to what is there.
///
/// # Safety
///
/// As [`Assembly::walk`](super::walk::Assembly::walk); there is at least one entry, and `plain_end`
/// lies a multiple of four words behind `out`, at most at `out_end`.
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

/// What an instruction set's folder gives.
pub(super) trait Fours {
    /// For 8-bit, 4-bit and 2-bit weights.
    const WALKS: [Walk; 3];
}

impl<F: Fours> Assembly for F {
    #[inline(always)]
    fn has_own_totals(_: WeightBits) -> bool {
        false
    }

    #[inline(always)]
    fn clear(entries: &[i32], sums: &mut [i32]) {
        let fours = if entries.is_empty() { 0 } else { sums.len() & !3 };
        sums.get_mut(fours..).unwrap_or_default().fill(0);
    }

    #[inline(always)]
    #[allow(unsafe_code)]
    unsafe fn walk(bits: WeightBits, part: Part<'_>) {
        let Part { layer, entries, total, sums, is_first } = part;
        if entries.is_empty() {
            return;
        }
        // Fours of sums are written, the others are added to zeros.
        let fours = if is_first { sums.len() & !3 } else { 0 };
        let plain = sums.get_mut(..fours).unwrap_or_default();
        let plain_end = plain.as_mut_ptr_range().end;
        let codes = layer.weights.as_ptr();
        // A weight is step · code − offset: the offsets of a row come off all at once.
        let offset = -(bits.offset() * total.cast_signed());
        let stride = layer.inputs() * bits.row_bytes();
        let [eight, four, two] = F::WALKS;
        let walk = match bits {
            WeightBits::Eight => eight,
            WeightBits::Four => four,
            WeightBits::Two => two,
        };
        let (entries, out) = (entries.as_ptr_range(), sums.as_mut_ptr_range());
        // SAFETY: the caller's promise; the bounds are those of slices that are not empty.
        unsafe {
            walk(codes, entries.start, entries.end, out.start, stride, out.end, offset, plain_end);
        }
    }
}
