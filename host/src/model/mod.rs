//! Models: blob files, the built-in reference models, and inference on the host.

pub mod activity;
pub mod builtin;
mod file;
mod run;

pub(crate) use file::MODEL_KIND;
pub(crate) use file::origin;
pub use file::{Blob, ModelFileError, find};
pub use run::{
    Answers, HostEngine, ImagesError, answers, check_images, dense, frame, int_logits, layout,
    scaled_logits,
};
