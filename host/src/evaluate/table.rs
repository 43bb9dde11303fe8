//! Several models beside each other: sizes, accuracies, and what they cost on devices.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use inkbit_core::Model;
use serde::{Deserialize, Serialize};

use crate::config::preset::{self, Bar};
use crate::data::Images;
use crate::device::board::{self, Board};
use crate::device::cost::Fit;
use crate::evaluate::{EvaluateError, evaluate_model};
use crate::model::Blob;
use crate::model::activity::activity;
use crate::support::files::{self, FileError};

/// One model. Accuracies and shares go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The model's name.
    pub name: String,
    /// Its file; none of a reference model that is built in.
    pub file: Option<PathBuf>,
    /// Widths of all layers, inputs first: `144-66-48-40-10`.
    pub network: String,
    /// Width of the weights: `4`, or `8/4/4` where layers differ.
    pub bits: String,
    /// Length of the blob.
    pub bytes: usize,
    /// What it has to keep to, if it is named after a preset.
    pub bar: Option<Bar>,
    /// Accuracy that the model says it had; none if it says nothing.
    pub recorded_accuracy: Option<f64>,
    /// What images show; none if none were given.
    pub measured: Option<Measured>,
    /// Mean instructions of an image by board, where they have been counted.
    pub instructions: BTreeMap<String, f64>,
    /// Names of the boards that have room for it.
    pub fits: Vec<String>,
    /// Names of the boards on which it is the best of those that [`mark_best`] has compared.
    pub best_on: Vec<String>,
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
            let activity = activity(&model, images)?;
            let nonzero = activity.layers.iter().map(|layer| layer.non_zero).collect();
            Ok(Measured { accuracy, nonzero })
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
            file: None,
            network: widths.join("-"),
            bits: bits.join("/"),
            bytes: blob.bytes().len(),
            bar: preset::find(model.header().name).map(|preset| preset.bar),
            recorded_accuracy: (provenance.tested > 0)
                .then(|| f64::from(provenance.correct) / f64::from(provenance.tested)),
            measured: images.map(measure).transpose()?,
            instructions: counts.of(blob.crc()),
            fits: boards_for(&model, blob),
            best_on: Vec::new(),
            command: provenance.command.to_owned(),
        })
    }
}

fn boards_for(model: &Model<'_>, blob: &Blob) -> Vec<String> {
    let mut boards = board::all();
    boards.retain(|board| board.check(model, blob.bytes()).is_ok());
    boards.into_iter().map(|board| board.name).collect()
}

/// Which of several models is the best for a board: of those that fit, the one with the greatest
/// recorded accuracy, and of equally accurate ones the smallest. A model that records none is not
/// chosen.
#[must_use]
pub fn best(entries: &[Entry], board: &str) -> Option<usize> {
    let fitting =
        entries.iter().enumerate().filter(|(_, entry)| entry.fits.iter().any(|b| b == board));
    let rated =
        fitting.filter_map(|(index, entry)| Some((entry.recorded_accuracy?, entry.bytes, index)));
    let best = rated.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    best.map(|(_, _, index)| index)
}

/// Says of each model on which boards it is the best of these.
///
/// ```
/// use inkbit::evaluate::table::{Counts, Entry, mark_best};
/// let entry = |blob| Entry::new(blob, None, &Counts::built_in());
/// let mut entries = inkbit::model::builtin::all().iter().map(entry).collect::<Result<Vec<_>, _>>()?;
/// mark_best(&mut entries);
/// let best = entries.iter().find(|entry| entry.best_on.contains(&"microbit".to_owned()));
/// assert!(best.is_some_and(|entry| entry.recorded_accuracy > Some(0.99)));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn mark_best(entries: &mut [Entry]) {
    for Board { name, .. } in board::all() {
        if let Some(index) = best(entries, &name) {
            entries[index].best_on.push(name);
        }
    }
}

/// Instructions that `cargo xtask bench` has counted, and what was fitted to them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Counts {
    #[serde(default)]
    count: Vec<Count>,
    #[serde(default)]
    fit: Vec<Fit>,
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
    /// The counts of the reference models, which are built in.
    ///
    /// ```
    /// use inkbit::evaluate::table::Counts;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let counted = Counts::built_in().of(blob.crc());
    /// assert!(counted["microbit"] > counted["lm3s6965evb"]);
    /// ```
    ///
    /// # Panics
    ///
    /// If the file that was built in is damaged, which the tests rule out.
    #[must_use]
    pub fn built_in() -> Self {
        let text = include_str!("../../../tests/bench/instructions.toml");
        Self::parse(text).expect("the tests read it")
    }

    /// Reads the text of the benchmark's file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Says what cannot be of a benchmark.
    fn check(&self) -> Result<(), String> {
        if self.count.is_empty() && self.fit.is_empty() {
            let expected = "a file that `cargo xtask bench --write` has written";
            return Err(format!("there is neither [[count]] nor [[fit]] in it; give {expected}"));
        }
        let wrong = self.count.iter().find_map(|Count { crc, mean, .. }| {
            if crc.len() != 8 || u32::from_str_radix(crc, 16).is_err() {
                Some(format!(
                    "a [[count]] has the crc \"{crc}\", but must have 8 hexadecimal digits"
                ))
            } else if !(mean.is_finite() && *mean > 0.0) {
                Some(format!("the [[count]] of {crc} has the mean {mean}, but must be above 0"))
            } else {
                None
            }
        });
        wrong.map_or(Ok(()), Err)
    }

    /// What was fitted to the counts of a processor; see [`Cost::estimate`].
    ///
    /// [`Cost::estimate`]: crate::device::cost::Cost::estimate
    #[must_use]
    pub fn fit(&self, cpu: &str) -> Option<&Fit> {
        self.fit.iter().find(|fit| fit.cpu == cpu)
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

/// Reads a benchmark's file; without one, gives the counts of the reference models, which are built
/// in. What is fitted to those is taken where the file has nothing fitted to its own.
///
/// # Errors
///
/// What is wrong with it.
pub fn read_counts(path: Option<&Path>) -> Result<Counts, String> {
    let Some(path) = path else { return Ok(Counts::built_in()) };
    let bytes = files::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string());
    let counts = text.and_then(|text| Counts::parse(&text).map_err(|error| error.to_string()));
    let counts = counts.and_then(|counts| counts.check().map(|()| counts));
    let mut counts = counts.map_err(|error| format!("{}: {}", path.display(), error.trim_end()))?;
    if counts.fit.is_empty() {
        counts.fit = Counts::built_in().fit;
    }
    Ok(counts)
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

    fn entry(name: &str, bytes: usize, recorded_accuracy: Option<f64>, fits: &[&str]) -> Entry {
        Entry {
            name: name.to_owned(),
            file: None,
            network: String::new(),
            bits: String::new(),
            bytes,
            bar: None,
            recorded_accuracy,
            measured: None,
            instructions: BTreeMap::new(),
            fits: fits.iter().map(ToString::to_string).collect(),
            best_on: Vec::new(),
            command: String::new(),
        }
    }

    #[test]
    fn the_best_model_of_a_board_fits_is_accurate_and_then_small() {
        let mut entries = [
            entry("small", 10, Some(0.98), &["microbit", "lm3s6965evb"]),
            entry("unrated", 10, None, &["microbit", "lm3s6965evb"]),
            entry("longer", 30, Some(0.99), &["lm3s6965evb"]),
            entry("shorter", 20, Some(0.99), &["lm3s6965evb"]),
        ];
        mark_best(&mut entries);
        assert_eq!(entries[0].best_on, ["microbit"]);
        assert_eq!(entries[3].best_on, ["lm3s6965evb"]);
        assert!(entries[1].best_on.is_empty() && entries[2].best_on.is_empty());
        assert_eq!(best(&entries, "riscv32-virt"), None);
    }

    #[test]
    fn counts_are_built_in() {
        let counts = Counts::built_in();
        assert!(!counts.count.is_empty());
        let missing = read_counts(Some(Path::new("nowhere.toml"))).unwrap_err();
        assert!(missing.contains("nowhere.toml"), "{missing}");
    }

    #[test]
    fn what_no_benchmark_has_written_is_refused() {
        let count = |crc: &str, mean: &str| {
            format!(
                "[[count]]\ncrc = '{crc}'\nboard = 'b'\nkernel = 'packed'\nimages = 'i'\n\
                 mean = {mean}\n"
            )
        };
        for (text, expected) in [
            ("epochs = 3\n".to_owned(), "there is neither [[count]] nor [[fit]] in it; give"),
            (count("beef", "1.0"), "the crc \"beef\", but must have 8 hexadecimal digits"),
            (count("0000beef", "-1.0"), "of 0000beef has the mean -1, but must be above 0"),
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), text).unwrap();
            let message = read_counts(Some(file.path())).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
