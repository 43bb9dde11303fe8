//! The replies of a device, and its failures.

use std::io;
use std::time::Duration;

use inkbit_core::link::{Limits, PROTOCOL, Refusal, Reset};
use inkbit_core::{Frame, Layout, MAX_SIDE, MAX_WIDTH, Sample};

/// Tries of a request before the device is given up.
pub(super) const TRIES: u32 = 5;

/// A failure of a device, or of the line to it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum DeviceError {
    #[error("the line to the device failed")]
    Line(#[from] io::Error),
    /// The text is the end of the sentence.
    #[error("the connection to the device has ended{0}")]
    Closed(String),
    #[error("the device answered none of {TRIES} requests, each within {} s; is the firmware running, \
             and is this its port?", timeout.as_secs_f32())]
    Silent { timeout: Duration },
    #[error(
        "the line to the device is bad: a request got no answer in {TRIES} tries, and {bad} of {frames} \
         frames so far were damaged or lost; check the cable and its plugs, and that --baud is the \
         firmware's speed (115200 unless you changed it)"
    )]
    BadLine { bad: u32, frames: u32 },
    #[error("the device refuses: {0}")]
    Refused(Refusal),
    #[error("the firmware has panicked: {0}; please report this")]
    Panicked(String),
    #[error(
        "the firmware speaks protocol version {found}, this program {PROTOCOL}; flash the firmware \
         of the same release"
    )]
    Protocol { found: u8 },
    #[error("the device has no model that it can run: {0}")]
    NoModel(String),
    #[error(
        "the device holds the model {name} with CRC {found:#010x}, not this one with CRC \
         {expected:#010x}; flash this one with `inkbit image`"
    )]
    OtherModel { name: String, found: u32, expected: u32 },
    #[error(
        "the device says that its model takes {} for {classes} classes, which no model does; flash \
         the firmware and the model of this release",
        words(sample)
    )]
    ModelSize { sample: Sample, classes: usize },
    #[error(
        "the device answers {found} logits, expected one for each of its model's {expected} \
         classes; reset it and try again, or flash the firmware of this release"
    )]
    Logits { found: usize, expected: usize },
}

/// The identity of a device and of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The firmware's version.
    pub firmware: String,
    /// The board's name.
    pub board: String,
    /// The limits of the board.
    pub limits: Limits,
    /// The model in its model region, or why it cannot run one.
    pub model: Result<DeviceModel, String>,
    /// Why it has started.
    pub reset: Reset,
}

/// The model that a device runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceModel {
    /// Its name.
    pub name: String,
    /// The CRC-32 of its blob, as the device has computed it.
    pub crc: u32,
    /// What it takes.
    pub sample: Sample,
    /// Number of its classes.
    pub classes: usize,
}

impl Hello {
    /// What people should know of how the device came to start, if anything.
    ///
    /// ```
    /// # use inkbit::device::Hello;
    /// use inkbit_core::link::Reset;
    /// # let limits = inkbit_core::link::Limits { model_address: 0, model_bytes: 0, cells: 0, pixels: 0, classes: 0 };
    /// # let (firmware, board, model) = ("1".to_owned(), "b".to_owned(), Err("none".to_owned()));
    /// # let hello = Hello { firmware, board, limits, model, reset: Reset::Stuck { at: 0x1234 } };
    /// assert_eq!(hello.reset, Reset::Stuck { at: 0x1234 });
    /// assert!(hello.warning().unwrap().contains("at 0x00001234"));
    /// ```
    pub fn warning(&self) -> Option<String> {
        let why = match self.reset {
            Reset::Ordinary => return None,
            Reset::Stuck { at } => {
                format!("its watchdog found the firmware standing still at {at:#010x}")
            }
            Reset::Fault { at } => format!("the processor refused the instruction at {at:#010x}"),
            Reset::Panic => "the firmware had panicked".to_owned(),
        };
        Some(format!("{} has started anew because {why}; please report this", self.board))
    }

    /// The device's model, if it is the one whose blob ends in the CRC `expected`.
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

/// What a sample is, with all that [`DeviceModel::check`] refuses.
fn words(sample: &Sample) -> String {
    match sample {
        Sample::Image(Frame { width, height, layout: Layout::Centred { ink } }) => {
            format!("images of {width}×{height} pixels with digits of {ink}")
        }
        Sample::Image(Frame { width, height, .. }) => format!("images of {width}×{height} pixels"),
        Sample::Features { count, ranges, .. } => {
            format!("{count} features in {ranges} ranges")
        }
    }
}

impl DeviceModel {
    /// Refuses sizes that no model can have: they decide the sizes of buffers.
    fn check(&self) -> Result<&Self, DeviceError> {
        let &Self { sample, classes, .. } = self;
        let is_sound = match sample {
            Sample::Image(Frame { width, height, layout }) => {
                let sides = 1..=MAX_SIDE;
                let is_laid = match layout {
                    Layout::Centred { ink } => (1..=width.min(height)).contains(&ink),
                    _ => true,
                };
                sides.contains(&width) && sides.contains(&height) && is_laid
            }
            Sample::Features { count, ranges, .. } => {
                (1..=MAX_WIDTH).contains(&count.into()) && (ranges == 1 || ranges == count)
            }
        };
        match is_sound && (1..=MAX_WIDTH).contains(&classes) {
            true => Ok(self),
            false => Err(DeviceError::ModelSize { sample, classes }),
        }
    }

    /// The logits of an answer, one for each class.
    pub fn check_logits<'a>(&self, answer: &'a Answer) -> Result<&'a [i32], DeviceError> {
        match (answer.logits.len(), self.classes) {
            (found, expected) if found != expected => Err(DeviceError::Logits { found, expected }),
            _ => Ok(&answer.logits),
        }
    }
}

/// The device's answer to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// One for each class.
    pub logits: Vec<i32>,
    /// Time of the inference by the device's clock.
    pub nanoseconds: u32,
}

#[cfg(test)]
mod tests {
    use super::super::client::simulated::NO_LIMITS;
    use super::*;

    fn model(side: u16, classes: usize) -> DeviceModel {
        DeviceModel { name: "any".to_owned(), crc: 7, sample: Sample::mnist(side), classes }
    }

    #[test]
    fn a_model_that_cannot_be_is_not_believed_and_another_one_is_named() {
        let hello = |side, classes| {
            let (firmware, board) = ("1".to_owned(), "any".to_owned());
            let limits = NO_LIMITS;
            let (model, reset) = (Ok(model(side, classes)), Reset::Ordinary);
            Hello { firmware, board, limits, model, reset }
        };
        let expect = |side, classes| {
            let hello = hello(side, classes);
            hello.expect_model(7).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(expect(1, 1), Ok(()));
        assert_eq!(expect(1024, 4096), Ok(()));
        assert_eq!(
            expect(1025, 10).unwrap_err(),
            "the device says that its model takes images of 1025×1025 pixels with digits of 732 for 10 \
             classes, which no model does; flash the firmware and the model of this release"
        );
        for (side, classes) in [(0, 10), (28, 0), (28, 4097)] {
            expect(side, classes).unwrap_err();
        }
        assert_eq!(
            hello(28, 10).expect_model(0xAB).unwrap_err().to_string(),
            "the device holds the model any with CRC 0x00000007, not this one with CRC 0x000000ab; \
             flash this one with `inkbit image`"
        );
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
