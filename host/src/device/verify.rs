//! Verifies that a device computes the host's bits.

use std::ops::ControlFlow;

use inkbit_core::argmax;

use super::client::{Client, Losses};
use super::reply::DeviceError;
use crate::data::{Images, Shape};
use crate::model::{Blob, HostEngine, ImagesError, check_images};

/// A comparison without a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The board's name.
    pub board: String,
    /// The firmware's version.
    pub firmware: String,
    /// Images compared.
    pub images: usize,
    /// Logits compared.
    pub logits: usize,
    /// The class of each image, as the device has it.
    pub classes: Vec<usize>,
    /// Time of all inferences by the device's clock.
    pub nanoseconds: u64,
    /// What the line has lost.
    pub losses: Losses,
    /// What people should know of how the device came to start.
    pub warning: Option<String>,
}

/// The first image whose logits differ between the device and the host; images and units are
/// counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "mismatch at image {image}, unit {unit}: the host says {}, the device {board} says {}\n\
     host's logits   {host:?}\ndevice's logits {device:?}\n\
     please report this with the model and the data set",
    host.get(*unit).map_or_else(|| "nothing".to_owned(), ToString::to_string),
    device.get(*unit).map_or_else(|| "nothing".to_owned(), ToString::to_string)
)]
#[expect(missing_docs, reason = "the message names the fields")]
pub struct Mismatch {
    pub board: String,
    pub image: usize,
    pub unit: usize,
    pub host: Vec<i32>,
    pub device: Vec<i32>,
}

/// Why a device could not be verified.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages tell")]
pub enum VerifyError {
    #[error(transparent)]
    Mismatch(#[from] Box<Mismatch>),
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The device was lost on the way.
    #[error("{answered} of {images} images were answered, all of them right, and then no more")]
    Lost { answered: usize, images: usize, source: DeviceError },
    #[error(transparent)]
    Model(#[from] inkbit_core::ModelError),
    #[error(transparent)]
    Images(#[from] ImagesError),
}

/// Sends every image to the device and compares all logits with the host's, up to the first
/// difference. `progress` gets the number of images done.
pub fn verify(
    client: &mut Client,
    blob: &Blob,
    images: &Images,
    mut progress: impl FnMut(usize),
) -> Result<Verification, VerifyError> {
    let model = &blob.model()?;
    check_images(images, &Shape::of_model(model), model.classes())?;
    let hello = client.hello()?;
    hello.expect_model(blob.crc())?;
    let warning = hello.warning();
    let board = hello.board;
    // Requests that were repeated before the device had started were not lost.
    let losses = client.losses();
    let mut engine = HostEngine::new(model);
    let mut first = None;
    let (mut done, mut logits, mut nanoseconds) = (0, 0, 0);
    let mut classes = vec![0; images.len()];
    let ended = client.classify_all(images.iter().map(|(pixels, _)| pixels), |image, answer| {
        let host = engine.infer(images.image(image));
        if *host != *answer.logits {
            let differs = host.iter().zip(&answer.logits).position(|(a, b)| a != b);
            let unit = differs.unwrap_or_else(|| host.len().min(answer.logits.len()));
            let (host, device) = (host.to_vec(), answer.logits);
            first = Some(Mismatch { board: board.clone(), image, unit, host, device });
            return ControlFlow::Break(());
        }
        done += 1;
        logits += host.len();
        classes[image] = argmax(&answer.logits);
        nanoseconds += u64::from(answer.nanoseconds);
        progress(done);
        ControlFlow::Continue(())
    });
    if let Err(source) = ended {
        return Err(VerifyError::Lost { answered: done, images: images.len(), source });
    }
    match first {
        Some(mismatch) => Err(Box::new(mismatch).into()),
        None => Ok(Verification {
            board,
            firmware: hello.firmware,
            images: done,
            logits,
            classes,
            nanoseconds,
            losses: client.losses().since(losses),
            warning,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::simulated::{Device, sum};
    use super::*;

    fn verify_on(device: Device) -> Result<Verification, VerifyError> {
        let pixels = (0..80).map(|n| n * 3).collect();
        let images = Images { shape: Shape::square(2), pixels, labels: vec![0; 20] };
        verify(&mut Client::new(device, 8), &sum(), &images, |_| ())
    }

    fn device() -> Device {
        let mut device = Device::new(0);
        device.model = Some(sum().crc());
        device
    }

    #[test]
    fn a_device_with_the_hosts_logits_passes() {
        let report = verify_on(device()).unwrap();
        assert_eq!((report.images, report.logits, report.losses.repeats), (20, 40, 0));
    }

    #[test]
    fn one_logit_that_is_off_by_one_is_found_and_named() {
        let mut device = device();
        device.wrong = Some(17);
        let error = verify_on(device).unwrap_err();
        // Pixels 68 to 71, times 3.
        assert_eq!(
            error.to_string(),
            "mismatch at image 17, unit 1: the host says 4, the device simulated says 5\n\
             host's logits   [834, 4]\ndevice's logits [834, 5]\n\
             please report this with the model and the data set"
        );
        let VerifyError::Mismatch(found) = error else { panic!("{error}") };
        let Mismatch { board, image, unit, host, device } = *found;
        assert_eq!((&*board, image, unit), ("simulated", 17, 1));
        assert_eq!((host, device), (vec![834, 4], vec![834, 5]));
    }
}
