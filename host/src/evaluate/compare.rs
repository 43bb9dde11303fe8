//! Several models over the same images: how they differ, and whether that is more than chance.

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

/// One of the models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contender {
    /// What it is called: its file.
    pub name: String,
    /// Images that it gets right.
    pub correct: usize,
    /// Their share, from 0 to 1.
    pub accuracy: f64,
    /// Where the accuracy on all such images is, with 95 % confidence; see [`wilson`].
    pub interval: (f64, f64),
    /// Size of the blob.
    pub bytes: usize,
    /// Share of the multiplications whose input is not zero, from 0 to 1.
    pub non_zero: f64,
    /// How many these are for an image, in the mean.
    pub macs: f64,
    /// What an inference costs, by board: counted or estimated.
    pub costs: BTreeMap<String, Cost>,
    /// Classes that it knows.
    pub classes: usize,
    /// Numbers of the images that it alone gets wrong, from 0.
    pub alone_wrong: Vec<usize>,
    #[serde(skip)]
    right: Vec<bool>,
}

/// Two of the models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Duel {
    /// Which, as indices of [`Comparison::models`].
    pub pair: (usize, usize),
    /// Images that only the first gets right.
    pub only_first: usize,
    /// Images that only the second gets right.
    pub only_second: usize,
    /// How probable so uneven a result is by chance, above 0; see [`mcnemar`].
    pub p: f64,
}

/// All models, and every pair of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Images that they were compared on.
    pub images: usize,
    /// In the order in which they were given.
    pub models: Vec<Contender>,
    /// In order.
    pub pairs: Vec<Duel>,
}

impl Contender {
    /// Measures a model. `counts` are the instructions that were counted.
    ///
    /// # Errors
    ///
    /// Those of [`check_images`](crate::model::check_images).
    ///
    /// # Panics
    ///
    /// If the blob is not a model, which loading it has checked.
    pub fn measure(
        name: &str,
        blob: &Blob,
        images: &Images,
        counts: &Counts,
    ) -> Result<Self, ImagesError> {
        let model = &blob.model().expect("a blob that was loaded is a model");
        let logits: Vec<f64> = int_logits(model, images)?.into_iter().map(f64::from).collect();
        let found = predictions(model.classes(), &images.labels, &logits);
        let right: Vec<bool> = found.iter().map(Prediction::is_right).collect();
        let activity = activity(model, images)?;
        let correct = right.iter().filter(|right| **right).count();
        let cost =
            |board: Board| Some((Cost::of(&board, blob.crc(), &activity, counts)?, board.name));
        let costs = board::all().into_iter().filter_map(cost);
        Ok(Self {
            name: name.to_owned(),
            correct,
            accuracy: correct as f64 / images.len() as f64,
            interval: wilson(correct, images.len()),
            bytes: blob.bytes().len(),
            non_zero: activity.share(),
            macs: activity.macs(),
            costs: costs.map(|(cost, board)| (board, cost)).collect(),
            classes: model.classes(),
            alone_wrong: Vec::new(),
            right,
        })
    }
}

impl Comparison {
    /// Compares models that were measured on the same images, of which there is at least one.
    #[must_use]
    pub fn new(mut models: Vec<Contender>) -> Self {
        let images = models.first().map_or(0, |model| model.right.len());
        for image in 0..images {
            let mut wrong = models.iter_mut().filter(|model| !model.right[image]);
            if let (Some(alone), None) = (wrong.next(), wrong.next()) {
                alone.alone_wrong.push(image);
            }
        }
        let pairs = (0..models.len())
            .flat_map(|first| (first + 1..models.len()).map(move |second| (first, second)));
        let duel = |pair: (usize, usize)| {
            let both = || models[pair.0].right.iter().zip(&models[pair.1].right);
            let only_first = both().filter(|&(first, second)| *first && !second).count();
            let only_second = both().filter(|&(first, second)| !first && *second).count();
            Duel { pair, only_first, only_second, p: mcnemar(only_first, only_second) }
        };
        Self { images, pairs: pairs.map(duel).collect(), models }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(name: &str, right: &str) -> Contender {
        let right: Vec<bool> = right.chars().map(|c| c == '+').collect();
        let correct = right.iter().filter(|right| **right).count();
        Contender {
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
    fn every_image_is_counted_for_whom_it_tells_apart() {
        let models =
            vec![contender("a", "++-+-"), contender("b", "+-+--"), contender("c", "++++-")];
        let found = Comparison::new(models);
        let alone: Vec<&[usize]> =
            found.models.iter().map(|model| &model.alone_wrong[..]).collect();
        assert_eq!(alone, [&[2][..], &[1, 3], &[]]);
        let duels: Vec<_> =
            found.pairs.iter().map(|duel| (duel.pair, duel.only_first, duel.only_second)).collect();
        assert_eq!(duels, [((0, 1), 2, 1), ((0, 2), 0, 1), ((1, 2), 0, 2)]);
        assert_eq!(found.pairs[0].p, 1.0);
        assert_eq!(found.pairs[2].p, 0.5);
    }
}
