//! The content of a report, computed once.

use inkbit_core::Model;

use super::plot::Sample;
use crate::data::Dataset;
use crate::data::labels;
use crate::device::board::{self, Board, TooLarge};
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::evaluate::Evaluation;
use crate::evaluate::predictions::{
    Calibration, Prediction, calibration, most_confidently_wrong, predictions,
};
use crate::evaluate::refusal::Refusal;
use crate::evaluate::stages::{self, StageCounts};
use crate::model::activity::{Activity, activity};
use crate::model::{Blob, ImagesError, scaled_logits};
use crate::run::Imported;
use crate::support::visible;
use crate::train::history::History;

/// Number of test images in the grid of samples, and maximum number in that of mistakes.
const SAMPLES: usize = 16;

/// The training of a model, which only its run records.
#[derive(Clone, Debug)]
pub struct Training {
    /// At least one epoch; `None` if another framework has trained the network.
    pub history: Option<History>,
    /// Where the network comes from, if it was not trained here.
    pub imported: Option<Imported>,
    /// Logits of the float network, image after image.
    pub float_logits: Vec<f32>,
}

/// The effect of quantization.
#[derive(Clone, Debug)]
pub struct QuantizationEffect {
    /// Measures of the float network.
    pub float: Evaluation,
    /// Images that only the float network classifies correctly.
    pub worse: usize,
    /// Images that only the quantized model classifies correctly.
    pub better: usize,
    /// Quantized logits minus float logits, in units of the float network.
    pub differences: Vec<f64>,
    /// Median difference between the greatest and the second greatest float logit of an image.
    pub margin: f64,
}

/// Whether a model fits a board, and its cost there.
#[derive(Clone, Debug)]
pub struct BoardFit {
    /// The board.
    pub board: Board,
    /// The limit that the model exceeds.
    pub error: Option<TooLarge>,
    /// The cost of an inference.
    pub cost: Option<Cost>,
}

/// The content of a report.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The model.
    pub model: &'a Model<'a>,
    /// The blob that the model was parsed from.
    pub blob: &'a Blob,
    /// The data whose test images it is measured on.
    pub data: &'a Dataset,
    /// Measures of the quantized model.
    pub result: Evaluation,
    /// Its prediction for each test image.
    pub predictions: Vec<Prediction>,
    /// Calibration of these predictions.
    pub calibration: Calibration,
    /// What it calls none of its classes.
    pub refusal: Refusal,
    /// What each stage decides of the test images.
    pub stages: Vec<StageCounts>,
    /// Fraction of active units.
    pub activity: Activity,
    /// History of its training, if its run is known.
    pub history: Option<History>,
    /// Where the network comes from, if it was not trained here.
    pub imported: Option<Imported>,
    /// Effect of quantization, if its run is known.
    pub quantization: Option<QuantizationEffect>,
    /// All boards.
    pub boards: Vec<BoardFit>,
}

impl<'a> Facts<'a> {
    /// Measures a model on the test images. `counts` are counted instructions.
    pub fn gather(
        model: &'a Model<'a>,
        blob: &'a Blob,
        data: &'a Dataset,
        training: Option<Training>,
        counts: &Counts,
    ) -> Result<Self, ImagesError> {
        let logits = scaled_logits(model, &data.test)?;
        // The data have the labels of the model unless the user gave others.
        let classes: Vec<String> = match data.classes.len() == model.classes() {
            true => data.classes.iter().map(|label| visible::line(label)).collect(),
            false => labels::of_model(model),
        };
        let result = Evaluation::from_logits(&classes, &data.test.labels, &logits);
        let predictions = predictions(model.classes(), &data.test.labels, &logits);
        let activity = activity(model, &data.test)?;
        let fit = |board: Board| BoardFit {
            error: board::check(&board, model, blob.bytes()).err(),
            cost: Cost::of(&board, blob.crc(), &activity, counts),
            board,
        };
        let effect = |training: &Training| {
            let float =
                Evaluation::from_logits(&classes, &data.test.labels, &training.float_logits);
            effect(float, &training.float_logits, &predictions, &logits, &data.test.labels)
        };
        Ok(Self {
            quantization: training.as_ref().map(effect),
            imported: training.as_ref().and_then(|training| training.imported.clone()),
            history: training.and_then(|training| training.history),
            calibration: calibration(&predictions),
            refusal: Refusal::measure(model, &data.test)?,
            stages: stages::counts(model, &data.test)?,
            boards: board::all().into_iter().map(fit).collect(),
            model,
            blob,
            data,
            result,
            predictions,
            activity,
        })
    }

    /// The first test images of each class, classes in turn.
    pub fn samples(&self) -> Vec<Sample> {
        let mut seen = vec![0; self.result.classes.len()];
        // How many images of the same class come before each image, its class, and its index.
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (index, &Prediction { truth, .. }) in self.predictions.iter().enumerate() {
            order.push((seen[truth], truth, index));
            seen[truth] += 1;
        }
        order.sort_unstable();
        order.into_iter().take(SAMPLES).map(|(.., index)| self.sample(index)).collect()
    }

    /// The most confident mistakes.
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

fn effect(
    float: Evaluation,
    float_logits: &[f32],
    quantized: &[Prediction],
    logits: &[f64],
    truth: &[u8],
) -> QuantizationEffect {
    let before = predictions(float.classes.len(), truth, float_logits);
    let pairs = || before.iter().zip(quantized).map(|(a, b)| (a.is_right(), b.is_right()));
    let differences =
        logits.iter().zip(float_logits).map(|(after, before)| after - f64::from(*before));
    QuantizationEffect {
        worse: pairs().filter(|&(before, after)| before && !after).count(),
        better: pairs().filter(|&(before, after)| !before && after).count(),
        margin: margin(float.classes.len(), float_logits),
        float,
        differences: differences.collect(),
    }
}

/// Median difference between the greatest and the second greatest logit of an image.
fn margin(classes: usize, logits: &[f32]) -> f64 {
    let gap = |logits: &[f32]| {
        let mut logits: Vec<f64> = logits.iter().copied().map(f64::from).collect();
        logits.sort_unstable_by(f64::total_cmp);
        let [.., second, first] = logits[..] else { return f64::INFINITY };
        first - second
    };
    let mut gaps: Vec<f64> = logits.chunks_exact(classes).map(gap).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or_default()
}
