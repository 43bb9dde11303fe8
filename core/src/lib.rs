//! The blob format and the integer inference of Inkbit.
//!
//! A model is parsed once, in place, from bytes that usually lie in flash; after that nothing can
//! fail. Every buffer has a size that is known at compile time, there is no heap, no
//! `unsafe` outside the assembly of a few [`kernel`]s, and no float outside [`softmax`].
//!
//! ```
//! use inkbit_core::{Model, Scratch, argmax, include_blob, infer};
//!
//! static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
//! # let pixels = &[0; 36];
//! let model = Model::parse(BLOB)?;
//! let mut scratch = Scratch::<1040>::for_model(&model)?;
//! let logits: &[i32] = infer(&mut scratch, pixels);
//! assert_eq!(model.label(argmax(logits)), "c2");
//! # Ok::<_, inkbit_core::Error>(())
//! ```
#![doc = "\n"]
#![doc = include_str!("../FORMAT.md")]
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic))]

#[cfg(any(inkbit_kernel = "x86_64", all(inkbit_kernel = "aarch64", feature = "std")))]
extern crate std;

pub mod blob;
mod error;
mod gather;
pub mod image;
mod infer;
pub mod kernel;
pub mod link;
mod model;
mod reader;
pub mod requant;
mod shape;
pub mod softmax;

pub use error::Error;
pub use infer::{
    LayerOutput, Scratch, argmax, infer, infer_observed, infer_observed_by, scratch_cells,
};
pub use model::{Header, Layer, MAX_COMMAND, MAX_NAME, Model, Provenance};
pub use shape::{
    Input, LayerShape, MAX_BIAS, MAX_BLOCK, MAX_LAYERS, MAX_SIDE, MAX_WIDTH, WeightBits,
};
