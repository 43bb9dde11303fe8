//! Outcomes of trainings.

use serde::{Deserialize, Serialize};

use super::{Cell, network};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "File", into = "File")]
pub enum Outcome {
    /// The cell was trained, quantized and measured.
    Trained(Trained),
    /// The training failed, for example by divergence.
    Failed(String),
}

/// The file of an outcome: its mark, which older ones lack, and one of the others.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    written_by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trained: Option<Trained>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

impl From<Outcome> for File {
    fn from(outcome: Outcome) -> Self {
        let written_by = "Inkbit for a sweep".to_owned();
        match outcome {
            Outcome::Trained(trained) => Self { written_by, trained: Some(trained), failed: None },
            Outcome::Failed(reason) => Self { written_by, trained: None, failed: Some(reason) },
        }
    }
}

impl TryFrom<File> for Outcome {
    type Error = &'static str;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        match (file.trained, file.failed) {
            (Some(trained), None) => Ok(Self::Trained(trained)),
            (None, Some(reason)) => Ok(Self::Failed(reason)),
            _ => Err("expected one of `trained` and `failed`"),
        }
    }
}

/// A trained network of a sweep. Accuracies and fractions are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// Widths of all layers, inputs first.
    pub widths: Vec<usize>,
    /// Bits of a weight, for each layer.
    pub bits: Vec<u8>,
    pub seed: u64,
    /// Length of the blob.
    pub bytes: usize,
    /// Accuracy of the blob on the validation images, by which networks are compared.
    pub validation_accuracy: f64,
    /// Accuracy of the blob on the test images.
    pub test_accuracy: f64,
    /// Mean fraction of each layer's inputs that are not zero, on the test images.
    pub nonzero: Vec<f64>,
    /// Mean multiplications with a non-zero input per test image.
    pub macs: f64,
    /// Instructions per test image on a [`CPU`](super::CPU), estimated by a
    /// [`Fit`](crate::device::fit::Fit).
    pub instructions: f64,
    /// Wall time of the training.
    pub seconds: f32,
}

impl Outcome {
    /// Checks that a file can hold the outcome of this cell. The error names what was found and what
    /// was expected.
    pub(super) fn check(&self, cell: &Cell) -> Result<(), String> {
        let Self::Trained(trained) = self else { return Ok(()) };
        let found = (&trained.widths, &trained.bits, trained.seed);
        let expected = (&cell.widths, &network::bits(&cell.config), cell.config.seed);
        if found != expected {
            return Err(format!("widths, bits and seed are {found:?}, but must be {expected:?}"));
        }
        let fractions = trained.nonzero.iter().map(|&fraction| ("nonzero", fraction, 0.0..=1.0));
        // A figure has a logarithmic axis of costs.
        let numbers = [
            ("validation_accuracy", trained.validation_accuracy, 0.0..=1.0),
            ("test_accuracy", trained.test_accuracy, 0.0..=1.0),
            ("bytes", trained.bytes as f64, 1.0..=1e12),
            ("macs", trained.macs, 0.0..=1e12),
            ("instructions", trained.instructions, 1.0..=1e12),
            ("seconds", f64::from(trained.seconds), 0.0..=1e12),
        ];
        match fractions.chain(numbers).find(|(_, value, legal)| !legal.contains(value)) {
            None => Ok(()),
            Some((name, value, legal)) => {
                let (least, most) = legal.into_inner();
                Err(format!("{name} is {value}, but must be from {least} to {most}"))
            }
        }
    }
}
