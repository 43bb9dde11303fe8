//! The reference models of `host/models`, built in so that the command needs no checkout.

use super::Blob;

const FILES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/reference_models.rs"));

/// The reference model of that name.
#[must_use]
pub fn find(name: &str) -> Option<Blob> {
    let is_it = |blob: &Blob| blob.model().is_ok_and(|model| model.header().name == name);
    all().into_iter().find(is_it)
}

/// All reference models, by the names of their files.
#[must_use]
pub fn all() -> Vec<Blob> {
    FILES.iter().map(|file| Blob::from_bytes(file)).collect()
}
