//! What a board has shown of itself, as a file that its owner can publish.

use std::env::consts;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::{Board, VerifyError};
use crate::data::synthetic::{self, Part};
use crate::data::{Images, Shape};
use crate::model::{Blob, HostEngine, check_images};
use crate::support::rng::Rng;
use crate::support::visible;

/// The first line of a result's file.
pub const LINE: &str = "# Written by `inkbit selftest`.\n";

/// The result of a self-test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// The board's name.
    pub board: String,
    /// Whether it was an emulated one.
    pub emulated: bool,
    /// The firmware's version.
    pub firmware: String,
    /// The version of this program.
    pub inkbit: String,
    /// The workstation's system and processor.
    pub workstation: String,
    /// Name of the model.
    pub model: String,
    /// The CRC-32 that closes its blob.
    pub crc: u32,
    /// Images that were sent.
    pub images: usize,
    /// Logits that were compared with the workstation's.
    pub logits: usize,
    /// Logits that differ.
    pub differing: usize,
    /// Times of the inferences by the device's clock.
    pub microseconds: Times,
    /// Deepest use of the stack since the start, in bytes.
    pub stack: u32,
    /// Whether the model was read from a copy in RAM.
    pub in_ram: bool,
    /// Bytes of RAM that the firmware's variables take without a copy of the model.
    pub variables: Option<u32>,
    /// Time in which the device has checked the whole model while the line was at rest, in
    /// milliseconds; none if it had not done so twice.
    pub check_milliseconds: Option<u64>,
    /// Requests that were repeated.
    pub repeats: u32,
    /// Frames that were damaged or lost.
    pub bad_frames: u32,
}

/// Times of several inferences, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// The shortest.
    pub fastest: f64,
    /// Of all of them.
    pub mean: f64,
    /// The longest.
    pub slowest: f64,
}

impl Times {
    fn of(nanoseconds: &[u32]) -> Self {
        let micro = |value: Option<&u32>| f64::from(value.copied().unwrap_or_default()) / 1e3;
        let sum: u64 = nanoseconds.iter().copied().map(u64::from).sum();
        Self {
            fastest: micro(nanoseconds.iter().min()),
            mean: sum as f64 / 1e3 / nanoseconds.len().max(1) as f64,
            slowest: micro(nanoseconds.iter().max()),
        }
    }
}

impl SelfTest {
    /// The result as TOML.
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(self).expect("numbers and texts");
        format!("{LINE}{text}")
    }

    /// Reads a result's file.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

/// The images of a self-test for a model: digits where it takes such, else chance.
pub fn images(blob: &Blob, count: usize) -> Result<Images, VerifyError> {
    let model = blob.model()?;
    let (shape, classes) = (Shape::of_model(&model), model.classes());
    let digits = synthetic::images(Part::Test, count, 1);
    if shape == digits.shape && classes == 10 {
        return Ok(digits);
    }
    let mut chance = Rng::new(1, &[]);
    // Four of five pixels are background, as in a drawing. Features have any value.
    let is_any = shape.is_features();
    let pixel = |_| if is_any || chance.below(5) == 0 { chance.below(256) as u8 } else { 0 };
    let pixels = (0..count * shape.bytes()).map(pixel).collect();
    Ok(Images { shape, pixels, labels: vec![0; count] })
}

/// Sends every image to the device and compares all logits with the host's. `progress` gets the number
/// of images done.
///
/// # Errors
///
/// If the device cannot be asked; logits that differ are no error.
pub fn selftest(
    client: &mut Client,
    blob: &Blob,
    images: &Images,
    emulated: bool,
    mut progress: impl FnMut(usize),
) -> Result<SelfTest, VerifyError> {
    let model = &blob.model()?;
    check_images(images, &Shape::of_model(model), model.classes())?;
    let hello = client.hello()?;
    let held = hello.expect_model(blob.crc())?.clone();
    let losses = client.losses();
    let mut engine = HostEngine::new(model);
    let (mut times, mut logits, mut differing) = (Vec::new(), 0, 0);
    let mut foreign = None;
    let ended = client.classify_all(images.iter().map(|(pixels, _)| pixels), |image, answer| {
        if let Err(error) = held.check_logits(&answer) {
            foreign = Some(error);
            return ControlFlow::Break(());
        }
        let host = engine.infer(images.image(image));
        differing +=
            host.iter().zip(&answer.logits).filter(|(host, device)| host != device).count();
        logits += host.len();
        times.push(answer.nanoseconds);
        progress(times.len());
        ControlFlow::Continue(())
    });
    if let Err(source) = ended {
        return Err(VerifyError::Lost { answered: times.len(), images: images.len(), source });
    }
    if let Some(error) = foreign {
        return Err(error.into());
    }
    let losses = client.losses().since(losses);
    let status = client.status()?;
    let ram = Board::find(&hello.board)
        .ok()
        .and_then(|board| board.memory.ram.bytes.checked_sub(board.budget.model_copy));
    Ok(SelfTest {
        board: hello.board,
        emulated,
        firmware: hello.firmware,
        inkbit: env!("CARGO_PKG_VERSION").to_owned(),
        workstation: format!("{} {}", consts::OS, consts::ARCH),
        model: visible::line(model.header().name),
        crc: blob.crc(),
        images: times.len(),
        logits,
        differing,
        microseconds: Times::of(&times),
        stack: status.stack,
        in_ram: status.in_ram,
        variables: ram.and_then(|ram| ram.checked_sub(status.stack_room)),
        check_milliseconds: (status.check > 0).then(|| (u64::from(status.check) << 20) / 1_000_000),
        repeats: losses.repeats,
        bad_frames: losses.bad,
    })
}

#[cfg(test)]
mod tests {
    use super::super::client::simulated::{Device, sum};
    use super::*;

    fn tested(change: impl FnOnce(&mut Device)) -> Result<SelfTest, VerifyError> {
        let mut device = Device::new(0);
        device.model = Some(sum().crc());
        change(&mut device);
        let images = images(&sum(), 20).unwrap();
        selftest(&mut Client::new(device, 8), &sum(), &images, true, |_| ())
    }

    #[test]
    fn logits_that_differ_are_counted_and_written_into_the_result() {
        for (wrong, differing) in [(None, 0), (Some(17), 1)] {
            let result = tested(|device| device.wrong = wrong).unwrap();
            assert_eq!((result.images, result.logits, result.differing), (20, 40, differing));
            assert_eq!(
                (result.stack, result.variables, result.check_milliseconds),
                (100, None, None)
            );
            assert_eq!(SelfTest::from_toml(&result.to_toml()).unwrap(), result);
        }
    }

    #[test]
    fn an_answer_with_another_number_of_logits_is_refused_and_not_counted() {
        let error = tested(|device| device.classes = 3).unwrap_err().to_string();
        assert!(
            error.contains("answers 2 logits, expected one for each of its model's 3"),
            "{error}"
        );
    }
}
