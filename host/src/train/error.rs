//! Why training cannot start or go on.

use crate::config::ConfigError;
use crate::quantize::QuantizeError;

/// Training that cannot start or go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum TrainError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the training images cannot be used: {0}")]
    Images(String),
    /// `input` is the width of the configuration's inputs.
    #[error(
        "the training images cannot be used: they are {shape}, which cannot be shrunk to rows of \
         {input} inputs: an even number of pixels, or none, must be left over beside {input} squares \
         of 1, 2 or 4 pixels; take another --input, or 0 for the images as they are"
    )]
    Input { shape: String, input: usize },
    /// `key` is that of the configuration.
    #[error(
        "{key} is for images, but the data are {shape}: give --{key} {}, or leave out the preset \
         that says it",
        if *key == "augment" { "none" } else { "0" }
    )]
    Features { key: &'static str, shape: String },
    #[error("the network cannot be quantized")]
    Quantize(#[from] QuantizeError),
    /// `part` is "training" or "validation".
    #[error(
        "training diverged: the {part} loss of epoch {epoch} is {loss}, but must be finite; take \
         {remedy}"
    )]
    Diverged { part: &'static str, epoch: usize, loss: f32, remedy: &'static str },
}
