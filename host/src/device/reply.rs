//! What a device says, and what goes wrong with one.

use std::io;
use std::time::Duration;

use inkbit_core::link::{Limits, PROTOCOL, Refusal};

/// Tries of one request before the device is given up.
pub(super) const TRIES: u32 = 5;

/// What went wrong with a device.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The line cannot be read or written.
    #[error("the line to the device failed: {0}")]
    Line(#[from] io::Error),
    /// The line has ended.
    #[error("the connection to the device has ended{0}")]
    Closed(String),
    /// No answer, however often it was asked.
    #[error(
        "the device did not answer {TRIES} times within {} s; is the firmware running, and is this \
         its port?", timeout.as_secs_f32()
    )]
    Silent {
        /// How long each answer was waited for.
        timeout: Duration,
    },
    /// It refuses what it was asked.
    #[error("the device refuses: {0}")]
    Refused(Refusal),
    /// The firmware has panicked.
    #[error("the firmware has panicked: {0}; please report this, and reset the device")]
    Panicked(String),
    /// It speaks another version of the protocol.
    #[error(
        "the firmware speaks protocol version {found}, this program {PROTOCOL}; flash the firmware \
         of the same release"
    )]
    Protocol {
        /// The device's version.
        found: u8,
    },
    /// It has no model that it can run.
    #[error("the device has no model that it can run: {0}")]
    NoModel(String),
    /// It has another model.
    #[error(
        "the device holds the model {name} with CRC {found:#010x}, not this one with CRC \
         {expected:#010x}; flash this one with `inkbit image`"
    )]
    OtherModel {
        /// Name of the device's model.
        name: String,
        /// CRC of the device's model.
        found: u32,
        /// CRC of the host's.
        expected: u32,
    },
}

/// Who a device is and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The firmware's version.
    pub firmware: String,
    /// The board's name.
    pub board: String,
    /// What fits the board.
    pub limits: Limits,
    /// The model in its model region, or why there is none that can be run.
    pub model: Result<DeviceModel, String>,
}

/// The model that a device runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceModel {
    /// Its name.
    pub name: String,
    /// The CRC-32 that closes its blob.
    pub crc: u32,
    /// Edge of its image in pixels.
    pub side: usize,
    /// Number of its classes.
    pub classes: usize,
}

impl Hello {
    /// The device's model, if it is the one whose blob ends in the CRC `expected`.
    ///
    /// # Errors
    ///
    /// [`DeviceError::NoModel`] or [`DeviceError::OtherModel`].
    pub fn expect_model(&self, expected: u32) -> Result<&DeviceModel, DeviceError> {
        match &self.model {
            Err(reason) => Err(DeviceError::NoModel(reason.clone())),
            Ok(model) if model.crc != expected => Err(DeviceError::OtherModel {
                name: model.name.clone(),
                found: model.crc,
                expected,
            }),
            Ok(model) => Ok(model),
        }
    }
}

/// What a device makes of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// One for each class.
    pub logits: Vec<i32>,
    /// Time that the inference took, by the device's clock.
    pub nanoseconds: u32,
}
