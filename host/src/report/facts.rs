//! Everything that a report tells, computed once.

use std::path::PathBuf;

use inkbit_core::Model;

use super::plot::Sample;
use crate::data::Dataset;
use crate::data::labels::{self, printable};
use crate::device::board::{self, Board, TooLarge};
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::evaluate::Evaluation;
use crate::evaluate::predictions::{
    Calibration, Prediction, calibration, most_confidently_wrong, predictions,
};
use crate::model::activity::{Activity, activity};
use crate::model::{Blob, ImagesError, int_logits};
use crate::train::history::History;

/// Test images in the grid of samples, and at most so many of the mistakes.
const SAMPLES: usize = 16;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A run without a single epoch, or without the file that tells of them.
    #[error(
        "{} has no history of its training: expected a history.json with at least one epoch; train \
         again with --force, or make the report of a model", .0.display()
    )]
    NoHistory(PathBuf),
    /// The images do not fit the model.
    #[error(transparent)]
    Images(#[from] ImagesError),
}

/// What only the training run of a model knows.
#[derive(Clone, Debug)]
pub struct Training {
    /// Its epochs, at least one.
    pub history: History,
    /// The float network's measures over the test images.
    pub float: Evaluation,
    /// Its logits, image after image.
    pub float_logits: Vec<f32>,
}

/// What quantization changed.
#[derive(Clone, Debug)]
pub struct QuantizationCost {
    /// The float network's measures.
    pub float: Evaluation,
    /// Images that only the float network gets right.
    pub worse: usize,
    /// Images that only the quantized one gets right.
    pub better: usize,
    /// Quantized logits minus float ones, in the float network's units.
    pub differences: Vec<f64>,
    /// How far the float network's greatest logit is above the second, in the median.
    pub margin: f64,
}

/// Whether a model fits a board, and what it costs there.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The board.
    pub board: Board,
    /// What keeps the model from fitting.
    pub obstacle: Option<TooLarge>,
    /// What an inference costs.
    pub cost: Option<Cost>,
}

/// Everything that a report tells.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The model.
    pub model: &'a Model<'a>,
    /// The same as bytes.
    pub blob: &'a Blob,
    /// What it is measured on.
    pub data: &'a Dataset,
    /// The quantized model's measures.
    pub result: Evaluation,
    /// What it says of each test image.
    pub predictions: Vec<Prediction>,
    /// How far its confidence can be believed.
    pub calibration: Calibration,
    /// How much of it is awake.
    pub activity: Activity,
    /// The epochs of its training, if its run is known.
    pub history: Option<History>,
    /// What quantization changed, if its run is known.
    pub cost: Option<QuantizationCost>,
    /// Every board.
    pub boards: Vec<Fit>,
}

impl<'a> Facts<'a> {
    /// Measures a model on the test images. `counts` are the instructions that were counted.
    ///
    /// # Errors
    ///
    /// [`ReportError::Images`].
    pub fn gather(
        model: &'a Model<'a>,
        blob: &'a Blob,
        data: &'a Dataset,
        training: Option<Training>,
        counts: &Counts,
    ) -> Result<Self, ReportError> {
        let scale = f64::from(model.header().logit_scale);
        let logits = int_logits(model, &data.test)?;
        let logits: Vec<f64> = logits.into_iter().map(|logit| f64::from(logit) * scale).collect();
        // The data's labels are the model's, unless somebody has asked for others.
        let classes: Vec<String> = match data.classes.len() == model.classes() {
            true => data.classes.iter().map(|label| printable(label)).collect(),
            false => labels::of_model(model),
        };
        let result = Evaluation::from_logits(&classes, &data.test.labels, &logits);
        let predictions = predictions(model.classes(), &data.test.labels, &logits);
        let activity = activity(model, &data.test)?;
        let fit = |board: Board| Fit {
            obstacle: board::check(&board, model, blob.bytes()).err(),
            cost: Cost::of(&board, blob.crc(), &activity, counts),
            board,
        };
        let (history, cost) = training.map_or((None, None), |training| {
            let cost = cost(&training, &predictions, &logits, data);
            (Some(training.history), Some(cost))
        });
        Ok(Self {
            calibration: calibration(&predictions),
            boards: board::all().into_iter().map(fit).collect(),
            model,
            blob,
            data,
            result,
            predictions,
            activity,
            history,
            cost,
        })
    }

    /// Test images of all classes in turn, as far as they go.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        let classes = self.result.classes.len();
        let mut chosen = Vec::new();
        let mut of_class: Vec<_> = (0..classes)
            .map(|class| {
                let truths = self.predictions.iter().enumerate();
                truths.filter(move |(_, found)| found.truth == class).map(|(index, _)| index)
            })
            .collect();
        while chosen.len() < SAMPLES {
            let before = chosen.len();
            chosen.extend(of_class.iter_mut().filter_map(Iterator::next));
            if chosen.len() == before {
                break;
            }
        }
        chosen.truncate(SAMPLES);
        chosen.into_iter().map(|index| self.sample(index)).collect()
    }

    /// The mistakes of which the model is the most sure.
    #[must_use]
    pub fn worst(&self) -> Vec<Sample> {
        let wrong = most_confidently_wrong(&self.predictions, SAMPLES);
        wrong.into_iter().map(|index| self.sample(index)).collect()
    }

    fn sample(&self, index: usize) -> Sample {
        let Prediction { truth, class, confidence } = self.predictions[index];
        Sample {
            pixels: self.data.test.image(index).to_vec(),
            truth: self.result.classes[truth].clone(),
            class: self.result.classes[class].clone(),
            confidence,
        }
    }
}

fn cost(
    training: &Training,
    quantized: &[Prediction],
    logits: &[f64],
    data: &Dataset,
) -> QuantizationCost {
    let Training { float, float_logits, .. } = training;
    let float_logits: Vec<f64> = float_logits.iter().copied().map(f64::from).collect();
    let before = predictions(float.classes.len(), &data.test.labels, &float_logits);
    let pairs = || before.iter().zip(quantized).map(|(a, b)| (a.is_right(), b.is_right()));
    QuantizationCost {
        float: float.clone(),
        worse: pairs().filter(|&(before, after)| before && !after).count(),
        better: pairs().filter(|&(before, after)| !before && after).count(),
        margin: margin(float.classes.len(), &float_logits),
        differences: logits
            .iter()
            .zip(&float_logits)
            .map(|(after, before)| after - before)
            .collect(),
    }
}

/// How far the greatest logit of an image is above the second: the median over the images.
fn margin(classes: usize, logits: &[f64]) -> f64 {
    let gap = |logits: &[f64]| {
        let (first, second) =
            logits.iter().fold((f64::NEG_INFINITY, f64::NEG_INFINITY), |top, &x| {
                if x > top.0 { (x, top.0) } else { (top.0, top.1.max(x)) }
            });
        first - second
    };
    let mut gaps: Vec<f64> = logits.chunks_exact(classes).map(gap).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or_default()
}
