//! The blob format and the integer inference of Inkbit.
//!
//! A model is parsed once, in place, from bytes that usually lie in flash; after that nothing can
//! fail. Every buffer has a size that is known at compile time, there is no heap, no
//! `unsafe` outside the assembly of a few [`kernel`]s, and no float outside [`softmax`].
//!
//! ```
//! use inkbit_core::{Engine, Model, Scratch, Sizes, include_blob};
//!
//! static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
//! # let pixels = &[0; 36];
//! let model = Model::parse(BLOB)?;
//! let mut engine = Engine::new(model, Scratch::<{ Sizes::of(BLOB).cells }>::new())?;
//! let class = engine.infer(pixels)?.argmax();
//! assert_eq!(engine.model().label(class), "c2");
//! # Ok::<_, inkbit_core::Error>(())
//! ```
#![doc = "\n"]
#![doc = include_str!("../FORMAT.md")]
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic))]

pub mod blob;
mod crc;
mod engine;
mod error;
mod fingerprint;
pub mod image;
pub mod kernel;
pub mod link;
mod logits;
mod model;
pub mod picture;
pub mod requant;
mod sample;
mod scratch;
mod shape;
pub mod softmax;
mod wire;

pub use engine::{Engine, LayerOutput, SampleEngine};
pub use error::{Error, ModelError, PackError, SampleError, ScratchError};
pub use logits::{Logits, argmax, prominence};
pub use model::{Header, Layer, MAX_COMMAND, MAX_NAME, MAX_PROVENANCE, Model, Provenance};
pub use sample::{Frame, Layout, Range, Sample};
pub use scratch::{Memory, Scratch, Sizes};
pub use shape::{
    Input, LayerShape, MAX_BIAS, MAX_BIAS_SHIFT, MAX_BLOCK, MAX_LAYERS, MAX_MULTIPLIER_SHIFT,
    MAX_SIDE, MAX_STAGES, MAX_WIDTH, Numbers, Stage, WeightBits,
};
