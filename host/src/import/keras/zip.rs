//! Keras's own files, `.keras`: a ZIP of a description in JSON and weights in HDF5.

use serde_json::Value;

use super::layers::{MAX_TEXT, description};
use crate::import::LIMIT;
use crate::import::fault::Fault;
use crate::import::zip::Zip;

const CONFIG: &str = "config.json";
const METADATA: &str = "metadata.json";
const WEIGHTS: &str = "model.weights.h5";
/// The most bytes of what names Keras's version and a date.
const MAX_METADATA: u64 = 1 << 12;

/// Whether a ZIP is such a file.
pub fn is(zip: &Zip<'_>) -> bool {
    [CONFIG, WEIGHTS].into_iter().all(|name| zip.names().any(|found| found == name))
}

/// What such a file has.
pub struct Parts {
    /// The description.
    pub model: Value,
    /// Keras's version.
    pub version: Option<String>,
    /// HDF5.
    pub weights: Vec<u8>,
}

/// Reads a file's entries.
pub fn read(zip: &Zip<'_>) -> Result<Parts, Fault> {
    let model = description(&zip.read(CONFIG, MAX_TEXT as u64)?)?;
    let metadata = zip.read(METADATA, MAX_METADATA).ok();
    let metadata: Value =
        metadata.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let weights = zip.read(WEIGHTS, LIMIT)?;
    let version = metadata["keras_version"].as_str().map(str::to_owned);
    Ok(Parts { model, version, weights })
}
