//! Summaries of models, and the best model for each board.

use std::collections::BTreeMap;
use std::path::PathBuf;

use inkbit_core::{Layer, Model};
use serde::Serialize;

use crate::config::preset::{self, Limits};
use crate::data::Images;
use crate::device::board::{self, Board};
use crate::device::counts::Counts;
use crate::evaluate::evaluate_model;
use crate::model::activity::activity;
use crate::model::{Blob, ImagesError, builtin, origin};
use crate::quantize::bits;

/// One model. Accuracies and fractions are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelSummary {
    pub name: String,
    /// `None` if the model is built in.
    pub file: Option<PathBuf>,
    /// Widths of all layers, inputs first: `144-66-48-40-10`; of several stages one after the other.
    pub network: String,
    /// Bits of a weight: `4`, or `8/4/4` where layers differ.
    pub bits: String,
    /// Length of the blob.
    pub bytes: usize,
    /// Limits of the preset after which the model is named.
    #[serde(rename = "bar")]
    pub limits: Option<Limits>,
    /// Accuracy that its header records.
    pub recorded_accuracy: Option<f64>,
    pub measured: Option<Measured>,
    /// Counted mean instructions of an inference, by board.
    pub instructions: BTreeMap<String, f64>,
    /// Names of the boards that it fits.
    pub fits: Vec<String>,
    /// Names of the boards for which [`mark_best`] found it to be the best.
    pub best_on: Vec<String>,
    /// The command that trained it.
    pub command: String,
}

/// Measures of a model on images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    pub accuracy: f64,
    /// Mean fraction of each layer's inputs that are not zero.
    pub nonzero: Vec<f64>,
}

impl ModelSummary {
    /// Summarizes the model of a checked blob, and measures it on images if there are any.
    pub fn new(blob: &Blob, images: Option<&Images>, counts: &Counts) -> Result<Self, ImagesError> {
        let model = blob.model().expect("a blob that was loaded is a model");
        let provenance = origin(&model);
        let measure = |images| {
            let accuracy = evaluate_model(&model, images)?.accuracy;
            let activity = activity(&model, images)?;
            let nonzero = activity.layers().map(|layer| layer.non_zero).collect();
            Ok(Measured { accuracy, nonzero })
        };
        let mut boards = board::all();
        boards.retain(|board| board::check(board, &model, blob.bytes()).is_ok());
        Ok(Self {
            name: model.header().name.to_owned(),
            file: None,
            network: of_stages(&model, network),
            bits: of_stages(&model, |model, stage| bits::of_layers(model.layers_of(stage))),
            bytes: blob.bytes().len(),
            limits: preset::find(model.header().name).map(|preset| preset.limits),
            recorded_accuracy: (provenance.tested > 0)
                .then(|| f64::from(provenance.correct) / f64::from(provenance.tested)),
            measured: images.map(measure).transpose()?,
            instructions: counts.of(blob.crc()),
            fits: boards.into_iter().map(|board| board.name).collect(),
            best_on: Vec::new(),
            command: provenance.command.to_owned(),
        })
    }
}

/// What `text` says of each stage, in the order in which they are asked.
fn of_stages(model: &Model<'_>, text: impl Fn(&Model<'_>, usize) -> String) -> String {
    let stages: Vec<String> = (0..model.stages().len()).map(|stage| text(model, stage)).collect();
    stages.join(", ")
}

/// Widths of all layers of a stage, inputs first.
fn network(model: &Model<'_>, stage: usize) -> String {
    let layers = model.layers_of(stage).iter();
    let widths = [model.input_of(stage).inputs()].into_iter().chain(layers.map(Layer::outputs));
    widths.map(|width| width.to_string()).collect::<Vec<_>>().join("-")
}

/// Index of the best model for a board: of those that fit, the one with the greatest recorded
/// accuracy, and of equally accurate ones the smallest.
pub fn best(models: &[ModelSummary], board: &str) -> Option<usize> {
    let fitting = (0..models.len()).filter(|&index| models[index].fits.iter().any(|b| b == board));
    let recorded = fitting.filter_map(|index| Some((models[index].recorded_accuracy?, index)));
    let best = recorded
        .max_by(|a, b| a.0.total_cmp(&b.0).then(models[b.1].bytes.cmp(&models[a.1].bytes)))?;
    Some(best.1)
}

/// The default model of a board: the best reference model that fits it.
pub fn best_for(board: &Board) -> Option<(Blob, ModelSummary)> {
    let mut blobs = builtin::all();
    let summary = |blob| ModelSummary::new(blob, None, &Counts::default()).expect("no images");
    let mut models: Vec<ModelSummary> = blobs.iter().map(summary).collect();
    let index = best(&models, &board.name)?;
    Some((blobs.swap_remove(index), models.swap_remove(index)))
}

pub fn mark_best(models: &mut [ModelSummary]) {
    for Board { name, .. } in board::all() {
        if let Some(index) = best(models, &name) {
            models[index].best_on.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_has_a_model_that_fits_it() {
        for board in board::all() {
            let (blob, best) = best_for(&board).unwrap();
            assert_eq!(board::check(&board, &blob.model().unwrap(), blob.bytes()), Ok(()));
            let blobs = builtin::all();
            let other = blobs.iter().map(|blob| ModelSummary::new(blob, None, &Counts::default()));
            for other in other.map(Result::unwrap).filter(|o| o.fits.contains(&board.name)) {
                assert!(other.recorded_accuracy <= best.recorded_accuracy, "{}", other.name);
            }
        }
    }

    fn summary(
        name: &str,
        bytes: usize,
        recorded_accuracy: Option<f64>,
        fits: &[&str],
    ) -> ModelSummary {
        ModelSummary {
            name: name.to_owned(),
            file: None,
            network: String::new(),
            bits: String::new(),
            bytes,
            limits: None,
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
        let mut models = [
            summary("small", 10, Some(0.98), &["microbit", "lm3s6965evb"]),
            summary("unrated", 10, None, &["microbit", "lm3s6965evb"]),
            summary("longer", 30, Some(0.99), &["lm3s6965evb"]),
            summary("shorter", 20, Some(0.99), &["lm3s6965evb"]),
        ];
        mark_best(&mut models);
        assert_eq!(models[0].best_on, ["microbit"]);
        assert_eq!(models[3].best_on, ["lm3s6965evb"]);
        assert!(models[1].best_on.is_empty() && models[2].best_on.is_empty());
        assert_eq!(best(&models, "riscv32-virt"), None);
    }
}
