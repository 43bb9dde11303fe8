//! Assembly that writes lists, from pixels or from a hidden layer's sums: what the instruction sets
//! share.

use core::cell::Cell;

use super::list::ListWriter;
use crate::model::Layer;
use crate::shape::Numbers;

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
/// one's a row more: that is the lowest byte of `row_and_shifts`, and the next two are the shifts of
/// bias and multiplier, 0 for wide numbers. Returns the address after the last entry and, in the
/// upper half, the sum of all activations.
///
/// # Safety
///
/// `sums` and `end` are the bounds of one slice that is not empty. From `bias` as many numbers can be
/// read, of the width that the function is for, and from `multipliers` as many, `step` bytes apart. At
/// `list` there is room for as many entries. It may be the memory of the sums, if each entry
/// overwrites only sums already read.
pub(super) type Activate = unsafe extern "C" fn(
    sums: *const i32,
    end: *const i32,
    list: *mut i32,
    row_and_shifts: u32,
    bias: *const u32,
    multipliers: *const u32,
    step: usize,
) -> u64;

/// [`Kernel::activate`](super::Kernel::activate) by such a function for wide numbers and one for
/// narrow ones.
#[inline(always)]
pub(super) fn activate(
    [wide, narrow]: [Activate; 2],
    layer: &Layer<'_>,
    sums: &[Cell<i32>],
    list: &mut ListWriter<'_>,
) {
    let (free, _, row) = list.free();
    let (activate, size, row) = match layer.shape().numbers {
        Numbers::Wide => (wide, size_of::<u32>(), row),
        Numbers::Narrow { multiplier_shift, bias_shift } => {
            let shifts = u32::from(bias_shift) << 8 | u32::from(multiplier_shift) << 16;
            (narrow, size_of::<u16>(), row | shifts)
        }
    };
    let outputs = sums.len();
    let (step, multipliers) = if layer.shape().multipliers == 1 { (0, 1) } else { (size, outputs) };
    // A hidden layer has as many biases as outputs and one multiplier or as many; the last layer
    // has none.
    let has = |words: &[u32], numbers: usize| size_of_val(words) >= numbers * size;
    let fits = has(layer.bias, outputs) && has(layer.multipliers, multipliers);
    if outputs == 0 || free.len() < outputs || !fits {
        return;
    }
    let (ends, cells) = (sums.as_ptr_range(), free.as_ptr().cast_mut().cast());
    let (bias, multipliers) = (layer.bias.as_ptr(), layer.multipliers.as_ptr());
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
