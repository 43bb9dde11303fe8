//! Scales: the real value of an integer step.

use std::fmt;

use clap::ValueEnum;
use inkbit_core::WeightBits;
use serde::{Deserialize, Serialize};

use crate::net::Dense;

/// Which weights of a hidden layer share a scale. The last layer always has one scale, because its
/// outputs are compared with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// All weights of the layer: 4 bytes of a model for each hidden layer.
    Layer,
    /// All weights of an output: 4 bytes for each hidden unit.
    #[default]
    Output,
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The real values of one layer's integer steps.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerScales {
    /// Width of the weights.
    pub bits: WeightBits,
    /// Real value of a weight of 1: one for the layer or one for each output.
    pub weight: Vec<f64>,
    /// Real value of an activation of 1; none in the last layer.
    pub activation: Option<f64>,
}

impl LayerScales {
    /// Scales for given weights: 8 bits reach the greatest weight, 4 and 2 bits have the least
    /// squared error. `input` and `activation` are the real values of one step of the layer's
    /// inputs and outputs.
    pub fn fit(
        dense: &Dense,
        bits: WeightBits,
        granularity: Granularity,
        input: f64,
        activation: Option<f64>,
    ) -> Self {
        let (count, finest) = match activation {
            None => (1, f32::MIN_POSITIVE.into()),
            // A weight below 2⁻²⁰ of an output step has no effect, and its multiplier would have
            // less than 12 bits.
            Some(step) => {
                let per_output = granularity == Granularity::Output;
                (if per_output { dense.outputs } else { 1 }, step / input / f64::from(1 << 20))
            }
        };
        let scale = |first: usize| {
            let weights = dense.weight.iter().skip(first).step_by(count);
            fitted(bits, &weights.map(|&weight| weight.into()).collect::<Vec<_>>()).max(finest)
        };
        Self { bits, weight: (0..count).map(scale).collect(), activation }
    }

    /// Real value of a weight of 1 to this output.
    pub fn weight(&self, output: usize) -> f64 {
        if self.weight.len() == 1 { self.weight[0] } else { self.weight[output] }
    }

    /// The weights rounded to integers times their scales, as floats.
    pub fn round(&self, dense: &Dense) -> Dense {
        let mut rounded = dense.clone();
        for row in rounded.weight.chunks_exact_mut(dense.outputs) {
            for (output, weight) in row.iter_mut().enumerate() {
                let scale = self.weight(output);
                let level = nearest(self.bits, f64::from(*weight) / scale);
                *weight = (f64::from(level) * scale) as f32;
            }
        }
        rounded
    }
}

/// The integer weight nearest to `value`: all integers with 8 bits, the odd ones with 4 and 2.
pub fn nearest(bits: WeightBits, value: f64) -> i32 {
    let max = f64::from(bits.max_weight());
    let value = match bits {
        WeightBits::Eight => value.round(),
        WeightBits::Four | WeightBits::Two => 2.0 * (value / 2.0).floor() + 1.0,
    };
    value.clamp(-max, max) as i32
}

/// The scale of these weights. With 8 bits it reaches the greatest; with 4 and 2 bits it is that of
/// the least squared error: the best of a range of scales, then alternately the nearest integers
/// for the scale and the best scale for the integers (Lloyd's method, with the levels tied to one
/// scale).
fn fitted(bits: WeightBits, values: &[f64]) -> f64 {
    /// Eight to each halving, down to 1/32 of the scale that reaches the greatest weight.
    const CANDIDATES: i32 = 41;
    const REFINEMENTS: usize = 8;
    let greatest = values.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
    let reaching = greatest / f64::from(bits.max_weight());
    if bits == WeightBits::Eight || greatest == 0.0 {
        return reaching;
    }
    let error = |scale: f64| -> f64 {
        values.iter().map(|v| (v - scale * f64::from(nearest(bits, v / scale))).powi(2)).sum()
    };
    let candidates = (0..CANDIDATES).map(|eighth| reaching * (-f64::from(eighth) / 8.0).exp2());
    let errors = candidates.map(|scale| (error(scale), scale));
    let (_, mut scale) = errors.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are candidates");
    for _ in 0..REFINEMENTS {
        let sums = values.iter().fold((0.0, 0.0), |(cross, square), v| {
            let level = f64::from(nearest(bits, v / scale));
            (cross + v * level, square + level * level)
        });
        if sums.0 > 0.0 {
            scale = sums.0 / sums.1;
        }
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    #[test]
    fn weights_round_to_the_nearest_that_the_format_has() {
        let round = |bits, values: &[f64]| -> Vec<i32> {
            values.iter().map(|&value| nearest(bits, value)).collect()
        };
        assert_eq!(round(WeightBits::Eight, &[-300.0, -0.4, 1.5, 127.4]), [-127, 0, 2, 127]);
        assert_eq!(
            round(WeightBits::Four, &[-99.0, -0.1, 0.1, 1.9, 2.1, 16.0]),
            [-15, -1, 1, 1, 3, 15]
        );
        assert_eq!(round(WeightBits::Two, &[-2.1, -1.9, 0.0, 9.0]), [-3, -1, 1, 3]);
    }

    #[test]
    fn no_scale_near_the_fitted_one_has_a_smaller_error() {
        let mut rng = Rng::new(1, &[]);
        let sum = |_| f64::from((0..6).map(|_| rng.unit() - 0.5).sum::<f32>());
        let values: Vec<f64> = (0..4000).map(sum).collect();
        for bits in [WeightBits::Four, WeightBits::Two] {
            let error = |scale: f64| -> f64 {
                let rounded = |v: f64| scale * f64::from(nearest(bits, v / scale));
                values.iter().map(|&v| (v - rounded(v)).powi(2)).sum()
            };
            let fitted = fitted(bits, &values);
            for factor in [0.5, 0.8, 0.95, 1.05, 1.2, 2.0] {
                assert!(error(fitted) < error(fitted * factor), "{bits:?} {factor}");
            }
        }
    }

    #[test]
    fn weights_on_the_grid_are_found_exactly_and_stay() {
        let weight = [-15.0, 3.0, 1.0, -1.0, 7.0, 15.0].map(|level: f32| level * 0.25).to_vec();
        let dense = Dense { weight, ..Dense::zeros(3, 2) };
        let scales = LayerScales::fit(&dense, WeightBits::Four, Granularity::Layer, 1.0, Some(1.0));
        assert!((scales.weight[0] - 0.25).abs() < 1e-12, "{scales:?}");
        assert_eq!(scales.round(&dense), dense);
    }

    #[test]
    fn there_is_a_scale_per_output_or_per_layer_and_one_in_the_last() {
        let dense = Dense { weight: vec![0.5; 6], ..Dense::zeros(2, 3) };
        let count = |granularity, activation| {
            LayerScales::fit(&dense, WeightBits::Two, granularity, 1.0, activation).weight.len()
        };
        assert_eq!(count(Granularity::Output, Some(1.0)), 3);
        assert_eq!(count(Granularity::Layer, Some(1.0)), 1);
        assert_eq!(count(Granularity::Output, None), 1);
    }

    #[test]
    fn eight_bits_reach_the_greatest_weight_exactly() {
        let dense = Dense { weight: vec![-63.5, 1.3, 0.2, -0.7], ..Dense::zeros(4, 1) };
        let scales =
            LayerScales::fit(&dense, WeightBits::Eight, Granularity::Layer, 1.0, Some(1.0));
        assert_eq!(scales.weight, [0.5]);
    }

    #[test]
    fn the_scale_of_zeros_is_the_finest_that_has_an_effect() {
        let fit = |bits, activation| {
            LayerScales::fit(&Dense::zeros(2, 3), bits, Granularity::Output, 0.5, activation).weight
        };
        for bits in [WeightBits::Eight, WeightBits::Four, WeightBits::Two] {
            assert_eq!(fit(bits, Some(2.0)), [4.0 / f64::from(1 << 20); 3]);
            assert_eq!(fit(bits, None), [f64::from(f32::MIN_POSITIVE)]);
        }
    }
}
