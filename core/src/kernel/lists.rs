//! Assembly that writes lists, from pixels or from a hidden layer's sums: what the instruction sets
//! share.

use core::cell::Cell;

use super::contract::activate_by_number;
use super::list::ListWriter;
use crate::model::Layer;

/// Writes an entry for each byte that is not 0, from `pixels` up to `end`, from `list` on. The first
/// byte's offset is `offset`, each next one's `row` more. Returns the address after the last entry
/// and, in the upper half, the sum of all values.
///
/// # Safety
///
/// `pixels` and `end` are the bounds of one slice of eights that is not empty and as aligned as the
/// instruction set needs. At `list` there is room for as many entries as it has bytes.
pub(super) type Gather = unsafe extern "C" fn(
    pixels: *const [u8; 8],
    end: *const [u8; 8],
    list: *mut i32,
    row: u32,
    offset: u32,
) -> u64;

/// [`Kernel::gather`](super::Kernel::gather) of eights of pixels by such a function.
///
/// # Safety
///
/// They are as aligned as it needs.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) unsafe fn gather(gather: Gather, eights: &[[u8; 8]], list: &mut ListWriter<'_>) {
    let (free, offset, row) = list.free();
    let inputs = 8 * eights.len();
    // There is room for all inputs of the layer, so only for none is there nothing to do.
    if inputs > 0 && free.len() >= inputs {
        let (ends, cells) = (eights.as_ptr_range(), free.as_ptr());
        // SAFETY: the bounds are a slice's own, which is not empty; there is room for an entry for
        // each of its bytes, and cells may be written through a shared reference.
        let written = unsafe { gather(ends.start, ends.end, cells.cast_mut().cast(), row, offset) };
        note(list, inputs, free, written);
    }
}

/// Turns the sums from `sums` up to `end` into activations, with a bias and a multiplier each, and
/// writes an entry for each that is not 0 from `list` on. The first one's offset is 0, each next
/// one's `row` more. Returns the address after the last entry and, in the upper half, the sum of
/// all activations.
///
/// # Safety
///
/// `sums` and `end` are the bounds of one slice that is not empty. From `bias` as many words can be
/// read, and from `multipliers` as many, `step` bytes apart. At `list` there is room for as many
/// entries. It may be the memory of the sums, if each entry overwrites only sums already read.
pub(super) type Activate = unsafe extern "C" fn(
    sums: *const i32,
    end: *const i32,
    list: *mut i32,
    row: u32,
    bias: *const i32,
    multipliers: *const u32,
    step: usize,
) -> u64;

/// [`Kernel::activate`](super::Kernel::activate) by such a function.
#[inline(always)]
pub(super) fn activate(
    activate: Activate,
    layer: &Layer<'_>,
    sums: &[Cell<i32>],
    list: &mut ListWriter<'_>,
) {
    let Some((multipliers, bias)) = layer.wide() else {
        return activate_by_number(layer, sums, list);
    };
    let (free, _, row) = list.free();
    let step = if multipliers.len() == 1 { 0 } else { size_of::<u32>() };
    // A hidden layer has as many biases as outputs and one multiplier or as many; the last layer
    // has none.
    let outputs = sums.len();
    if outputs == 0 || bias.len() < outputs || free.len() < outputs || multipliers.is_empty() {
        return;
    }
    let (ends, cells) = (sums.as_ptr_range(), free.as_ptr().cast_mut().cast());
    let (bias, multipliers) = (bias.as_ptr(), multipliers.as_ptr());
    // SAFETY: the bounds are a slice's own, which is not empty; there are as many biases, and
    // as many multipliers or one that is read again; there is room for an entry for each, and
    // cells may be written through a shared reference.
    #[allow(unsafe_code)]
    let written = unsafe {
        activate(ends.start.cast(), ends.end.cast(), cells, row, bias, multipliers, step)
    };
    note(list, outputs, free, written);
}

/// Tells the list what assembly returned that was given `inputs` inputs and wrote their entries to
/// `free`.
#[inline(always)]
fn note(list: &mut ListWriter<'_>, inputs: usize, free: &[Cell<i32>], written: u64) {
    let (end, total) = (written as u32 as usize, (written >> 32) as u32);
    let entries = (end - free.as_ptr().addr()) / size_of::<i32>();
    // SAFETY: the assembly wrote these entries.
    #[allow(unsafe_code)]
    unsafe {
        list.advance(inputs, entries, total);
    }
}
