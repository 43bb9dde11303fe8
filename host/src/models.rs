//! Several models beside each other: sizes, accuracies, and what they cost on devices.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::Images;
use crate::evaluate::{EvaluateError, evaluate_model};
use crate::files::{self, FileError};
use crate::model_file::Blob;
use crate::work::Work;

/// One model. Accuracies and shares go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The model's name.
    pub name: String,
    /// Widths of all layers, inputs first: `144-66-48-40-10`.
    pub network: String,
    /// Width of the weights: `4`, or `8/4/4` where layers differ.
    pub bits: String,
    /// Length of the blob.
    pub bytes: usize,
    /// Accuracy that the model says it had; none if it says nothing.
    pub recorded_accuracy: Option<f64>,
    /// What images show; none if none were given.
    pub measured: Option<Measured>,
    /// Mean instructions of an image by board, where they have been counted.
    pub instructions: BTreeMap<String, f64>,
    /// The command that trained it.
    pub command: String,
}

/// What a model does on images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Share of the images that are classified as labelled.
    pub accuracy: f64,
    /// Mean share of each layer's inputs that are not zero.
    pub nonzero: Vec<f64>,
}

impl Entry {
    /// Describes a model, which is measured if there are images.
    ///
    /// # Errors
    ///
    /// [`EvaluateError`] if the images do not fit.
    ///
    /// # Panics
    ///
    /// If the blob is not a model, which loading it has checked.
    pub fn new(
        blob: &Blob,
        images: Option<&Images>,
        counts: &Counts,
    ) -> Result<Self, EvaluateError> {
        let model = blob.model().expect("a blob that was loaded is a model");
        let provenance = &model.header().provenance;
        let measure = |images| {
            let accuracy = evaluate_model(&model, images)?.accuracy;
            Ok(Measured { accuracy, nonzero: Work::measure(&model, images)?.nonzero })
        };
        let shapes = || model.layers().iter().map(inkbit_core::Layer::shape);
        let outputs = shapes().map(|shape| usize::from(shape.outputs).to_string());
        let widths: Vec<String> =
            [model.input().inputs().to_string()].into_iter().chain(outputs).collect();
        let mut bits: Vec<String> = shapes().map(|shape| shape.bits.to_string()).collect();
        if bits.iter().all(|width| *width == bits[0]) {
            bits.truncate(1);
        }
        Ok(Self {
            name: model.header().name.to_owned(),
            network: widths.join("-"),
            bits: bits.join("/"),
            bytes: blob.bytes().len(),
            recorded_accuracy: (provenance.tested > 0)
                .then(|| f64::from(provenance.correct) / f64::from(provenance.tested)),
            measured: images.map(measure).transpose()?,
            instructions: counts.of(blob.crc()),
            command: provenance.command.to_owned(),
        })
    }
}

/// Instructions that `cargo xtask bench` has counted.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Counts {
    #[serde(default)]
    count: Vec<Count>,
}

/// One model on one board; the file says more.
#[derive(Clone, Debug, Deserialize)]
struct Count {
    crc: String,
    board: String,
    kernel: String,
    images: String,
    mean: f64,
}

impl Counts {
    /// Reads the text of the benchmark's file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Mean instructions of a model, by the CRC of its blob, by board, with the kernel that is flashed;
    /// of real images where there are counts of both.
    #[must_use]
    pub fn of(&self, crc: u32) -> BTreeMap<String, f64> {
        const FLASHED: &str = "packed";
        let crc = format!("{crc:08x}");
        let mine = self.count.iter().filter(|count| count.crc == crc && count.kernel == FLASHED);
        let (synthetic, real): (Vec<_>, Vec<_>) =
            mine.partition(|count| count.images.ends_with("synthetic"));
        synthetic.into_iter().chain(real).map(|count| (count.board.clone(), count.mean)).collect()
    }
}

/// The models among these paths: files as they are, and of a folder all `.inkbit` in it, by name.
///
/// # Errors
///
/// [`FileError`] if a folder cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let read = || FileError::at("read", path);
        let mut models = Vec::new();
        for entry in fs::read_dir(path).map_err(read())? {
            let file = entry.map_err(read())?.path();
            if file.extension().is_some_and(|extension| extension == "inkbit") {
                models.push(file);
            }
        }
        models.sort();
        found.extend(models);
    }
    Ok(found)
}

/// Reads the benchmark's file; nothing is counted where there is none.
///
/// # Errors
///
/// What is wrong with it.
pub fn read_counts(path: &Path) -> Result<Counts, String> {
    if !path.exists() {
        return Ok(Counts::default());
    }
    let bytes = files::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string());
    let counts = text.and_then(|text| Counts::parse(&text).map_err(|error| error.to_string()));
    counts.map_err(|error| format!("{}: {}", path.display(), error.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_of_the_very_model_and_of_real_images_where_there_are() {
        let count = |crc: &str, kernel: &str, images: &str, mean: f64| {
            format!(
                "[[count]]\nmodel = 'm'\ncrc = '{crc}'\nboard = 'microbit'\nkernel = '{kernel}'\n\
                 images = '{images}'\nmean = {mean:?}\n"
            )
        };
        let text = [
            "compiler = 'rustc'\n".to_owned(),
            count("0000beef", "packed", "100 MNIST", 3.0),
            count("0000beef", "packed", "20 synthetic", 2.0),
            count("0000beef", "wide", "100 MNIST", 1.0),
        ];
        let counts = Counts::parse(&text.concat()).unwrap();
        assert_eq!(counts.of(0xBEEF), BTreeMap::from([("microbit".to_owned(), 3.0)]));
        assert_eq!(counts.of(0xBEE0), BTreeMap::new());
    }
}
