//! The rounded network in floats compared with the integer model.
//!
//! They differ where sums of floats round, and where multipliers and biases are rounded to integers:
//! an activation near the boundary between two steps may be one step off.

use burn::tensor::{Device, Tensor};
use inkbit_core::{LayerOutput, Model, argmax};
use serde::{Deserialize, Serialize};

use crate::data::{Images, Shape};
use crate::evaluate::refusal::Refusal;
use crate::model::{HostEngine, ImagesError, check_images, dense};
use crate::net::rounding::rounded_activations;
use crate::net::{self, Net};
use crate::quantize::{Quantized, Removed};

/// Batch size of the float network.
const BATCH: usize = 500;

/// The effect of quantization on a network. Accuracies are fractions of the test images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quantization {
    /// Bits of a weight, for each layer.
    pub bits: Vec<usize>,
    /// Whether scales were learned in training; otherwise they were fitted after it.
    pub learned: bool,
    /// Length of the blob in bytes.
    pub bytes: usize,
    /// Accuracy of the float network, with rounded weights and activations if scales were learned.
    pub float_accuracy: f64,
    /// Mean cross-entropy of the float network in nats.
    pub float_loss: f64,
    /// Accuracy of the integer model.
    pub int_accuracy: f64,
    /// Mean cross-entropy of the integer model in nats.
    pub int_loss: f64,
    /// Differences between the rounded network and the integer model on the test images.
    pub differences: Differences,
    /// Units removed from each hidden layer; empty if removal was off.
    pub removed: Vec<Removed>,
    /// Number of test images whose logits the removal changed.
    pub changed: usize,
    /// What the model calls none of its classes.
    pub refusal: Option<Refusal>,
}

/// Differences between the activations of one hidden layer, over all images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerDifference {
    /// Activations compared.
    pub compared: usize,
    /// Activations that differ.
    pub differing: usize,
    /// The greatest difference, in steps of 255.
    pub greatest: u8,
}

/// Differences between the integer model and the rounded network in floats.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// Images compared.
    pub images: usize,
    /// Differences in each hidden layer.
    pub hidden: Vec<LayerDifference>,
    /// Logits compared.
    pub logits: usize,
    /// Mean difference between two logits, in units of the float network.
    pub mean_logit: f64,
    /// The greatest such difference.
    pub greatest_logit: f64,
    /// Images that are classified differently.
    pub classes: usize,
}

impl Differences {
    /// Compares every unit of a rounded network with the integer model made from it.
    ///
    /// # Panics
    ///
    /// If the model has other layers.
    pub fn between(
        quantized: &Quantized,
        model: &Model<'_>,
        images: &Images,
        device: &Device,
    ) -> Result<Self, ImagesError> {
        check_images(images, &Shape::of_model(model), model.classes())?;
        let small = images.inputs_of(model);
        let net = quantized.net.clone().into_net(device);
        let (size, classes) = (model.sample().bytes(), model.classes());
        let scale = f64::from(model.stages()[0].logit_scale);
        let mut engine = HostEngine::new(model);
        let hidden = vec![LayerDifference::default(); quantized.scales.len() - 1];
        let mut found = Self { hidden, ..Self::default() };
        let indices: Vec<u32> = (0..images.len() as u32).collect();
        for (indices, pixels) in indices.chunks(BATCH).zip(images.pixels.chunks(BATCH * size)) {
            let mut activations = Vec::new();
            let logits = forward(quantized, &net, &small, indices, device, |step, values| {
                activations
                    .push(values.iter().map(|value| (value / step).round() as i64).collect());
            });
            let (activations, logits): (Vec<Vec<i64>>, _) = (activations, net::values(logits));
            for (index, pixels) in pixels.chunks_exact(size).enumerate() {
                let given = engine.infer_observed(pixels, |layer, output| {
                    if let LayerOutput::Activations(_) = output {
                        let width = model.layers()[layer].outputs();
                        let expected = &activations[layer][index * width..(index + 1) * width];
                        found.hidden[layer].add(expected, &dense(output, width));
                    }
                });
                found.add_logits(&logits[index * classes..(index + 1) * classes], &given, scale);
            }
        }
        found.mean_logit /= found.logits.max(1) as f64;
        Ok(found)
    }

    fn add_logits(&mut self, expected: &[f32], found: &[i32], scale: f64) {
        self.images += 1;
        self.logits += found.len();
        for (&expected, &found) in expected.iter().zip(found) {
            let difference = (f64::from(expected) - f64::from(found) * scale).abs();
            self.mean_logit += difference;
            self.greatest_logit = self.greatest_logit.max(difference);
        }
        self.classes += usize::from(argmax(expected) != argmax(found));
    }
}

impl LayerDifference {
    fn add(&mut self, expected: &[i64], found: &[i64]) {
        self.compared += expected.len();
        for difference in expected.iter().zip(found).map(|(a, b)| a.abs_diff(*b)) {
            self.differing += usize::from(difference > 0);
            self.greatest = self.greatest.max(difference.min(255) as u8);
        }
    }
}

/// Computes the logits; `observe` gets the step and the activations of every hidden layer.
fn forward(
    quantized: &Quantized,
    net: &Net,
    images: &Images,
    indices: &[u32],
    device: &Device,
    mut observe: impl FnMut(f32, &[f32]),
) -> Tensor<2> {
    let mut steps = quantized.scales.iter().filter_map(|scales| scales.activation);
    net.forward(net::input(images, indices, device), |sums| {
        let step = steps.next().expect("every hidden layer has a scale") as f32;
        let activations = rounded_activations(sums, step);
        observe(step, &net::values(activations.clone()));
        activations
    })
}
