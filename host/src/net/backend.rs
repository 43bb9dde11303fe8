//! The choice of burn's backend, which no other file names.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The backend that computes with tensors, on the CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// burn-ndarray.
    #[default]
    Ndarray,
    /// burn-flex, in builds with the cargo feature `flex`.
    Flex,
}

/// This build lacks the backend `flex`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this inkbit was built without the backend \"flex\": build it with `cargo build --release \
     --features flex`, or take --backend ndarray"
)]
pub struct BackendError;

impl Backend {
    /// The device that tensors live on, without automatic differentiation.
    pub fn device(self) -> Result<Device, BackendError> {
        match self {
            // Upstream points to flex, which is a cargo feature away.
            #[allow(deprecated)]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(not(feature = "flex"))]
            Self::Flex => Err(BackendError),
        }
    }
}
