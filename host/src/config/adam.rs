//! Constants of the optimizer.

use serde::{Deserialize, Serialize};

/// Constants of Adam. The learning rate stands in [`TrainConfig`](super::TrainConfig).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamConfig {
    /// Decay of the mean of the gradients, from 0 to below 1.
    pub beta1: f32,
    /// Decay of the mean of their squares, from 0 to below 1.
    pub beta2: f32,
    /// Added to the root of that mean, above 0.
    pub epsilon: f32,
}
