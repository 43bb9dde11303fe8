//! The Adam optimizer (Kingma and Ba, 2015) with decoupled weight decay (AdamW: Loshchilov and
//! Hutter, 2019), over plain slices.

use crate::config::AdamConfig;
use crate::net::{Mlp, Norm};

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
    /// Before the first step of a network of this shape.
    #[must_use]
    pub fn new(net: &Mlp) -> Self {
        Self { steps: 0, mean: net.zeroed(), square: net.zeroed() }
    }

    /// What it would remember if the network had been [folded](Mlp::folded): a weight that was divided
    /// by a deviation has a gradient as many times as large.
    pub(super) fn fold(&mut self, norms: &[Norm]) {
        for (remembered, power) in [(&mut self.mean, 1), (&mut self.square, 2)] {
            for (layer, norm) in remembered.layers.iter_mut().zip(norms) {
                for row in layer.weight.chunks_exact_mut(layer.outputs) {
                    let deviations = row.iter_mut().zip(&norm.deviation);
                    deviations.for_each(|(value, deviation)| *value *= deviation.powi(power));
                }
            }
        }
    }

    /// Changes the parameters by their gradients. `decay` times `rate` is the share of each weight
    /// that is taken away; biases and scales are left alone.
    ///
    /// One pass over memory: as a chain of tensor operations it takes a quarter of the training.
    pub fn step(
        &mut self,
        config: &AdamConfig,
        rate: f32,
        decay: f32,
        net: &mut Mlp,
        gradients: &Mlp,
    ) {
        self.steps += 1;
        let unbiased = |beta: f32| 1.0 - f64::from(beta).powf(self.steps as f64);
        let adapted =
            (f64::from(rate) * unbiased(config.beta2).sqrt() / unbiased(config.beta1)) as f32;
        let state = self.mean.parameters_mut().zip(self.square.parameters_mut());
        let parts = net.parameters_mut().zip(state).zip(gradients.parameters());
        for (number, ((value, (mean, square)), gradient)) in parts.enumerate() {
            let is_weight = number % PARAMETERS == 0;
            let keep = if is_weight { 1.0 - rate * decay } else { 1.0 };
            update(config, adapted, keep, value, mean, square, gradient);
        }
    }
}

/// Kinds of parameters that a layer has, the weights first.
const PARAMETERS: usize = 4;

/// Without what is too small to move any weight: means of weights whose pixel has no ink for long
/// would stay subnormal for ever, and processors take many times as long for such numbers.
#[inline(always)]
fn normal(value: f32) -> f32 {
    if value.abs() < 1e-36 { 0.0 } else { value }
}

/// The arithmetic, alike for every parameter; all slices have the same length.
///
/// Not inlined: as arguments, the slices are known not to overlap, and the loop becomes SIMD.
#[inline(never)]
fn update(
    config: &AdamConfig,
    rate: f32,
    keep: f32,
    value: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    gradient: &[f32],
) {
    let &AdamConfig { beta1, beta2, epsilon } = config;
    let state = mean.iter_mut().zip(square);
    for ((value, (mean, square)), gradient) in value.iter_mut().zip(state).zip(gradient) {
        *mean = normal(*mean + (1.0 - beta1) * (gradient - *mean));
        *square = normal(*square + (1.0 - beta2) * (gradient * gradient - *square));
        *value = *value * keep - rate * *mean / (square.sqrt() + epsilon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: AdamConfig = AdamConfig { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

    #[test]
    fn the_first_step_moves_every_parameter_by_the_rate_against_its_gradient() {
        let mut net = Mlp::zeros(&[2, 1]);
        let mut gradient = Mlp::zeros(&[2, 1]);
        gradient.layers[0].weight = vec![3.0, -0.5];
        Adam::new(&net).step(&CONFIG, 0.01, 0.0, &mut net, &gradient);
        let moved = &net.layers[0].weight;
        assert!((moved[0] + 0.01).abs() < 1e-6 && (moved[1] - 0.01).abs() < 1e-6, "{moved:?}");
        assert_eq!(net.layers[0].bias, [0.0]);
    }

    #[test]
    fn decay_takes_from_weights_and_not_from_biases() {
        let mut net = Mlp::zeros(&[2, 1, 1]);
        net.parameters_mut().for_each(|values| values.fill(1.0));
        let none = net.zeroed();
        Adam::new(&net).step(&CONFIG, 0.1, 0.5, &mut net, &none);
        for layer in &net.layers {
            assert!(layer.weight.iter().all(|&weight| weight == 0.95), "{layer:?}");
            assert_eq!(layer.bias, [1.0]);
        }
    }
}
