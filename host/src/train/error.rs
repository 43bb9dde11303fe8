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
    /// `side` is the side length of the images, `input` that of the configuration's inputs.
    #[error(
        "the training images cannot be used: they are {side}×{side} pixels, which cannot be shrunk \
         to {input}×{input} inputs: an even number of rows, or none, must be left over beside \
         {input} squares of 1, 2 or 4 pixels; take another --input, or 0 for the images as they are"
    )]
    Input { side: usize, input: usize },
    #[error("the network cannot be quantized")]
    Quantize(#[from] QuantizeError),
    /// `part` is "training" or "validation".
    #[error(
        "training diverged: the {part} loss of epoch {epoch} is {loss}, but must be finite; take \
         {remedy}"
    )]
    Diverged { part: &'static str, epoch: usize, loss: f32, remedy: &'static str },
}
