//! The one way into assembly that sums: a list is walked once for every block of outputs, in parts
//! that no lane overflows for.

use super::lanes::{ENTRIES_2, ENTRIES_8};
use super::list::{List, unpack_entry};
use crate::model::Layer;
use crate::shape::WeightBits;

/// A part of a list, and what it is to be multiplied by.
pub(super) struct Part<'l> {
    /// Whose weights it is multiplied by.
    pub(super) layer: &'l Layer<'l>,
    /// The entries. Lists that have none have one part.
    pub(super) entries: &'l [i32],
    /// What the values add up to, or what [`Assembly::has_own_totals`] says of it.
    pub(super) total: u32,
    /// Where the sums are written, or added if this is not the first part. There is at least one.
    pub(super) sums: &'l mut [i32],
    /// Whether this is the list's first part.
    pub(super) is_first: bool,
}

/// What an instruction set's folder gives.
pub(super) trait Assembly {
    /// Whether lanes begin below zero with such weights, so that each part has to know what its own
    /// values add up to. Otherwise the first part is told the total of all, the others 0.
    fn has_own_totals(bits: WeightBits) -> bool;

    /// Writes zeros where the walks of such entries add. Before them, so that it is not in the way of
    /// what they keep.
    #[inline(always)]
    fn clear(_entries: &[i32], _sums: &mut [i32]) {}

    /// Walks a part of a list once for each block and writes or adds Σ weight · value.
    ///
    /// # Safety
    ///
    /// The layer has as many blocks as the sums need. Each of them holds the rows at
    /// the offsets of all entries, which are multiples of a row. There are no more entries than the
    /// lanes of such weights have room for.
    #[allow(unsafe_code)]
    unsafe fn walk(bits: WeightBits, part: Part<'_>);
}

/// [`Kernel::sum`](super::Kernel::sum) by assembly.
#[inline(always)]
pub(super) fn sum<A: Assembly>(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]) {
    let bits = layer.bits();
    let stride = layer.inputs() * bits.row_bytes();
    // What `walk` asks for. A layer has the blocks of all its outputs, and no entry's row extends
    // past `list.end()` if rows are as long as the list's writer took them to be.
    let is_of_layer = list.bits() == bits && list.end() <= stride;
    if !is_of_layer || sums.is_empty() || sums.len() > layer.outputs() {
        return;
    }
    // Two 4-bit codes are taken for one of 8 bits.
    let limit = if bits == WeightBits::Two { ENTRIES_2 } else { ENTRIES_8 };
    A::clear(list.entries(), sums);
    let (mut rest, mut left, mut is_first) = (list.entries(), list.total(), true);
    loop {
        let (entries, later) = rest.split_at_checked(rest.len().min(limit)).unwrap_or_default();
        let is_whole = later.is_empty() || !A::has_own_totals(bits);
        let total = if is_whole { left } else { total(entries) };
        let part = Part { layer, entries, total, sums, is_first };
        // SAFETY: there are no more sums than the layer has outputs, the rows were compared with a
        // block, and there are no more entries than the limit.
        #[allow(unsafe_code)]
        unsafe {
            A::walk(bits, part);
        }
        if later.is_empty() {
            return;
        }
        (rest, left, is_first) = (later, left - total, false);
    }
}

/// The sum of the values of some entries.
#[inline(always)]
fn total(entries: &[i32]) -> u32 {
    entries.iter().map(|&entry| u32::from(unpack_entry(entry).1)).sum()
}
