//! Calibrates the ranges of activations on images.

use super::QuantizeError;
use crate::data::Images;
use crate::net::{Dense, Mlp};

/// The fraction of the activations above 0 that a range covers if no training follows, so that one
/// outlier does not coarsen all other values.
pub const POST_TRAINING: f64 = 0.9999;

/// The range of each hidden layer over training images: the activation that the fraction `covered`
/// of the activations above 0 does not exceed.
pub fn calibrate(net: &Mlp, images: &Images, covered: f64) -> Result<Vec<f32>, QuantizeError> {
    /// More images move the percentile by less than a step.
    const IMAGES: usize = 5000;
    if images.is_empty() {
        return Err(QuantizeError::NoImages);
    }
    let chosen = images.iter().step_by(images.len().div_ceil(IMAGES));
    let pixels = chosen.flat_map(|(pixels, _)| pixels);
    let mut values: Vec<f32> = pixels.map(|&pixel| f32::from(pixel) / 255.0).collect();
    let Some((_, hidden)) = net.layers.split_last() else { return Ok(Vec::new()) };
    let mut ranges = Vec::new();
    for (layer, dense) in hidden.iter().enumerate() {
        values = values.chunks_exact(dense.inputs).flat_map(|row| relu_layer(dense, row)).collect();
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(QuantizeError::NotFinite { layer, what: "activation", value });
        }
        let mut positive: Vec<f32> = values.iter().copied().filter(|&value| value > 0.0).collect();
        positive.sort_unstable_by(f32::total_cmp);
        // A layer that never fires gives zeros on any scale.
        let rank = (positive.len() as f64 * covered) as usize;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_covers_its_fraction_of_the_activations_above_0() {
        // The first unit has the pixel's value, the second 0.1 less it.
        let first = Dense { weight: vec![1.0, -1.0], bias: vec![0.0, 0.1], ..Dense::zeros(1, 2) };
        // Takes both, and a unit that never fires.
        let second = Dense { weight: vec![2.0, -1.0, 4.0, -1.0], ..Dense::zeros(2, 2) };
        let net = Mlp { layers: vec![first, second, Dense::zeros(2, 1)] };
        let images = Images {
            shape: crate::data::Shape::square(1),
            pixels: vec![0, 51, 102, 255],
            labels: vec![0; 4],
        };
        let ranges = |covered| calibrate(&net, &images, covered).unwrap();
        assert_eq!(ranges(1.0), [1.0, 2.0]);
        assert_eq!(ranges(POST_TRAINING), [1.0, 2.0]);
        assert_eq!(ranges(0.5), [0.4, 0.8], "of 0.1, 0.2, 0.4 and 1, and of 0.4, 0.4, 0.8 and 2");

        let silent = Mlp { layers: vec![Dense::zeros(1, 2), Dense::zeros(2, 1)] };
        assert_eq!(calibrate(&silent, &images, 1.0).unwrap(), [1.0]);
    }
}
