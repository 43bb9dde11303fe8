//! The description of a run's data.

use serde::{Deserialize, Serialize};

use crate::data::{Dataset, hex};

/// The description of the data that a run was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataInfo {
    /// The value of `--data`.
    pub name: String,
    /// SHA-256 of the data in hexadecimal digits, see [`Dataset::digest`].
    pub digest: String,
    /// Side length of an image in pixels.
    pub side: usize,
    /// Number of images to train on and to select checkpoints by.
    pub train_images: usize,
    /// Number of images for the final accuracy.
    pub test_images: usize,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// The value of `--labels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
}

impl DataInfo {
    /// Describes a data set.
    pub fn new(data: &Dataset) -> Self {
        Self {
            name: data.name.clone(),
            digest: hex(&data.digest()),
            side: data.train.side,
            train_images: data.train.len(),
            test_images: data.test.len(),
            classes: data.classes.clone(),
            labels: None,
        }
    }
}
