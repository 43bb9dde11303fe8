//! Rounds weights, and passes gradients through the rounding.

use inkbit_core::WeightBits;

use crate::net::Dense;
use crate::net::rounding::{round, step_of};

/// The possible weights of a layer: `scale · level`, where a level is an integer or, with 4 and 2
/// bits, an odd one.
pub(super) struct Grid {
    /// One for each output.
    scales: Vec<f32>,
    inverses: Vec<f32>,
    levels: Levels,
}

#[derive(Clone, Copy)]
struct Levels {
    greatest: f32,
    /// Distance between two levels.
    step: f32,
    inverse_step: f32,
    /// One of the levels.
    origin: f32,
}

impl Levels {
    /// The level nearest to a weight that is given in steps.
    #[inline(always)]
    fn nearest(self, steps: f32) -> f32 {
        let clamped = steps.clamp(-self.greatest, self.greatest);
        round((clamped - self.origin) * self.inverse_step) * self.step + self.origin
    }
}

impl Grid {
    /// The grid of a layer with scales.
    pub(super) fn new(dense: &Dense, bits: WeightBits) -> Self {
        let step = bits.step() as f32;
        let origin = if bits.step() == 1 { 0.0 } else { 1.0 };
        let levels =
            Levels { greatest: bits.max_weight() as f32, step, inverse_step: 1.0 / step, origin };
        let scales: Vec<f32> = dense.weight_scales().into_iter().map(step_of).collect();
        let inverses = scales.iter().map(|scale| 1.0 / scale).collect();
        Self { scales, inverses, levels }
    }

    /// Rounds weights, the outputs of one input together.
    pub(super) fn round(&self, weights: &mut [f32]) {
        let levels = self.levels;
        for row in weights.chunks_exact_mut(self.scales.len()) {
            let scales = self.scales.iter().zip(&self.inverses);
            for (weight, (scale, inverse)) in row.iter_mut().zip(scales) {
                *weight = levels.nearest(*weight * inverse) * scale;
            }
        }
    }

    /// Sets the gradients of clipped weights to 0 and returns those of the scales' logarithms, one
    /// for each output.
    pub(super) fn straight_through(&self, latent: &[f32], gradients: &mut [f32]) -> Vec<f32> {
        let (levels, outputs) = (self.levels, self.scales.len());
        let mut sums = vec![0.0; outputs];
        for (latent, gradients) in
            latent.chunks_exact(outputs).zip(gradients.chunks_exact_mut(outputs))
        {
            let columns = sums.iter_mut().zip(&self.inverses);
            for ((latent, gradient), (sum, inverse)) in latent.iter().zip(gradients).zip(columns) {
                let steps = latent * inverse;
                let inside = if steps.abs() <= levels.greatest { 1.0 } else { 0.0 };
                *sum += *gradient * (levels.nearest(steps) - inside * steps);
                *gradient *= inside;
            }
        }
        sums.iter().zip(&self.scales).map(|(sum, scale)| sum * scale).collect()
    }
}
