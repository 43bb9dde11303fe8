//! Rounds floats as the integers are rounded.

use burn::tensor::Tensor;

use super::{tensor, values};

/// The step of a trained scale: scales are logarithms, so that the optimizer changes them in
/// proportion.
#[allow(clippy::disallowed_methods)] // std's `exp`: weights are trained on the host alone
pub(crate) fn step_of(logarithm: f32) -> f32 {
    logarithm.exp()
}

/// Adding and subtracting it rounds floats up to 2²² to integers, ties to even. `f32::round` is a
/// function call on processors without SSE4.1 and makes training take half as long again.
const ROUND: f32 = 12_582_912.0;

/// The integer nearest to a value within ±2²².
#[inline(always)]
pub(crate) fn round(value: f32) -> f32 {
    (value + ROUND) - ROUND
}

/// Turns a layer's sums into activations: ReLU, then rounding to 0 to 255 steps of this size.
pub(crate) fn round_activations(sums: &mut [f32], step: f32) {
    let inverse = 1.0 / step;
    sums.iter_mut().for_each(|sum| *sum = round((*sum * inverse).clamp(0.0, 255.0)) * step);
}

/// [`round_activations`] for tensors without automatic differentiation.
pub(crate) fn rounded_activations(sums: Tensor<2>, step: f32) -> Tensor<2> {
    let (device, shape) = (sums.device(), sums.dims());
    let mut values = values(sums);
    round_activations(&mut values, step);
    tensor(values, shape, &device)
}
