//! Several models beside each other: sizes, accuracies, and what they cost on devices.

use std::collections::BTreeMap;
use std::path::PathBuf;

use inkbit_core::Model;
use serde::Serialize;

use crate::config::preset::{self, Bar};
use crate::data::Images;
use crate::device::board::{self, Board};
use crate::device::counts::Counts;
use crate::evaluate::evaluate_model;
use crate::model::activity::activity;
use crate::model::{Blob, ImagesError, builtin};

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
    /// [`ImagesError`] if the images do not fit.
    ///
    /// # Panics
    ///
    /// If the blob is not a model, which loading it has checked.
    pub fn new(blob: &Blob, images: Option<&Images>, counts: &Counts) -> Result<Self, ImagesError> {
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
    boards.retain(|board| board::check(board, model, blob.bytes()).is_ok());
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

/// The default model of a board: the best reference model that fits it, and what it is.
///
/// # Panics
///
/// If a file that was built in is not a model, which the tests rule out.
#[must_use]
pub fn best_for(board: &Board) -> Option<(Blob, Entry)> {
    let mut blobs = builtin::all();
    let entry = |blob| Entry::new(blob, None, &Counts::default()).expect("without images");
    let mut entries: Vec<Entry> = blobs.iter().map(entry).collect();
    let index = best(&entries, &board.name)?;
    Some((blobs.swap_remove(index), entries.swap_remove(index)))
}

/// Says of each model on which boards it is the best of these.
pub fn mark_best(entries: &mut [Entry]) {
    for Board { name, .. } in board::all() {
        if let Some(index) = best(entries, &name) {
            entries[index].best_on.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_has_a_model_that_fits_it() {
        for board in board::all() {
            let (blob, entry) = best_for(&board).unwrap();
            assert_eq!(board::check(&board, &blob.model().unwrap(), blob.bytes()), Ok(()));
            let accuracies = builtin::all();
            let other = accuracies.iter().map(|blob| Entry::new(blob, None, &Counts::default()));
            for other in other.map(Result::unwrap).filter(|o| o.fits.contains(&board.name)) {
                assert!(other.recorded_accuracy <= entry.recorded_accuracy, "{}", other.name);
            }
        }
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
}
