//! What kernels in assembly have in common that write entries to a list.

use core::cell::Cell;

use super::entry::Kind;
use super::{Entry, List, Written};
use crate::model::Layer;

/// Turns the sums from `sums` up to `end` into activations, with a bias and a multiplier each, and
/// writes an entry for each that is not 0 to `list` and on. The first one's offset is 0, every next
/// one's `row` more. Returns the address after the last entry and, in the upper half, the sum of
/// all activations.
///
/// # Safety
///
/// `sums` and `end` are the bounds of one slice that is not empty. From `bias` as many words can be
/// read, and from `multipliers` as many, `step` bytes apart. At `list` there is room for as many
/// entries of the kind that the function is for; it may be the memory of the sums if an entry takes
/// no place of a sum that is behind its own.
pub(super) type Activate = unsafe extern "C" fn(
    sums: *const i32,
    end: *const i32,
    list: *mut i32,
    row: u32,
    bias: *const i32,
    multipliers: *const u32,
    step: usize,
) -> u64;

/// [`Kernel::activate`](super::Kernel::activate) by the function for packed entries, or by that for
/// wide ones.
#[inline(always)]
pub(super) fn activate<E: Entry>(
    [packed, wide]: [Activate; 2],
    layer: &Layer<'_>,
    sums: &[Cell<i32>],
    mut list: List<'_, E>,
) -> Written {
    let activate = match E::KIND {
        Kind::Packed => packed,
        Kind::Wide => wide,
    };
    let (room, _, row) = list.room();
    let (bias, multipliers) = (layer.bias, layer.multipliers);
    let step = if multipliers.len() == 1 { 0 } else { size_of::<u32>() };
    let sums = sums.get(..bias.len()).unwrap_or_default();
    // A model has as many biases as outputs and one multiplier or as many: the writer's room is
    // enough for all of them.
    if sums.is_empty() || room.len() < sums.len() || step != 0 && multipliers.len() < sums.len() {
        return list.finish();
    }
    let (ends, places) = (sums.as_ptr_range(), room.as_ptr().cast_mut().cast());
    let (bias, multipliers) = (bias.as_ptr(), multipliers.as_ptr());
    // SAFETY: the bounds are a slice's own, which is not empty; there are as many biases, and
    // as many multipliers or one that is read again; there is room for an entry for each, and
    // cells may be written through a shared reference.
    #[allow(unsafe_code)]
    let written = unsafe {
        activate(ends.start.cast(), ends.end.cast(), places, row, bias, multipliers, step)
    };
    note::<E>(&mut list, sums.len(), room, written);
    list.finish()
}

/// Tells the list of so many inputs that assembly has given entries in `room`, and what it
/// returned.
#[inline(always)]
pub(super) fn note<E: Entry>(
    list: &mut List<'_, E>,
    inputs: usize,
    room: &[E::Place],
    written: u64,
) {
    let (end, total) = (written as u32 as usize, (written >> 32) as u32);
    list.wrote(inputs, (end - room.as_ptr().addr()) / size_of::<E::Place>(), total);
}
