//! Rounds activations within the graph.

use burn::tensor::Tensor;

use crate::net;
use crate::net::rounding::round;

/// The greatest activation, in steps.
const GREATEST: f32 = 255.0;

/// Turns a hidden layer's sums into activations: ReLU, then rounding to a byte's steps. `logarithm`
/// is that of the step, `[1, 1]`; it gets a gradient, too.
///
/// An activation is `sum · inside + slope · step`: `inside` is 1 unless the sum is clipped, then 0;
/// `slope` is the rounding error in steps, or the whole activation if it is clipped. Both are
/// constants of the graph, so that it has few operations, however complex rounding is.
pub(crate) fn rounded(sums: Tensor<2>, logarithm: &Tensor<2>) -> Tensor<2> {
    let step = logarithm.clone().exp();
    let (device, shape) = (sums.device(), sums.dims());
    let mut inside = net::copied(sums.clone().inner());
    let mut slopes = vec![0.0; inside.len()];
    split(net::values(step.clone().inner())[0], &mut inside, &mut slopes);
    let tensor = |values| net::tensor(values, shape, &device);
    sums * tensor(inside) + tensor(slopes) * step
}

/// Replaces the sums in `inside` by 1 where a gradient passes, else 0; both slices have the same
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
