//! Clipping gradients by their norm.

use crate::net::Mlp;

/// Scales all gradients down if the norm of those of weights and biases is above the limit. Scales
/// have no part in it: each sums up the gradients of many weights.
pub(super) fn clip(gradients: &mut Mlp, limit: f32) {
    let squares = gradients
        .layers
        .iter()
        .map(|layer| sum_of_squares(&layer.weight) + sum_of_squares(&layer.bias));
    let square: f64 = squares.sum();
    let norm = square.sqrt() as f32;
    if norm > limit {
        let factor = limit / norm;
        gradients.parameters_mut().flatten().for_each(|gradient| *gradient *= factor);
    }
}

fn sum_of_squares(values: &[f32]) -> f64 {
    const LANES: usize = 16;
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for lanes in whole {
        sums.iter_mut().zip(lanes).for_each(|(sum, value)| *sum += value * value);
    }
    sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += value * value);
    sums.iter().map(|&sum| f64::from(sum)).sum()
}
