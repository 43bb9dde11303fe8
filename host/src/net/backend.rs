//! The one place that names a burn backend.

use burn::tensor::Device;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What computes with tensors. All of them run on the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// burn-ndarray.
    #[default]
    Ndarray,
    /// burn-flex, in builds with the cargo feature `flex`.
    Flex,
}

/// The backend `flex` was left out of this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this inkbit was built without the backend \"flex\": build it with `cargo build --release \
     --features flex`, or take --backend ndarray"
)]
pub struct BackendError;

impl Backend {
    /// The device that tensors live on, without automatic differentiation.
    ///
    /// # Errors
    ///
    /// [`BackendError`].
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
