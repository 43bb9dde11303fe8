//! What a device says, and what goes wrong with one.

use std::io;
use std::time::Duration;

use inkbit_core::link::{Limits, PROTOCOL, Refusal};
use inkbit_core::{MAX_SIDE, MAX_WIDTH};

/// Tries of one request before the device is given up.
pub(super) const TRIES: u32 = 5;

/// What went wrong with a device.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The line cannot be read or written.
    #[error("the line to the device failed")]
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
    /// It speaks of a model that cannot be.
    #[error(
        "the device says that its model takes images of {side}×{side} pixels for {classes} classes, \
         expected a side of 1 to {MAX_SIDE} and 1 to {MAX_WIDTH} classes; flash the firmware and \
         the model of this release"
    )]
    ModelSize {
        /// Edge of its image in pixels.
        side: usize,
        /// Number of its classes.
        classes: usize,
    },
    /// It gives another number of logits than its model has classes.
    #[error(
        "the device answers {found} logits, expected one for each of its model's {expected} \
         classes; reset it and try again, or flash the firmware of this release"
    )]
    Logits {
        /// How many it gives.
        found: usize,
        /// How many classes its model has.
        expected: usize,
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
    /// [`DeviceError::NoModel`], [`DeviceError::OtherModel`] or [`DeviceError::ModelSize`].
    pub fn expect_model(&self, expected: u32) -> Result<&DeviceModel, DeviceError> {
        match &self.model {
            Err(reason) => Err(DeviceError::NoModel(reason.clone())),
            Ok(model) if model.crc != expected => Err(DeviceError::OtherModel {
                name: model.name.clone(),
                found: model.crc,
                expected,
            }),
            Ok(model) => model.check(),
        }
    }
}

impl DeviceModel {
    /// Refuses what no model can be: buffers are made as large as it says.
    fn check(&self) -> Result<&Self, DeviceError> {
        let &Self { side, classes, .. } = self;
        let sound = (1..=MAX_SIDE.into()).contains(&side) && (1..=MAX_WIDTH).contains(&classes);
        if sound { Ok(self) } else { Err(DeviceError::ModelSize { side, classes }) }
    }

    /// An answer's logits, one for each class.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Logits`].
    pub fn check_logits<'a>(&self, answer: &'a Answer) -> Result<&'a [i32], DeviceError> {
        let (found, expected) = (answer.logits.len(), self.classes);
        if found != expected {
            return Err(DeviceError::Logits { found, expected });
        }
        Ok(&answer.logits)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn model(side: usize, classes: usize) -> DeviceModel {
        DeviceModel { name: "any".to_owned(), crc: 7, side, classes }
    }

    #[test]
    fn a_model_that_cannot_be_is_not_believed() {
        let zero = 0;
        let limits = Limits {
            model_address: zero,
            model_bytes: zero,
            cells: zero,
            pixels: zero,
            classes: zero,
        };
        let expect = |side, classes| {
            let (firmware, board) = ("1".to_owned(), "any".to_owned());
            let hello = Hello { firmware, board, limits, model: Ok(model(side, classes)) };
            hello.expect_model(7).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(expect(1, 1), Ok(()));
        assert_eq!(expect(1024, 4096), Ok(()));
        assert_eq!(
            expect(1025, 10).unwrap_err(),
            "the device says that its model takes images of 1025×1025 pixels for 10 classes, \
             expected a side of 1 to 1024 and 1 to 4096 classes; flash the firmware and the model \
             of this release"
        );
        for (side, classes) in [(0, 10), (28, 0), (28, 4097)] {
            expect(side, classes).unwrap_err();
        }
    }

    #[test]
    fn an_answer_without_a_logit_for_each_class_is_refused() {
        let check = |logits: &[i32]| {
            let answer = Answer { logits: logits.to_vec(), nanoseconds: 1 };
            model(28, 2).check_logits(&answer).map_err(|error| error.to_string()).map(<[i32]>::len)
        };
        assert_eq!(check(&[1, 2]), Ok(2));
        check(&[1, 2, 3]).unwrap_err();
        assert_eq!(
            check(&[]).unwrap_err(),
            "the device answers 0 logits, expected one for each of its model's 2 classes; reset it \
             and try again, or flash the firmware of this release"
        );
    }
}
