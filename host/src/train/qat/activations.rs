//! Rounding of activations within the graph.

use burn::tensor::{Tensor, TensorData};

use crate::net;
use crate::net::rounding::round;

/// The greatest activation, in steps.
const GREATEST: f32 = 255.0;

/// Makes a hidden layer's sums activations: ReLU, and rounded to a byte's steps. `logarithm` is that
/// of the step, `[1, 1]`; it gets a gradient, too.
///
/// An activation is `sum · inside + slope · step`, where `inside` is 1 where neither end clips and
/// else 0, and `slope` is what rounding adds, in steps, or all of the activation where it is clipped.
/// Those two are constants of the graph, so that it has few operations, whatever rounding takes.
pub(crate) fn rounded(sums: Tensor<2>, logarithm: &Tensor<2>) -> Tensor<2> {
    let step = logarithm.clone().exp();
    let (device, shape) = (sums.device(), sums.dims());
    let mut inside = net::copied(sums.clone().inner());
    let mut slopes = vec![0.0; inside.len()];
    split(net::values(step.clone().inner())[0], &mut inside, &mut slopes);
    let tensor = |values| Tensor::from_data(TensorData::new(values, shape), &device);
    sums * tensor(inside) + tensor(slopes) * step
}

/// Turns the sums in `inside` into 1 where a gradient passes and else 0; both slices have the same
/// length. Not inlined: as arguments, the slices are known not to overlap.
#[inline(never)]
fn split(step: f32, inside: &mut [f32], slopes: &mut [f32]) {
    let inverse = 1.0 / step;
    for (sum, slope) in inside.iter_mut().zip(slopes) {
        let steps = *sum * inverse;
        let passes = if steps > 0.0 && steps < GREATEST { 1.0 } else { 0.0 };
        *slope = round(steps.clamp(0.0, GREATEST)) - steps * passes;
        *sum = passes;
    }
}
