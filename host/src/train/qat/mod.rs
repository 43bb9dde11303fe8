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

use std::ops::Range;

use inkbit_core::WeightBits;

use super::adam::AdamConfig;
use super::pair;
use crate::data::Images;
use crate::net::Mlp;
use crate::quantize::{Granularity, LayerScales, QuantizeError, Quantized};
pub(crate) use activations::Rounding;
use weights::Grid;

/// The share of the activations above 0 that the first scale of a layer covers.
const COVERED: f64 = 0.9995;

/// The scales of a network in training, as logarithms.
#[derive(Clone, Debug, PartialEq)]
pub struct Scales {
    layers: Vec<Layer>,
    /// All of them, layer after layer: those of the weights, then that of the activations.
    pub logarithms: Vec<f32>,
}

/// Where a layer's scales lie.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    bits: WeightBits,
    outputs: usize,
    /// One, or one for each output.
    weight: Range<usize>,
    /// None in the last layer.
    activation: Option<usize>,
}

impl Scales {
    /// All of them 1, for a network of these widths; `bits` has one number for each layer.
    #[must_use]
    pub fn new(widths: &[usize], bits: &[WeightBits], granularity: Granularity) -> Self {
        let last = bits.len().saturating_sub(1);
        let (mut layers, mut end) = (Vec::new(), 0);
        for (number, (&outputs, &bits)) in widths.iter().skip(1).zip(bits).enumerate() {
            let own = number != last && granularity == Granularity::Output;
            let weight = end..end + if own { outputs } else { 1 };
            end = weight.end;
            let activation = (number != last).then_some(end);
            end += usize::from(number != last);
            layers.push(Layer { bits, outputs, weight, activation });
        }
        Self { layers, logarithms: vec![0.0; end] }
    }

    /// Scales to begin with: of least squared error for the weights (with 8 bits, what reaches the
    /// greatest), and for the activations what covers nearly all of them on `images`.
    ///
    /// # Errors
    ///
    /// Those of [`Quantized::post_training`].
    pub fn start(
        latent: &Mlp,
        images: &Images,
        bits: &[WeightBits],
        granularity: Granularity,
    ) -> Result<Self, QuantizeError> {
        let fitted = Quantized::fit(latent, images, bits, granularity, COVERED)?;
        let mut scales = Self::new(&latent.widths(), bits, granularity);
        for (layer, fitted) in scales.layers.iter().zip(&fitted.scales) {
            let values = &mut scales.logarithms;
            for (value, scale) in values[layer.weight.clone()].iter_mut().zip(&fitted.weight) {
                *value = scale.ln() as f32;
            }
            if let (Some(place), Some(step)) = (layer.activation, fitted.activation) {
                values[place] = step.ln() as f32;
            }
        }
        Ok(scales)
    }

    /// Real value of one step of each hidden layer's activations.
    #[must_use]
    pub fn steps(&self) -> Vec<f32> {
        let places = self.layers.iter().filter_map(|layer| layer.activation);
        places.map(|place| self.logarithms[place].exp()).collect()
    }

    fn grid(&self, layer: &Layer) -> Grid {
        let scales: Vec<f32> =
            self.logarithms[layer.weight.clone()].iter().map(|value| value.exp()).collect();
        let scales = if scales.len() == 1 { vec![scales[0]; layer.outputs] } else { scales };
        Grid::new(layer.bits, scales)
    }

    /// The network with its weights rounded to what the integers can be.
    #[must_use]
    pub fn round(&self, latent: &Mlp) -> Mlp {
        let mut rounded = latent.clone();
        for (layer, dense) in self.layers.iter().zip(&mut rounded.layers) {
            let grid = self.grid(layer);
            let middle = dense.inputs / 2 * dense.outputs;
            let (upper, lower) = dense.weight.split_at_mut(middle);
            pair::join(|| grid.round(upper), || grid.round(lower));
        }
        rounded
    }

    /// Carries the gradients of a rounded network, in two parts that add up, to the latent weights,
    /// in place, and to the scales, whose gradients are returned. `activations` are those of
    /// [`Rounding::gradients`].
    pub(crate) fn straight_through(
        &self,
        latent: &Mlp,
        gradients: [&mut Mlp; 2],
        activations: &[f32],
    ) -> Vec<f32> {
        let mut logarithms = vec![0.0; self.logarithms.len()];
        let [first, second] = gradients;
        let mut activations = activations.iter();
        let parts = latent.layers.iter().zip(first.layers.iter_mut().zip(&mut second.layers));
        for (layer, (latent, (first, second))) in self.layers.iter().zip(parts) {
            let grid = self.grid(layer);
            let middle = latent.inputs / 2 * latent.outputs;
            let (upper, lower) = latent.weight.split_at(middle);
            let (first, first_lower) = first.weight.split_at_mut(middle);
            let (second, second_lower) = second.weight.split_at_mut(middle);
            let (upper, lower) = pair::join(
                || grid.straight_through(upper, first, second),
                || grid.straight_through(lower, first_lower, second_lower),
            );
            let places = &mut logarithms[layer.weight.clone()];
            for (output, (upper, lower)) in upper.iter().zip(&lower).enumerate() {
                let place = if places.len() == 1 { 0 } else { output };
                places[place] += upper + lower;
            }
            if let Some(place) = layer.activation {
                logarithms[place] = activations.next().copied().unwrap_or_default();
            }
        }
        logarithms
    }

    /// The network as it is evaluated and exported.
    #[must_use]
    pub fn quantized(&self, latent: &Mlp) -> Quantized {
        let value = |place: usize| f64::from(self.logarithms[place].exp());
        let scales = |layer: &Layer| LayerScales {
            bits: layer.bits,
            weight: layer.weight.clone().map(value).collect(),
            activation: layer.activation.map(value),
        };
        Quantized { net: self.round(latent), scales: self.layers.iter().map(scales).collect() }
    }
}

/// Adam over the logarithms of scales.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleAdam {
    /// Steps taken.
    pub steps: u64,
    /// Decaying mean of the gradients.
    pub mean: Vec<f32>,
    /// Decaying mean of their squares.
    pub square: Vec<f32>,
}

impl ScaleAdam {
    /// Before the first step.
    #[must_use]
    pub fn new(scales: &Scales) -> Self {
        let zeros = vec![0.0; scales.logarithms.len()];
        Self { steps: 0, mean: zeros.clone(), square: zeros }
    }

    /// Changes the scales by a gradient.
    pub fn step(&mut self, config: &AdamConfig, rate: f32, scales: &mut Scales, gradient: &[f32]) {
        self.steps += 1;
        let unbiased = |beta: f32| 1.0 - beta.powf(self.steps as f32);
        let rate = rate * unbiased(config.beta2).sqrt() / unbiased(config.beta1);
        let state = self.mean.iter_mut().zip(&mut self.square);
        for ((value, gradient), (mean, square)) in
            scales.logarithms.iter_mut().zip(gradient).zip(state)
        {
            *mean += (1.0 - config.beta1) * (gradient - *mean);
            *square += (1.0 - config.beta2) * (gradient * gradient - *square);
            *value -= rate * *mean / (square.sqrt() + config.epsilon);
        }
    }
}

#[cfg(test)]
mod tests;
