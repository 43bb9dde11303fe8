//! The reference models of `host/models`, built in so that the command needs no checkout.

use super::Blob;

const FILES: &[&[u8]] = include!(concat!(env!("OUT_DIR"), "/reference_models.rs"));

/// Finds a reference model by its name.
pub fn find(name: &str) -> Option<Blob> {
    all().into_iter().find(|blob| blob.model().is_ok_and(|model| model.header().name == name))
}

/// All reference models, sorted by file name.
pub fn all() -> Vec<Blob> {
    FILES.iter().map(|file| Blob::from_bytes(file)).collect()
}
