//! Keras's own files, `.keras`: a ZIP of a description in JSON and weights in HDF5.

use serde_json::Value;

use super::h5;
use crate::import::LIMIT;
use crate::import::fault::{Fault, damaged};
use crate::import::graph::Graph;
use crate::import::zip::Zip;

const CONFIG: &str = "config.json";
const METADATA: &str = "metadata.json";
const WEIGHTS: &str = "model.weights.h5";
/// The most bytes of a description.
const MAX_TEXT: u64 = 4 << 20;

/// Whether a ZIP is such a file.
pub fn is(zip: &Zip<'_>) -> bool {
    [CONFIG, WEIGHTS].into_iter().all(|name| zip.names().any(|found| found == name))
}

/// Reads a file's entries.
pub fn read(zip: &mut Zip<'_>) -> Result<Graph, Fault> {
    let mut json = |name: &str| -> Result<Value, Fault> {
        serde_json::from_slice(&zip.read(name, MAX_TEXT)?).map_err(damaged)
    };
    let model = json(CONFIG)?;
    let metadata = json(METADATA).unwrap_or_default();
    let weights = zip.read(WEIGHTS, LIMIT)?;
    h5::with_config(&model, metadata["keras_version"].as_str(), weights)
}
