//! Quantization-aware training: weights and activations are rounded in the forward pass, and the
//! scales of the rounding are learned.
//!
//! The weights that the optimizer changes ("latent" weights) stay outside the graph. For each batch
//! plain loops round them to multiples of the scales; automatic differentiation sees the rounded
//! weights as its leaves, and plain loops carry their gradients to the latent weights and the
//! scales. A chain of tensor operations would take half as long again per epoch.
//!
//! Rounding passes gradients unchanged, and clipping stops them (the straight-through estimator:
//! Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
//! Computation", 2013). The gradient of a scale is that of Esser et al., "Learned Step Size
//! Quantization", 2020; their factor 1/√(n·Q) is not needed here, because Adam divides every
//! gradient by its own magnitude. The learned parameter is the logarithm of a scale, so that the
//! scale stays above 0 and steps are relative to it.

mod activations;
mod weights;

use inkbit_core::WeightBits;

use crate::data::Images;
use crate::net::Mlp;
use crate::quantize::{Granularity, LayerScales, QuantizeError, calibrate};
pub(crate) use activations::rounded;
use weights::Grid;

/// The fraction of the activations above 0 that the first scale of a layer covers.
const COVERED: f64 = 0.9995;

/// Gives a network that was trained without scales its initial scales: those of least squared error
/// for the weights (with 8 bits, those that reach the greatest weight), and for the activations
/// those that cover nearly all of them on `images`. `folded` is the same network without batch
/// normalization; `bits` has one number for each layer.
pub fn start(
    latent: &mut Mlp,
    folded: &Mlp,
    images: &Images,
    bits: &[WeightBits],
    granularity: Granularity,
) -> Result<(), QuantizeError> {
    let ranges = calibrate(folded, images, COVERED)?;
    let mut input = 1.0 / 255.0;
    for (layer, (dense, &bits)) in latent.layers.iter_mut().zip(bits).enumerate() {
        let step = ranges.get(layer).map(|&range| f64::from(range) / 255.0);
        let scales = LayerScales::fit(dense, bits, granularity, input, step);
        dense.weight_scale = scales.weight.iter().map(|scale| scale.ln() as f32).collect();
        dense.output_scale = scales.activation.iter().map(|scale| scale.ln() as f32).collect();
        input = step.unwrap_or(input);
    }
    Ok(())
}

/// The network with its weights rounded to integers of these widths times their scales.
pub fn round(latent: &Mlp, bits: &[WeightBits]) -> Mlp {
    let mut rounded = latent.clone();
    for (dense, &bits) in rounded.layers.iter_mut().zip(bits) {
        let grid = Grid::new(dense, bits);
        grid.round(&mut dense.weight);
    }
    rounded
}

/// Carries the gradients of a rounded network to the latent weights and their scales, in place.
/// They already contain those of the activations' scales.
pub fn straight_through(latent: &Mlp, bits: &[WeightBits], gradients: &mut Mlp) {
    for (&bits, (latent, gradient)) in
        bits.iter().zip(latent.layers.iter().zip(&mut gradients.layers))
    {
        let grid = Grid::new(latent, bits);
        let middle = latent.inputs / 2 * latent.outputs;
        let (upper, lower) = latent.weight.split_at(middle);
        let (gradient_upper, gradient_lower) = gradient.weight.split_at_mut(middle);
        // In halves: a sum of floats depends on its order, and this one decides the bits of models.
        let upper = grid.straight_through(upper, gradient_upper);
        let lower = grid.straight_through(lower, gradient_lower);
        let shared = gradient.weight_scale.len() == 1;
        for (output, (upper, lower)) in upper.iter().zip(&lower).enumerate() {
            gradient.weight_scale[if shared { 0 } else { output }] += upper + lower;
        }
    }
}

#[cfg(test)]
mod tests;
