//! The reference models of `firmware/models`, built in so that the command needs no checkout.

use super::Blob;

const FILES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/reference_models.rs"));

/// All reference models, by the names of their files.
#[must_use]
pub fn all() -> Vec<Blob> {
    FILES.iter().map(|file| Blob::from_bytes(file)).collect()
}
