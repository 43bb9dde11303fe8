//! Readers that only the command reaches, for the fuzz targets in `tests/fuzz`. Not part of any
//! other build.

use std::path::Path;

use crate::data::labels::{self, LabelsError};
use crate::device::flash_image;
use crate::sweep::{Plan, SweepError};

/// Reads a file of labels.
pub fn labels(path: &Path) -> Result<Vec<String>, LabelsError> {
    labels::read(path)
}

/// Reads the plan of a sweep and counts its networks.
pub fn plan(text: &str) -> Result<usize, SweepError> {
    Ok(Plan::from_toml("plan.toml", text)?.networks()?.len())
}

/// Intel HEX with these bytes at these addresses.
pub fn hex(parts: &[(u32, &[u8])]) -> String {
    flash_image::hex(parts)
}
