//! The one place that names a burn backend.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// What computes with tensors. All of them run on the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// burn-ndarray.
    #[default]
    Ndarray,
    /// burn-flex, in builds with the cargo feature `flex`.
    Flex,
}

/// A backend that this program has not, or that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// Known, but left out of this build.
    #[error(
        "this inkbit was built without the backend \"{0}\": build it with \
         `cargo build --release --features {0}`, or take --backend ndarray"
    )]
    NotBuilt(Backend),
    /// Not a backend's name.
    #[error("there is no backend \"{0}\": take ndarray or flex")]
    Unknown(String),
}

impl Backend {
    /// The device that tensors live on, without automatic differentiation.
    ///
    /// # Errors
    ///
    /// [`BackendError::NotBuilt`].
    pub fn device(self) -> Result<Device, BackendError> {
        match self {
            // Upstream points to flex, which is a cargo feature away.
            #[allow(deprecated)]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(not(feature = "flex"))]
            Self::Flex => Err(BackendError::NotBuilt(self)),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ndarray => "ndarray",
            Self::Flex => "flex",
        })
    }
}

impl FromStr for Backend {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        match name {
            "ndarray" => Ok(Self::Ndarray),
            "flex" => Ok(Self::Flex),
            other => Err(BackendError::Unknown(other.to_owned())),
        }
    }
}
