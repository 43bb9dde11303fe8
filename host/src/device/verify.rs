//! Proof that a device computes the host's bits.

use std::ops::ControlFlow;

use inkbit_core::infer;

use super::client::Client;
use super::reply::DeviceError;
use crate::data::Images;
use crate::evaluate::{EvaluateError, check_images, host_scratch};
use crate::model_file::Blob;

/// What was compared without a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The board's name.
    pub board: String,
    /// The firmware's version.
    pub firmware: String,
    /// Images compared.
    pub images: usize,
    /// Logits compared.
    pub logits: usize,
    /// Time of all inferences by the device's clock.
    pub nanoseconds: u64,
    /// How often the line lost something that was then sent again.
    pub repeats: u32,
}

/// The first image for which the device's logits are not the host's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "image {image}, unit {unit}: the host says {}, the device {board} says {}\n\
     host's logits   {host:?}\ndevice's logits {device:?}\n\
     please report this with the model and the data set",
    host.get(*unit).map_or_else(|| "nothing".to_owned(), ToString::to_string),
    device.get(*unit).map_or_else(|| "nothing".to_owned(), ToString::to_string)
)]
pub struct Mismatch {
    /// The board's name.
    pub board: String,
    /// Image, from 0.
    pub image: usize,
    /// The first unit that differs, from 0.
    pub unit: usize,
    /// All logits of the host.
    pub host: Vec<i32>,
    /// All logits of the device.
    pub device: Vec<i32>,
}

/// Why a device could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It computes something else.
    #[error("mismatch at {0}")]
    Mismatch(#[from] Box<Mismatch>),
    /// It cannot be spoken to, or has not this model.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The blob is no model.
    #[error(transparent)]
    Model(#[from] inkbit_core::Error),
    /// The images do not fit the model.
    #[error(transparent)]
    Images(#[from] EvaluateError),
}

/// Sends every image to the device and compares all logits with the host's. `progress` is told how
/// many images are done.
///
/// # Errors
///
/// [`Mismatch`] at the first difference; a device that fails or holds another model; images that do
/// not fit the model, or a blob that is none.
pub fn verify(
    client: &mut Client,
    blob: &Blob,
    images: &Images,
    mut progress: impl FnMut(usize),
) -> Result<Report, VerifyError> {
    let model = &blob.model()?;
    check_images(images, usize::from(model.input().side), model.classes())?;
    let hello = client.hello()?;
    hello.expect_model(blob.crc())?;
    let board = hello.board;
    // What was repeated until the device had started was not lost.
    let repeats = client.repeats();
    let mut scratch = host_scratch(model);
    let mut first = None;
    let (mut done, mut logits, mut nanoseconds) = (0, 0, 0);
    client.classify_all(images.iter().map(|(pixels, _)| pixels), |image, answer| {
        let host = infer(&mut scratch, images.image(image));
        if *host != *answer.logits {
            let differs = host.iter().zip(&answer.logits).position(|(a, b)| a != b);
            let unit = differs.unwrap_or_else(|| host.len().min(answer.logits.len()));
            let (host, device) = (host.to_vec(), answer.logits);
            first = Some(Mismatch { board: board.clone(), image, unit, host, device });
            return ControlFlow::Break(());
        }
        done += 1;
        logits += host.len();
        nanoseconds += u64::from(answer.nanoseconds);
        progress(done);
        ControlFlow::Continue(())
    })?;
    match first {
        Some(mismatch) => Err(Box::new(mismatch).into()),
        None => Ok(Report {
            board,
            firmware: hello.firmware,
            images: done,
            logits,
            nanoseconds,
            repeats: client.repeats() - repeats,
        }),
    }
}
