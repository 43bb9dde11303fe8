//! The optimizer, over plain slices: clipped gradients, Adam (Kingma and Ba, 2015) with decoupled
//! weight decay (AdamW: Loshchilov and Hutter, 2019), and a running mean of the weights.

use multiversion::multiversion;

use crate::config::AdamConfig;
use crate::net::{Dense, Mlp, Norm};

/// The state of the optimizer.
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
    /// The state before the first step of a network of this shape.
    pub fn new(net: &Mlp) -> Self {
        Self { steps: 0, mean: net.zeroed(), square: net.zeroed() }
    }

    /// Follows a network that is [folded](Mlp::folded): a weight that was divided by a deviation
    /// has a gradient that is larger by this factor.
    pub(super) fn fold(&mut self, norms: &[Norm]) {
        for (state, power) in [(&mut self.mean, 1), (&mut self.square, 2)] {
            for (layer, norm) in state.layers.iter_mut().zip(norms) {
                for row in layer.weight.chunks_exact_mut(layer.outputs) {
                    let deviations = row.iter_mut().zip(&norm.deviation);
                    deviations.for_each(|(value, deviation)| *value *= deviation.powi(power));
                }
            }
        }
    }

    /// Changes the parameters by their gradients. `decay` times `rate` is the fraction of each
    /// weight that is subtracted; biases and scales do not decay.
    ///
    /// One pass over memory: a chain of tensor operations takes a quarter of the training time.
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

/// Kinds of parameters of a layer, the weights first; see [`Mlp::parameters`].
const PARAMETERS: usize = 4;

/// Flushes to 0 what is too small to move any weight: means of weights whose pixel stays background
/// for long would remain subnormal, and processors take many times as long for such numbers.
#[inline(always)]
fn normal(value: f32) -> f32 {
    if value.abs() < 1e-36 { 0.0 } else { value }
}

/// The arithmetic of every parameter; all slices have the same length.
///
/// As arguments, the slices are known not to overlap, and the loop becomes SIMD.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
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

/// Scales all gradients down if the norm of those of weights and biases is above the limit. The
/// norm leaves out the scales: their gradients sum up those of many weights.
pub(super) fn clip(gradients: &mut Mlp, limit: f32) {
    let squares = |layer: &Dense| sum_of_squares(&layer.weight) + sum_of_squares(&layer.bias);
    let norm = gradients.layers.iter().map(squares).sum::<f64>().sqrt() as f32;
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

/// Moves the running mean of the weights (Polyak averaging, with exponentially less weight for
/// older steps) towards the parameters after a step, counted from 1. Early steps count more than
/// `decay` says, so that the random start is soon forgotten.
pub(super) fn average(mean: &mut Mlp, net: &Mlp, decay: f32, step: u64) {
    let decay = f64::from(decay).min((1 + step) as f64 / (10 + step) as f64);
    let rate = (1.0 - decay) as f32;
    for (mean, values) in mean.parameters_mut().zip(net.parameters()) {
        mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += rate * (value - *mean));
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
    #[test]
    fn the_mean_forgets_the_start_and_then_moves_slowly() {
        let mut mean = Mlp::zeros(&[1, 1]);
        let mut net = mean.clone();
        net.layers[0].bias[0] = 1.0;
        (1..=1000).for_each(|step| average(&mut mean, &net, 0.99, step));
        assert!(mean.layers[0].bias[0] > 0.9999, "{mean:?}");
        net.layers[0].bias[0] = 2.0;
        average(&mut mean, &net, 0.99, 1001);
        assert!((mean.layers[0].bias[0] - 1.01).abs() < 1e-4, "{mean:?}");
    }
}
