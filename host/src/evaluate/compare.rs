//! Several models on the same images: how they differ, and whether that is significant.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::data::Images;
use crate::device::board::{self, Board};
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::evaluate::predictions::{Prediction, predictions};
use crate::evaluate::significance::{mcnemar, wilson};
use crate::model::activity::activity;
use crate::model::{Blob, ImagesError, int_logits};

/// One of the models. Fractions are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedModel {
    /// The path of its file.
    pub name: String,
    /// Images classified correctly.
    pub correct: usize,
    pub accuracy: f64,
    /// 95 % confidence interval of the accuracy; see [`wilson`].
    pub interval: (f64, f64),
    /// Length of the blob.
    pub bytes: usize,
    /// Fraction of multiplications with a non-zero input.
    pub non_zero: f64,
    /// Mean number of these multiplications per image.
    pub macs: f64,
    /// Cost of an inference by board, counted or estimated.
    pub costs: BTreeMap<String, Cost>,
    /// Number of classes.
    pub classes: usize,
    /// Indices of the images that only this model classifies wrongly.
    pub alone_wrong: Vec<usize>,
    #[serde(skip)]
    right: Vec<bool>,
}

/// Two of the models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ModelPair {
    /// Their indices in [`Comparison::models`].
    pub pair: (usize, usize),
    /// Images that only the first classifies correctly.
    pub only_first: usize,
    /// Images that only the second classifies correctly.
    pub only_second: usize,
    /// Probability of at least this difference by chance, above 0; see [`mcnemar`].
    pub p: f64,
}

/// All models, and all pairs of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Images that they are compared on.
    pub images: usize,
    pub models: Vec<ComparedModel>,
    pub pairs: Vec<ModelPair>,
}

impl ComparedModel {
    /// Measures the model of a checked blob. `counts` are counted instructions.
    pub fn measure(
        name: &str,
        blob: &Blob,
        images: &Images,
        counts: &Counts,
    ) -> Result<Self, ImagesError> {
        let model = &blob.model().expect("a blob that was loaded is a model");
        let found = predictions(model.classes(), &images.labels, &int_logits(model, images)?);
        let right: Vec<bool> = found.iter().map(Prediction::is_right).collect();
        let activity = activity(model, images)?;
        let correct = right.iter().filter(|right| **right).count();
        let cost =
            |board: Board| Some((Cost::of(&board, blob.crc(), &activity, counts)?, board.name));
        let costs = board::emulated().into_iter().filter_map(cost);
        Ok(Self {
            name: name.to_owned(),
            correct,
            accuracy: correct as f64 / images.len() as f64,
            interval: wilson(correct, images.len()),
            bytes: blob.bytes().len(),
            non_zero: activity.non_zero(),
            macs: activity.macs(),
            costs: costs.map(|(cost, board)| (board, cost)).collect(),
            classes: model.classes(),
            alone_wrong: Vec::new(),
            right,
        })
    }
}

impl Comparison {
    /// Compares at least one model; all were measured on the same images.
    pub fn new(mut models: Vec<ComparedModel>) -> Self {
        let images = models.first().map_or(0, |model| model.right.len());
        for image in 0..images {
            let mut wrong = models.iter_mut().filter(|model| !model.right[image]);
            if let (Some(alone), None) = (wrong.next(), wrong.next()) {
                alone.alone_wrong.push(image);
            }
        }
        let pairs = (0..models.len())
            .flat_map(|first| (first + 1..models.len()).map(move |second| (first, second)));
        let compare = |pair: (usize, usize)| {
            let both = || models[pair.0].right.iter().zip(&models[pair.1].right);
            let only_first = both().filter(|&(first, second)| *first && !second).count();
            let only_second = both().filter(|&(first, second)| !first && *second).count();
            ModelPair { pair, only_first, only_second, p: mcnemar(only_first, only_second) }
        };
        Self { images, pairs: pairs.map(compare).collect(), models }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, right: &str) -> ComparedModel {
        let right: Vec<bool> = right.chars().map(|c| c == '+').collect();
        let correct = right.iter().filter(|right| **right).count();
        ComparedModel {
            name: name.to_owned(),
            correct,
            accuracy: correct as f64 / right.len() as f64,
            interval: wilson(correct, right.len()),
            bytes: 1,
            non_zero: 1.0,
            macs: 1.0,
            costs: BTreeMap::new(),
            classes: 4,
            alone_wrong: Vec::new(),
            right,
        }
    }

    #[test]
    fn images_are_counted_that_one_model_or_one_of_two_classifies_wrongly() {
        let models = vec![model("a", "++-+-"), model("b", "+-+--"), model("c", "++++-")];
        let found = Comparison::new(models);
        let alone: Vec<&[usize]> =
            found.models.iter().map(|model| &model.alone_wrong[..]).collect();
        assert_eq!(alone, [&[2][..], &[1, 3], &[]]);
        let pairs: Vec<_> =
            found.pairs.iter().map(|pair| (pair.pair, pair.only_first, pair.only_second)).collect();
        assert_eq!(pairs, [((0, 1), 2, 1), ((0, 2), 0, 1), ((1, 2), 0, 2)]);
        assert_eq!(found.pairs[0].p, 1.0);
        assert_eq!(found.pairs[2].p, 0.5);
    }
}
