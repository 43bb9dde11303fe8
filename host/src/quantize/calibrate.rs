//! Ranges of activations, measured on images.

use super::QuantizeError;
use crate::data::Images;
use crate::net::{Dense, Mlp};

/// The share of the activations above 0 that a range covers where nothing is trained after it, so
/// that one outlier does not coarsen all other values.
pub const POST_TRAINING: f64 = 0.9999;

/// The greatest activation of each hidden layer that is worth a step of its own, over training
/// images: that `share` of the activations above 0 are at most.
///
/// # Errors
///
/// [`QuantizeError::NoImages`] and [`QuantizeError::NotFinite`].
pub fn calibrate(net: &Mlp, images: &Images, share: f64) -> Result<Vec<f32>, QuantizeError> {
    /// More images move the percentile by less than a step.
    const IMAGES: usize = 5000;
    if images.is_empty() {
        return Err(QuantizeError::NoImages);
    }
    let step = images.len().div_ceil(IMAGES);
    let chosen: Vec<usize> = (0..images.len()).step_by(step).collect();
    let mut values: Vec<f32> = chosen
        .iter()
        .flat_map(|&index| images.image(index).iter().map(|&pixel| f32::from(pixel) / 255.0))
        .collect();
    let Some((_, hidden)) = net.layers.split_last() else { return Ok(Vec::new()) };
    let mut ranges = Vec::new();
    for (layer, dense) in hidden.iter().enumerate() {
        values = values.chunks_exact(dense.inputs).flat_map(|row| relu_layer(dense, row)).collect();
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(QuantizeError::NotFinite { layer, what: "activation", value });
        }
        let mut positive: Vec<f32> = values.iter().copied().filter(|&value| value > 0.0).collect();
        positive.sort_unstable_by(f32::total_cmp);
        // A layer that is never alive gives zeros on any scale.
        let rank = (positive.len() as f64 * share) as usize;
        ranges.push(positive.get(rank).or(positive.last()).copied().unwrap_or(1.0));
    }
    Ok(ranges)
}

fn relu_layer(dense: &Dense, inputs: &[f32]) -> Vec<f32> {
    let mut sums = dense.bias.clone();
    for (&value, row) in inputs.iter().zip(dense.weight.chunks_exact(dense.outputs)) {
        if value != 0.0 {
            sums.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += weight * value);
        }
    }
    sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
    sums
}
