//! Float parameters to integers.
//!
//! Weights are symmetric integers of 8, 4 or 2 bits with one scale per output or per layer (one in
//! the last layer, whose outputs are compared with each other); activations are unsigned bytes with
//! one scale per layer and zero point 0, after Jacob et al., "Quantization and Training of Neural
//! Networks for Efficient Integer-Arithmetic-Only Inference", 2018. The scales come from
//! [`Quantized::post_training`], or have been learned by [`train::qat`](crate::train::qat).

use inkbit_core::{Input, ModelError, PackError, WeightBits};

use crate::data::Images;
use crate::net::Mlp;

pub mod bits;
mod calibrate;
mod export;
pub(crate) mod learned;
mod prune;
pub mod scale;

use calibrate::POST_TRAINING;
pub(crate) use calibrate::calibrate;
pub(crate) use export::check;
pub use export::export;
pub use prune::Removed;
pub use scale::{Granularity, LayerScales};

/// What is known of a model besides its parameters.
#[derive(Clone, Debug)]
pub struct Description {
    /// The model's name, at most 32 bytes.
    pub name: String,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// The image it takes.
    pub input: Input,
    /// The command that trained it, at most 512 bytes.
    pub command: String,
    /// [`Dataset::digest`](crate::data::Dataset::digest) of its data.
    pub digest: [u8; 32],
    /// Seed of its training.
    pub seed: u64,
}

/// A network that cannot be quantized.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantizeError {
    /// The integers do not fit the format.
    #[error(transparent)]
    Format(#[from] PackError),
    /// The blob is no model that can be run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A weight, bias or activation is not a number.
    #[error(
        "layer {layer} has a {what} of {value}, which is not a finite number; train again with a \
         lower learning rate"
    )]
    NotFinite {
        /// Layer, from 0.
        layer: usize,
        /// "weight", "bias" or "activation".
        what: &'static str,
        /// The value.
        value: f32,
    },
    /// A class label that contains a line feed, which separates labels in a blob.
    #[error("class label {label:?} contains a line feed; rename the class")]
    Label {
        /// The label.
        label: String,
    },
    /// No images to calibrate with.
    #[error("there are no training images to calibrate activation ranges with")]
    NoImages,
    /// More layers or wider ones than the format has room for.
    #[error("the network has {found} {what}; the format has room for {limit}; train a smaller one")]
    TooLarge {
        /// "layers", or "inputs or outputs in a layer".
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// A network whose weights are what the integers can be, and its scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// The rounded weights, and biases as they were trained.
    pub net: Mlp,
    /// One for each layer.
    pub scales: Vec<LayerScales>,
}

impl Quantized {
    /// What a trained network becomes: with scales that were learned, if it has any, and else with
    /// those of [`Quantized::post_training`], measured on `images` that are shrunk to `input`.
    ///
    /// # Errors
    ///
    /// Those of [`Quantized::post_training`].
    pub fn of_trained(
        net: &Mlp,
        images: &Images,
        input: Input,
        bits: &[WeightBits],
        granularity: Granularity,
    ) -> Result<Self, QuantizeError> {
        if net.has_scales() {
            return Ok(learned::quantized(net, bits));
        }
        Self::post_training(net, &images.shrunk(input), bits, granularity)
    }

    /// Rounds a trained network to these widths, one for each layer. Activation ranges are measured
    /// on `images`.
    ///
    /// # Errors
    ///
    /// Images that do not fit, activations that cannot be measured, and networks that the format has no room for.
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
