//! Quantizes float parameters to integers.
//!
//! Weights are symmetric integers of 8, 4 or 2 bits with one scale per output or per layer (one in
//! the last layer, whose outputs are compared with each other); activations are unsigned bytes with
//! one scale per layer and zero point 0, after Jacob et al., "Quantization and Training of Neural
//! Networks for Efficient Integer-Arithmetic-Only Inference", 2018. The scales come from
//! [`Quantized::post_training`], or have been learned by the training that rounds them.

use inkbit_core::{Input, Layout, ModelError, PackError, WeightBits};

use crate::data::{Images, Shape};
use crate::net::rounding::step_of;
use crate::net::{Dense, Mlp};

pub mod bits;
mod calibrate;
mod dequantize;
mod export;
mod prune;
pub mod scale;

use calibrate::POST_TRAINING;
pub(crate) use calibrate::calibrate;
pub use dequantize::dequantized;
pub use export::export;
pub(crate) use export::{check, origin};
pub use prune::Removed;
pub use scale::{Granularity, LayerScales};

/// The metadata of a model.
#[derive(Clone, Debug)]
pub struct Description {
    /// The model's name, at most 32 bytes.
    pub name: String,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// What a sample is.
    pub shape: Shape,
    /// The shape of its input.
    pub input: Input,
    /// How ink lies in the images that it was trained on.
    pub layout: Layout,
    /// By how much the greatest logit must be above all others together for an answer to stand, in
    /// logit steps.
    pub prominence: u32,
    /// The command that trained it, at most 512 bytes.
    pub command: String,
    /// [`Dataset::digest`](crate::data::Dataset::digest) of its data.
    pub digest: [u8; 32],
    /// Seed of its training.
    pub seed: u64,
}

/// A network that cannot be quantized.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum QuantizeError {
    /// The integers do not fit the format.
    #[error(transparent)]
    Format(#[from] PackError),
    /// The blob is no model that can be run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// `what` is "weight", "bias" or "activation"; layers are counted from 0.
    #[error(
        "layer {layer} has a {what} of {value}, which is not a finite number; train again with a \
         lower learning rate"
    )]
    NotFinite { layer: usize, what: &'static str, value: f32 },
    /// A line feed separates labels in a blob.
    #[error("class label {label:?} contains a line feed; rename the class")]
    Label { label: String },
    #[error("there are no training images to calibrate activation ranges with")]
    NoImages,
    /// `what` is "layers", or "inputs or outputs in a layer".
    #[error("the network has {found} {what}; the format has room for {limit}; train a smaller one")]
    TooLarge { what: &'static str, found: usize, limit: usize },
}

/// A network whose weights are integers times their scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// The rounded weights, and the trained biases.
    pub net: Mlp,
    /// One for each layer.
    pub scales: Vec<LayerScales>,
}

impl Quantized {
    /// Quantizes a trained network with the scales that it has learned, or else by
    /// [`Quantized::post_training`] on `images` that are shrunk to `input`.
    pub fn of_trained(
        net: &Mlp,
        images: &Images,
        input: Input,
        bits: &[WeightBits],
        granularity: Granularity,
    ) -> Result<Self, QuantizeError> {
        if net.has_scales() {
            return Ok(Self::learned(net, bits));
        }
        Self::post_training(net, &images.shrunk(input), bits, granularity)
    }

    /// A network that the training has rounded, with its learned scales. Batch
    /// normalization must be folded.
    pub(crate) fn learned(rounded: &Mlp, bits: &[WeightBits]) -> Self {
        let real = |logarithm: &f32| f64::from(step_of(*logarithm));
        let scales = |(dense, &bits): (&Dense, &WeightBits)| LayerScales {
            bits,
            weight: dense.weight_scale.iter().map(real).collect(),
            activation: dense.output_scale.first().map(real),
        };
        let scales = rounded.layers.iter().zip(bits).map(scales).collect();
        Self { net: rounded.clone(), scales }
    }

    /// Rounds a trained network to these widths, one for each layer. Activation ranges are
    /// calibrated on `images`.
    pub fn post_training(
        net: &Mlp,
        images: &Images,
        bits: &[WeightBits],
        granularity: Granularity,
    ) -> Result<Self, QuantizeError> {
        export::check(net)?;
        let ranges = calibrate(net, images, POST_TRAINING)?;
        let mut input = 1.0 / 255.0;
        let mut rounded = Self { net: Mlp { layers: Vec::new() }, scales: Vec::new() };
        for (layer, (dense, &bits)) in net.layers.iter().zip(bits).enumerate() {
            let activation = ranges.get(layer).map(|&range| f64::from(range) / 255.0);
            let scales = LayerScales::fit(dense, bits, granularity, input, activation);
            rounded.net.layers.push(scales.round(dense));
            rounded.scales.push(scales);
            input = activation.unwrap_or(input);
        }
        Ok(rounded)
    }
}
