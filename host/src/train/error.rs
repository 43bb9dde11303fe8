//! Why training cannot start or go on.

use crate::config::ConfigError;
use crate::quantize::QuantizeError;

/// Training that cannot start or go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// The configuration is not legal.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The images do not allow it.
    #[error("the training images cannot be used: {0}")]
    Images(String),
    /// The images cannot be shrunk to the inputs that the configuration asks for.
    #[error(
        "the training images cannot be used: they are {side}×{side} pixels, which cannot be shrunk \
         to {input}×{input} inputs: an even number of rows, or none, must be left over beside \
         {input} squares of 1, 2 or 4 pixels; take another --input, or 0 for the images as they are"
    )]
    Input {
        /// Edge of the images in pixels.
        side: usize,
        /// Edge of the inputs that were asked for.
        input: usize,
    },
    /// Weights and activations cannot be rounded.
    #[error("the network cannot be quantized")]
    Quantize(#[from] QuantizeError),
    /// A loss is infinite or not a number.
    #[error(
        "training diverged: the {part} loss of epoch {epoch} is {loss}, but must be finite; take \
         {remedy}"
    )]
    Diverged {
        /// "training" or "validation".
        part: &'static str,
        /// Counted from 1.
        epoch: usize,
        /// The loss.
        loss: f32,
        /// What else to train with.
        remedy: &'static str,
    },
}
