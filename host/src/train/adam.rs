//! The Adam optimizer (Kingma and Ba, 2015), over plain slices.

use serde::{Deserialize, Serialize};

use super::pair;
use crate::net::Mlp;

/// Constants of Adam. The learning rate stands in [`TrainConfig`](crate::config::TrainConfig).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamConfig {
    /// Decay of the mean of the gradients, from 0 to below 1.
    pub beta1: f32,
    /// Decay of the mean of their squares, from 0 to below 1.
    pub beta2: f32,
    /// Added to the root of that mean, above 0.
    pub epsilon: f32,
}

/// What the optimizer remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// Decaying mean of the gradients.
    pub mean: Mlp,
    /// Decaying mean of the squared gradients.
    pub square: Mlp,
}

impl Adam {
    /// Before the first step.
    #[must_use]
    pub fn new(widths: &[usize]) -> Self {
        Self { steps: 0, mean: Mlp::zeros(widths), square: Mlp::zeros(widths) }
    }

    /// Changes the parameters by the sum of two gradients.
    ///
    /// One pass over memory: as a chain of tensor operations it takes a quarter of the training.
    pub fn step(&mut self, config: &AdamConfig, rate: f32, net: &mut Mlp, gradients: [&Mlp; 2]) {
        self.steps += 1;
        let unbiased = |beta: f32| 1.0 - f64::from(beta).powf(self.steps as f64);
        let rate =
            (f64::from(rate) * unbiased(config.beta2).sqrt() / unbiased(config.beta1)) as f32;
        let [first, second] = gradients.map(Mlp::parameters);
        let state = self.mean.parameters_mut().zip(self.square.parameters_mut());
        let parts = net.parameters_mut().zip(state).zip(first.zip(second));
        // Every parameter is updated alike, so that where they are divided makes no difference.
        let (upper, lower): (Vec<_>, Vec<_>) = parts
            .map(|((value, (mean, square)), (first, second))| {
                Part { value, mean, square, first, second }.halves()
            })
            .unzip();
        let update = |parts: Vec<Part<'_>>| parts.into_iter().for_each(|p| p.update(config, rate));
        pair::join(|| update(upper), || update(lower));
    }
}

/// Some parameters with all that belongs to them; the slices have the same length.
struct Part<'a> {
    value: &'a mut [f32],
    mean: &'a mut [f32],
    square: &'a mut [f32],
    first: &'a [f32],
    second: &'a [f32],
}

impl Part<'_> {
    fn halves(self) -> (Self, Self) {
        let middle = self.value.len() / 2;
        let (value, lower_value) = self.value.split_at_mut(middle);
        let (mean, lower_mean) = self.mean.split_at_mut(middle);
        let (square, lower_square) = self.square.split_at_mut(middle);
        let (first, lower_first) = self.first.split_at(middle);
        let (second, lower_second) = self.second.split_at(middle);
        let lower = Self {
            value: lower_value,
            mean: lower_mean,
            square: lower_square,
            first: lower_first,
            second: lower_second,
        };
        (Self { value, mean, square, first, second }, lower)
    }

    fn update(self, config: &AdamConfig, rate: f32) {
        let Self { value, mean, square, first, second } = self;
        update(config, rate, value, mean, square, first, second);
    }
}

/// The arithmetic, alike for every parameter; all slices have the same length.
///
/// Not inlined: as arguments, the slices are known not to overlap, and the loop becomes SIMD.
#[inline(never)]
fn update(
    config: &AdamConfig,
    rate: f32,
    value: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    first: &[f32],
    second: &[f32],
) {
    let &AdamConfig { beta1, beta2, epsilon } = config;
    let state = mean.iter_mut().zip(square);
    for ((value, (mean, square)), (first, second)) in
        value.iter_mut().zip(state).zip(first.iter().zip(second))
    {
        let gradient = first + second;
        *mean += (1.0 - beta1) * (gradient - *mean);
        *square += (1.0 - beta2) * (gradient * gradient - *square);
        *value -= rate * *mean / (square.sqrt() + epsilon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_moves_every_parameter_by_the_rate_against_its_gradient() {
        let config = AdamConfig { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
        let mut net = Mlp::zeros(&[2, 1]);
        let mut gradient = Mlp::zeros(&[2, 1]);
        gradient.layers[0].weight = vec![3.0, -0.5];
        let none = Mlp::zeros(&[2, 1]);
        Adam::new(&[2, 1]).step(&config, 0.01, &mut net, [&gradient, &none]);
        let moved = &net.layers[0].weight;
        assert!((moved[0] + 0.01).abs() < 1e-6 && (moved[1] - 0.01).abs() < 1e-6, "{moved:?}");
        assert_eq!(net.layers[0].bias, [0.0]);
    }
}
