//! What became of a training.

use serde::{Deserialize, Serialize};

use super::{Cell, network};

/// What became of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was trained, quantized and measured.
    Trained(Trained),
    /// Its training cannot come to an end, because it diverged for one.
    Failed(String),
}

/// A trained network of a sweep. Accuracies go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Widths of all layers, inputs first.
    pub widths: Vec<usize>,
    /// Width of each layer's weights.
    pub bits: Vec<u8>,
    /// Seed of the training.
    pub seed: u64,
    /// Length of the blob.
    pub bytes: usize,
    /// Accuracy of the blob on the images that were kept apart from the training images. Networks
    /// are chosen by it.
    pub validation_accuracy: f64,
    /// Accuracy of the blob on the test images.
    pub test_accuracy: f64,
    /// Mean share of each layer's inputs that are not zero, over the test images.
    pub nonzero: Vec<f64>,
    /// Mean multiplications of non-zero inputs for a test image.
    pub macs: f64,
    /// Instructions for a test image; of a [`CPU`](super::CPU), estimated; see [`Fit`](crate::device::fit::Fit).
    pub instructions: f64,
    /// Wall time of the training.
    pub seconds: f32,
}

impl Outcome {
    /// Says what in a file cannot be the outcome of this cell: somebody may have edited it.
    ///
    /// # Errors
    ///
    /// What was found and what was expected.
    pub(super) fn check(&self, cell: &Cell) -> Result<(), String> {
        let Self::Trained(trained) = self else { return Ok(()) };
        let Trained { widths, bits, seed, bytes, nonzero, macs, instructions, seconds, .. } =
            trained;
        let own = (&cell.widths, &network::bits(&cell.config), &cell.config.seed);
        if (widths, bits, seed) != own {
            return Err(format!(
                "it is of widths {widths:?}, bits {bits:?} and seed {seed}, but expected are {:?}, \
                 {:?} and {}",
                own.0, own.1, own.2
            ));
        }
        let shares = nonzero.iter().map(|&share| ("nonzero", share, 1.0)).chain([
            ("validation_accuracy", trained.validation_accuracy, 1.0),
            ("test_accuracy", trained.test_accuracy, 1.0),
        ]);
        let amounts = [
            ("bytes", *bytes as f64, f64::MAX),
            ("macs", *macs, f64::MAX),
            ("instructions", *instructions, f64::MAX),
            ("seconds", f64::from(*seconds), f64::MAX),
        ];
        match shares.chain(amounts).find(|&(_, value, most)| !(0.0..=most).contains(&value)) {
            None => Ok(()),
            Some((name, value, f64::MAX)) => {
                Err(format!("{name} is {value}, but must be at least 0"))
            }
            Some((name, value, most)) => {
                Err(format!("{name} is {value}, but must be from 0 to {most}"))
            }
        }
    }
}
