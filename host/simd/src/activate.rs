//! Activations without branches, in plain Rust that compilers make vector instructions of.

use core::cell::Cell;

use inkbit_core::Layer;
use inkbit_core::kernel::ListWriter;

use crate::branchless::{INPUTS, Writer};

/// Activations computed before they are listed.
const PART: usize = 64;

/// `Kernel::activate`. Not inlined: core may be compiled to be small.
#[inline(never)]
pub(crate) fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
    let (mut writer, mut offset) = Writer::new(list);
    let (mut biases, mut multipliers) = ([0; PART], [0; PART]);
    for (part, sums) in sums.chunks(PART).enumerate() {
        layer.numbers(part * PART, &mut biases, &mut multipliers);
        let mut values = [0; PART];
        let accs = sums.iter().zip(&biases).zip(&multipliers);
        for (value, ((sum, bias), &multiplier)) in values.iter_mut().zip(accs) {
            *value = scale(sum.get() + bias, multiplier);
        }
        // There are no more entries than sums were read, so no unread sum is overwritten.
        let (eights, _) = values.as_chunks();
        for &eight in eights.iter().take(sums.len().div_ceil(INPUTS)) {
            writer.write(offset, eight);
            offset += INPUTS as u32 * writer.row;
        }
    }
    writer.finish(list, sums.len());
}

/// [`requantize`](inkbit_core::requant::requantize) without a branch, so that compilers do several at
/// once.
#[inline(always)]
fn scale(acc: i32, multiplier: u32) -> u8 {
    let product = u64::from(acc.max(0).cast_unsigned()) * u64::from(multiplier);
    ((product >> 32) as u32).min(255) as u8
}

/// The part of a `Kernel` that lists, without branches.
macro_rules! lists {
    () => {
        fn gather(pixels: &[u8], list: &mut ListWriter<'_>) {
            $crate::branchless::gather(pixels, list);
        }

        fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
            $crate::activate::activate(layer, sums, list);
        }
    };
}
pub(crate) use lists;
