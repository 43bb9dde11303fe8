//! What a kernel must give, and what it need not write itself.

use core::cell::Cell;
use core::iter::repeat;

use super::list::{List, ListWriter};
use crate::model::{Layer, halves, widened, widened_multiplier};
use crate::requant::requantize;
use crate::shape::Numbers;

/// A way to compute a layer.
///
/// [`Portable`](super::Portable) is the definition: every other kernel must give the same bits.
///
/// Only kernels call kernels: no safe program has a [`List`] or a [`ListWriter`], which the engine
/// makes for the one model that it runs.
///
/// # Safety
///
/// An implementation of [`gather`](Self::gather) gives the list as many inputs as there are pixels,
/// one of [`activate`](Self::activate) as many as there are sums. Both leave the entries of inputs
/// that were given as they are.
#[allow(unsafe_code)]
pub unsafe trait Kernel {
    /// The kernel's name, for people.
    const NAME: &'static str;

    /// Writes Σ weight · value over the listed inputs to `sums`, for every output of the layer in
    /// order. The result is unspecified if the list belongs to another layer or if there are more
    /// or fewer sums than outputs.
    fn sum(layer: &Layer<'_>, list: &List<'_>, sums: &mut [i32]);

    /// Lists the pixels that are not background, of an image whose pixels are the inputs.
    #[inline(always)]
    fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
        // Most pixels are background, which is skipped by eights.
        let (before, eights, after) = bytemuck::pod_align_to::<u8, u64>(pixels);
        list.push_all(before);
        for &eight in eights {
            if eight == 0 {
                list.skip(8);
                continue;
            }
            for pixel in eight.to_ne_bytes() {
                list.push(pixel);
            }
        }
        list.push_all(after);
    }

    /// Turns the sums of a hidden layer into activations and lists those that are not zero. The
    /// list may lie in the memory of the sums: a sum is read before an entry is written over it.
    #[inline(always)]
    fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
        let Some((multipliers, bias)) = layer.wide() else {
            return activate_narrow(layer, sums, list);
        };
        let bias = bias.iter().map(|&bias| i32::from_le(bias));
        let wide = |&multiplier: &u32| u32::from_le(multiplier);
        match multipliers {
            [multiplier] => activate_each(sums, bias, repeat(wide(multiplier)), list),
            _ => activate_each(sums, bias, multipliers.iter().map(wide), list),
        }
    }
}

#[inline(always)]
fn activate_each(
    sums: &[Cell<i32>],
    bias: impl Iterator<Item = i32>,
    multipliers: impl Iterator<Item = u32>,
    list: &mut ListWriter<'_>,
) {
    for ((sum, bias), multiplier) in sums.iter().zip(bias).zip(multipliers) {
        list.push(requantize(sum.get() + bias, multiplier));
    }
}

/// [`Kernel::activate`] of a layer with [narrow](Numbers::Narrow) numbers.
#[inline(never)]
fn activate_narrow(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
    let Numbers::Narrow { multiplier_shift, bias_shift } = layer.shape().numbers else { return };
    let bias = halves(layer.bias).iter().map(|&bias| widened(bias, bias_shift));
    let wide = |&number: &u16| widened_multiplier(number, multiplier_shift);
    match (halves(layer.multipliers), layer.shape().multipliers) {
        // What follows a single one is padding.
        ([multiplier, ..], 1) => activate_each(sums, bias, repeat(wide(multiplier)), list),
        (multipliers, _) => activate_each(sums, bias, multipliers.iter().map(wide), list),
    }
}
