//! Quantization-aware training: weights and activations are rounded in the forward pass, and the
//! scales that they are rounded with are learned.
//!
//! The weights that the optimizer changes ("latent" weights) stay outside of the graph. For each
//! batch plain loops round them to what the integers can be; automatic differentiation sees the
//! rounded weights as its leaves, and their gradients are then carried to the latent weights and to
//! the scales. As a chain of tensor operations the same takes half as long again per epoch.
//!
//! Rounding passes gradients as if it were not there, and clipping stops them (the straight-through
//! estimator: Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons for
//! Conditional Computation", 2013). The gradient of a scale is that of Esser et al., "Learned Step
//! Size Quantization", 2020; their factor 1/√(n·Q) is not needed here, because Adam divides every
//! gradient by its own magnitude. What is learned is the logarithm of a scale, so that it stays
//! above 0 and that steps are relative to it.

mod activations;
mod weights;

use inkbit_core::WeightBits;

use crate::data::Images;
use crate::net::Mlp;
use crate::quantize::{Granularity, LayerScales, QuantizeError, calibrate};
pub(crate) use activations::rounded;
use weights::Grid;

/// The share of the activations above 0 that the first scale of a layer covers.
const COVERED: f64 = 0.9995;

/// Gives a network that was trained without scales the scales to begin with: of least squared error
/// for the weights (with 8 bits, what reaches the greatest), and for the activations what covers
/// nearly all of them on `images`. `folded` is the same network without batch normalization; `bits`
/// has one number for each layer.
///
/// # Errors
///
/// Those of [`Quantized::post_training`](crate::quantize::Quantized::post_training).
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

/// The network with its weights rounded to what integers of these widths can be.
#[must_use]
pub fn round(latent: &Mlp, bits: &[WeightBits]) -> Mlp {
    let mut rounded = latent.clone();
    for (dense, &bits) in rounded.layers.iter_mut().zip(bits) {
        let grid = Grid::new(dense, bits);
        grid.round(&mut dense.weight);
    }
    rounded
}

/// Carries the gradients of a rounded network to the latent weights and their scales, in place.
/// Those of the activations' scales are in them already.
pub fn straight_through(latent: &Mlp, bits: &[WeightBits], gradients: &mut Mlp) {
    for (&bits, (latent, gradient)) in
        bits.iter().zip(latent.layers.iter().zip(&mut gradients.layers))
    {
        let grid = Grid::new(latent, bits);
        let middle = latent.inputs / 2 * latent.outputs;
        let (upper, lower) = latent.weight.split_at(middle);
        let (gradient_upper, gradient_lower) = gradient.weight.split_at_mut(middle);
        // In halves, because a sum of floats depends on its order, and models were trained by this.
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
