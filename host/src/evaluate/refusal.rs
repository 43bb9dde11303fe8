//! What a model calls none of its classes: the threshold for it, and what it then refuses.
//!
//! The measure is the prominence of the greatest logit: how far it lies above the mean of the others,
//! times their number. A maximum of logits tells samples of no class apart better than the softmax of
//! them does (Vaze et al., "Open-Set Recognition: a Good Closed-Set Classifier Is All You Need?", 2022);
//! less their mean, it did so best of the measures that were tried here on generated images.

use inkbit_core::{Model, prominence};
use serde::{Deserialize, Serialize};

use crate::data::Images;
use crate::data::labels;
use crate::data::synthetic::{NonDigit, non_digits};
use crate::model::{ImagesError, answers, frame};

/// The fraction of images of the classes that a model is to accept where nobody asks for another.
pub const ACCEPT: f64 = 0.99;

/// Fewer images than these say nothing about one in a hundred of them.
const LEAST_IMAGES: usize = 200;

/// Images of each kind that is no digit: fewer where they are large, down to the least.
const NON_DIGITS: usize = 1000;
const LEAST_NON_DIGITS: usize = 50;
/// Their pixels, if they are more than the least.
const NON_DIGIT_PIXELS: usize = 1 << 22;

/// Their seed.
const SEED: u64 = 3;

/// Points of the curve.
const POINTS: usize = 201;

/// What a model accepts and refuses by its threshold, and would by others. All are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Test images that it accepts.
    pub accepted: f64,
    /// What it refuses of each kind that is no digit.
    pub refused: Vec<Refused>,
    /// For lower and higher thresholds: test images accepted, and images that are no digits refused, all
    /// kinds together. From every test image on downwards.
    pub curve: Vec<[f64; 2]>,
}

/// What a model refuses of one kind of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// What they are.
    pub kind: String,
    /// The fraction of them.
    pub fraction: f64,
}

/// The greatest threshold that accepts this fraction of images of the classes; 0, which accepts all,
/// if there are too few of them to tell.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// use inkbit::evaluate::refusal::threshold;
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let digits = images(Part::Test, 300, 1);
/// assert!(threshold(&blob.model()?, &digits, 0.9)? > threshold(&blob.model()?, &digits, 0.99)?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn threshold(model: &Model<'_>, images: &Images, accept: f64) -> Result<u32, ImagesError> {
    let found = prominences(model, images)?;
    let refuse = ((1.0 - accept) * found.len() as f64) as usize;
    if refuse == 0 || found.len() < LEAST_IMAGES {
        return Ok(0);
    }
    Ok(found[refuse.min(found.len() - 1)])
}

impl Refusal {
    /// Measures a model on test images and on generated images that are no digits: scribbles, and if its
    /// classes are the digits also letters and half digits.
    ///
    /// # Errors
    ///
    /// [`ImagesError`] if the test images are not the model's.
    pub fn measure(model: &Model<'_>, test: &Images) -> Result<Self, ImagesError> {
        let accepts = model.stages().last().map_or(0, |stage| stage.prominence);
        let kinds = NonDigit::beside(&labels::of_model(model));
        let test = prominences(model, test)?;
        let room = NON_DIGIT_PIXELS / model.sample().bytes().max(1);
        let count = room.clamp(LEAST_NON_DIGITS, NON_DIGITS);
        let (mut refused, mut others) = (Vec::new(), Vec::new());
        // No samples are known that belong to no class of a model of features: `frame` gives none.
        for (&kind, frame) in kinds.iter().zip(frame(model).into_iter().cycle()) {
            let images = non_digits(kind, count, SEED, frame);
            let found = prominences(model, &images)?;
            refused
                .push(Refused { kind: kind.name().to_owned(), fraction: below(&found, accepts) });
            others.extend(found);
        }
        others.sort_unstable();
        let point = |number: usize| {
            // Down to four in five.
            let refuse = test.len() * number / (POINTS - 1) / 5;
            let threshold = test.get(refuse).copied().filter(|_| number > 0).unwrap_or(0);
            [1.0 - below(&test, threshold), below(&others, threshold)]
        };
        let curve = (0..POINTS).map(point).collect();
        Ok(Self { accepted: 1.0 - below(&test, accepts), refused, curve })
    }

    /// What it refuses of all images that are no digits: the mean over their kinds.
    pub fn of_non_digits(&self) -> f64 {
        let sum: f64 = self.refused.iter().map(|refused| refused.fraction).sum();
        sum / self.refused.len().max(1) as f64
    }
}

/// The prominences of images, the least first. Of an answer that stands before the last stage it is the
/// greatest number: whatever the threshold of the last, it is accepted.
fn prominences(model: &Model<'_>, images: &Images) -> Result<Vec<u32>, ImagesError> {
    let last = model.stages().len() - 1;
    let of = |(logits, stage): (&[i32], usize)| match stage < last {
        true => u32::MAX,
        false => prominence(logits),
    };
    let mut found: Vec<u32> = answers(model, images)?.iter().map(of).collect();
    found.sort_unstable();
    Ok(found)
}

/// The fraction of sorted numbers that are below a threshold.
fn below(sorted: &[u32], threshold: u32) -> f64 {
    let count = sorted.partition_point(|&found| found < threshold);
    count as f64 / sorted.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::{Part, images};
    use crate::model::builtin;

    #[test]
    fn a_threshold_accepts_as_many_as_it_was_asked_to() {
        let blob = &builtin::all()[6];
        let model = blob.model().unwrap();
        let digits = images(Part::Test, 400, 1);
        let found = prominences(&model, &digits).unwrap();
        for (accept, refused) in [(1.0, 0), (0.999, 0), (0.99, 4), (0.5, 200)] {
            let threshold = threshold(&model, &digits, accept).unwrap();
            assert!(found.iter().filter(|&&one| one < threshold).count() <= refused, "{accept}");
            assert_eq!(threshold > 0, refused > 0);
        }
        assert_eq!(threshold(&model, &images(Part::Test, 199, 1), 0.5), Ok(0));
    }

    #[test]
    fn the_curve_goes_from_every_image_to_four_in_five() {
        let blob = &builtin::all()[6];
        let model = blob.model().unwrap();
        let found = Refusal::measure(&model, &images(Part::Test, 500, 1)).unwrap();
        assert_eq!((found.curve.len(), found.curve[0]), (POINTS, [1.0, 0.0]));
        assert!((found.curve[POINTS - 1][0] - 0.8).abs() < 0.01);
        assert!(found.curve.is_sorted_by(|a, b| a[0] >= b[0] && a[1] <= b[1]));
        let kinds: Vec<&str> = found.refused.iter().map(|refused| &*refused.kind).collect();
        assert_eq!(kinds, ["letters", "scribbles", "half digits"]);
    }
}
