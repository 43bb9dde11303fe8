//! Rounding as the integers have it, in floats.

use burn::tensor::{Tensor, TensorData};

use super::values;

/// The step that a trained scale stands for: scales are logarithms, so that the optimizer changes
/// them in proportion.
#[allow(clippy::disallowed_methods)] // std's, on the host, where weights are made
pub(crate) fn step_of(logarithm: f32) -> f32 {
    logarithm.exp()
}

/// Adding and subtracting it rounds floats up to 2²² to integers, ties to even; `f32::round` is a
/// call to a function on processors without SSE4.1, and with it training takes half as long again.
const ROUND: f32 = 12_582_912.0;

/// The integer nearest to a value within ±2²².
#[inline(always)]
pub(crate) fn round(value: f32) -> f32 {
    (value + ROUND) - ROUND
}

/// Makes a layer's sums activations: ReLU, and rounded to a byte's steps of this size.
pub(crate) fn round_activations(sums: &mut [f32], step: f32) {
    let inverse = 1.0 / step;
    sums.iter_mut().for_each(|sum| *sum = round((*sum * inverse).clamp(0.0, 255.0)) * step);
}

/// [`round_activations`] for tensors without automatic differentiation.
pub(crate) fn rounded_activations(sums: Tensor<2>, step: f32) -> Tensor<2> {
    let (device, shape) = (sums.device(), sums.dims());
    let mut values = values(sums);
    round_activations(&mut values, step);
    Tensor::from_data(TensorData::new(values, shape), &device)
}
