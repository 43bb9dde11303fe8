//! Rounding of activations within the graph, and the gradients of their scales.

use burn::tensor::{Gradients, Tensor, TensorData};

use crate::net;
use crate::quantize::simulate::round;

/// The greatest activation, in steps.
const GREATEST: f32 = 255.0;

/// The rounding of one pass through the network.
pub(crate) struct Rounding<'a> {
    /// Real value of a step of each hidden layer's activations.
    steps: &'a [f32],
    rounded: Vec<Rounded>,
}

struct Rounded {
    /// Leaf of the graph whose gradient is that of the rounded activations.
    correction: Tensor<2>,
    /// By how many steps an activation changes when a step grows by its own size: what rounding
    /// has added, or all of it where it is clipped.
    slopes: Vec<f32>,
}

impl<'a> Rounding<'a> {
    pub(crate) fn new(steps: &'a [f32]) -> Self {
        Self { steps, rounded: Vec::new() }
    }

    /// The activations of the next hidden layer, given its sums: `sums · inside + correction`, where
    /// `inside` is 1 where neither end clips and else 0, and the correction makes the result what it
    /// has to be. Two operations of the graph, whatever rounding takes.
    pub(crate) fn activate(&mut self, sums: Tensor<2>) -> Tensor<2> {
        let step = self.steps[self.rounded.len()];
        let (device, shape) = (sums.device(), sums.dims());
        let mut inside = net::values(sums.clone().inner());
        let (mut corrections, mut slopes) = (vec![0.0; inside.len()], vec![0.0; inside.len()]);
        split(step, &mut inside, &mut corrections, &mut slopes);
        let tensor = |values| Tensor::from_data(TensorData::new(values, shape), &device);
        let correction: Tensor<2> = tensor(corrections).require_grad();
        self.rounded.push(Rounded { correction: correction.clone(), slopes });
        sums * tensor(inside) + correction
    }

    /// The gradients of the logarithms of the steps.
    pub(crate) fn gradients(self, gradients: &mut Gradients) -> Vec<f32> {
        let layer = |(rounded, step): (Rounded, &f32)| {
            let gradient = rounded.correction.grad_remove(gradients);
            let gradient = net::values(gradient.expect("every activation takes part in the loss"));
            let products = gradient.iter().zip(&rounded.slopes).map(|(g, slope)| g * slope);
            products.sum::<f32>() * step
        };
        self.rounded.into_iter().zip(self.steps).map(layer).collect()
    }
}

/// Turns the sums in `inside` into 1 where a gradient passes and else 0; all slices have the same
/// length. Not inlined: as arguments, the slices are known not to overlap.
#[inline(never)]
fn split(step: f32, inside: &mut [f32], corrections: &mut [f32], slopes: &mut [f32]) {
    let inverse = 1.0 / step;
    for ((sum, correction), slope) in inside.iter_mut().zip(corrections).zip(slopes) {
        let steps = *sum * inverse;
        let rounded = round(steps.clamp(0.0, GREATEST));
        let passes = if steps > 0.0 && steps < GREATEST { 1.0 } else { 0.0 };
        *correction = rounded * step - *sum * passes;
        *slope = rounded - steps * passes;
        *sum = passes;
    }
}
