//! Scales: which real value an integer step stands for.

use std::fmt;

use clap::ValueEnum;
use inkbit_core::WeightBits;
use serde::{Deserialize, Serialize};

use crate::net::Dense;

/// Which weights of a hidden layer share a scale. The last layer always has one, because its
/// outputs are compared with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// All of them: 4 bytes of a model for each hidden layer.
    Layer,
    /// Those of an output: 4 bytes for each hidden unit.
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
    /// Real value of a weight of 1: one for the layer, or one for each output.
    pub weight: Vec<f64>,
    /// Real value of an activation of 1; none in the last layer.
    pub activation: Option<f64>,
}

impl LayerScales {
    /// Scales for given weights: 8 bits reach the greatest weight, 4 and 2 bits have the least
    /// squared error. `input` and `activation` are the real values of one step of what the layer
    /// takes and gives.
    #[must_use]
    pub fn fit(
        dense: &Dense,
        bits: WeightBits,
        granularity: Granularity,
        input: f64,
        activation: Option<f64>,
    ) -> Self {
        let outputs = dense.outputs;
        let column = |output| dense.weight.iter().skip(output).step_by(outputs).copied();
        let Some(step) = activation else {
            let scale = match bits {
                WeightBits::Eight => greatest(dense.weight.iter().copied()) / 127.0,
                _ => least_squares(bits, dense.weight.iter().copied()),
            };
            return Self { bits, weight: vec![scale.max(f32::MIN_POSITIVE.into())], activation };
        };
        // Finer than 2⁻²⁰ of an output step no weight matters, and a multiplier of less than 12
        // bits would.
        let finest = step / input / f64::from(1 << 20);
        let scale = |values: &mut dyn Iterator<Item = f32>| match bits {
            WeightBits::Eight => greatest(values) / 127.0,
            _ => least_squares(bits, values),
        };
        let weight = match granularity {
            Granularity::Layer => vec![scale(&mut dense.weight.iter().copied()).max(finest)],
            Granularity::Output => {
                (0..outputs).map(|j| scale(&mut column(j)).max(finest)).collect()
            }
        };
        Self { bits, weight, activation }
    }

    /// Real value of a weight of 1 to this output.
    #[must_use]
    pub fn weight(&self, output: usize) -> f64 {
        if self.weight.len() == 1 { self.weight[0] } else { self.weight[output] }
    }

    /// The weights rounded to what the integers can be, as floats.
    #[must_use]
    pub fn round(&self, dense: &Dense) -> Dense {
        let mut rounded = dense.clone();
        for row in rounded.weight.chunks_exact_mut(dense.outputs) {
            for (output, weight) in row.iter_mut().enumerate() {
                let scale = self.weight(output);
                *weight =
                    (f64::from(nearest(self.bits, f64::from(*weight) / scale)) * scale) as f32;
            }
        }
        rounded
    }
}

/// The integer weight nearest to `value`: all integers with 8 bits, the odd ones with 4 and 2.
#[must_use]
pub fn nearest(bits: WeightBits, value: f64) -> i32 {
    let max = f64::from(bits.max_weight());
    let value = match bits {
        WeightBits::Eight => value.round(),
        WeightBits::Four | WeightBits::Two => 2.0 * (value / 2.0).floor() + 1.0,
    };
    value.clamp(-max, max) as i32
}

fn greatest(values: impl Iterator<Item = f32>) -> f64 {
    values.fold(0.0, |greatest, value| greatest.max(f64::from(value).abs()))
}

/// The scale with which rounding to `bits` has the least squared error: the best of a range of
/// scales, then alternately the nearest integers for the scale and the best scale for the integers
/// (Lloyd's method, with the levels tied to one scale).
fn least_squares(bits: WeightBits, values: impl Iterator<Item = f32>) -> f64 {
    /// Eight to each halving, down to 1/32 of what reaches the greatest weight.
    const CANDIDATES: i32 = 41;
    const REFINEMENTS: usize = 8;
    let values: Vec<f64> = values.map(f64::from).collect();
    let greatest = values.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
    if greatest == 0.0 {
        return 0.0;
    }
    let error = |scale: f64| -> f64 {
        values.iter().map(|v| (v - scale * f64::from(nearest(bits, v / scale))).powi(2)).sum()
    };
    let reaching = greatest / f64::from(bits.max_weight());
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
        let values: Vec<f32> =
            (0..4000).map(|_| (0..6).map(|_| rng.unit() - 0.5).sum::<f32>()).collect();
        for bits in [WeightBits::Four, WeightBits::Two] {
            let error = |scale: f64| -> f64 {
                let rounded = |v: f64| scale * f64::from(nearest(bits, v / scale));
                values.iter().map(|&v| (f64::from(v) - rounded(v.into())).powi(2)).sum()
            };
            let fitted = least_squares(bits, values.iter().copied());
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
}
