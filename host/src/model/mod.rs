//! Models: blobs in files, the reference models that are built in, and running them on the host.

pub mod activity;
pub mod builtin;
mod file;

pub use file::{Blob, ModelFileError, check_replaceable};
