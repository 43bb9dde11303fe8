//! Which data a run was trained on.

use serde::{Deserialize, Serialize};

use crate::data::Dataset;

/// Which data a run was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataInfo {
    /// What `--data` was.
    pub name: String,
    /// SHA-256 of the data in hexadecimal digits, see [`Dataset::digest`].
    pub digest: String,
    /// Edge of an image in pixels.
    pub side: usize,
    /// Images to train and to choose by.
    pub train_images: usize,
    /// Images for the last figure.
    pub test_images: usize,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// What `--labels` was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
}

impl DataInfo {
    /// Describes a data set.
    #[must_use]
    pub fn new(data: &Dataset) -> Self {
        Self {
            name: data.name.clone(),
            digest: data.digest().iter().map(|byte| format!("{byte:02x}")).collect(),
            side: data.train.side,
            train_images: data.train.len(),
            test_images: data.test.len(),
            classes: data.classes.clone(),
            labels: None,
        }
    }
}
