//! What a classifier says of each image, and how far its confidence can be believed.

use serde::Serialize;

/// What a classifier says of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The image's class.
    pub truth: usize,
    /// The class that the image is taken for: the one with the greatest logit, the lowest among
    /// equals.
    pub class: usize,
    /// Softmax of that class's logit, from 0 to 1.
    pub confidence: f64,
}

impl Prediction {
    /// Whether it is right.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.class == self.truth
    }
}

/// Reads the logits of all images, `classes` for each, in the order of `truth`.
///
/// ```
/// use inkbit::evaluate::predictions::predictions;
/// let found = predictions(2, &[1], &[3.0, 3.0]);
/// assert_eq!((found[0].class, found[0].confidence), (0, 0.5));
/// ```
#[must_use]
pub fn predictions(classes: usize, truth: &[u8], logits: &[f64]) -> Vec<Prediction> {
    let predict = |(&truth, logits): (&u8, &[f64])| {
        let (class, greatest) =
            logits.iter().copied().enumerate().fold((0, f64::NEG_INFINITY), |best, next| {
                if next.1 > best.1 { next } else { best }
            });
        let sum: f64 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
        Prediction { truth: truth.into(), class, confidence: 1.0 / sum }
    };
    truth.iter().zip(logits.chunks_exact(classes.max(1))).map(predict).collect()
}

/// Indices of the wrong ones, the most confident first, at most `count`.
///
/// ```
/// use inkbit::evaluate::predictions::{most_confidently_wrong, predictions};
/// let found = predictions(2, &[1, 0, 1], &[1.0, 0.0, 1.0, 0.0, 9.0, 0.0]);
/// assert_eq!(most_confidently_wrong(&found, 5), [2, 0]);
/// ```
#[must_use]
pub fn most_confidently_wrong(predictions: &[Prediction], count: usize) -> Vec<usize> {
    let mut wrong: Vec<usize> =
        (0..predictions.len()).filter(|&index| !predictions[index].is_right()).collect();
    wrong.sort_by(|&a, &b| predictions[b].confidence.total_cmp(&predictions[a].confidence));
    wrong.truncate(count);
    wrong
}

/// Predictions of about the same confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// How many; at least 1.
    pub images: usize,
    /// Their mean confidence, from 0 to 1.
    pub confidence: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// How confidence and accuracy go together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Tenths of the range of confidences that hold any prediction, in order.
    pub bins: Vec<Bin>,
    /// The expected calibration error: the mean over all images of how far the confidence of their
    /// bin is from its accuracy.
    pub error: f64,
}

/// Ten bins of equal width, and the expected calibration error, after Guo et al., "On Calibration of
/// Modern Neural Networks", 2017.
///
/// ```
/// use inkbit::evaluate::predictions::{calibration, predictions};
/// let found = predictions(2, &[0, 1], &[3.0, 0.0, 3.0, 0.0]); // sure of both, right about one
/// let calibration = calibration(&found);
/// assert_eq!((calibration.bins.len(), calibration.bins[0].accuracy), (1, 0.5));
/// assert!(calibration.error > 0.4);
/// ```
#[must_use]
pub fn calibration(predictions: &[Prediction]) -> Calibration {
    const BINS: usize = 10;
    // Images, right ones, sum of the confidences.
    let mut sums = [(0_usize, 0_usize, 0.0_f64); BINS];
    for prediction in predictions {
        let bin = ((prediction.confidence * BINS as f64) as usize).min(BINS - 1);
        let (images, right, confidence) = &mut sums[bin];
        *images += 1;
        *right += usize::from(prediction.is_right());
        *confidence += prediction.confidence;
    }
    let bins: Vec<Bin> = sums
        .into_iter()
        .filter(|&(images, ..)| images > 0)
        .map(|(images, right, confidence)| Bin {
            images,
            confidence: confidence / images as f64,
            accuracy: right as f64 / images as f64,
        })
        .collect();
    let gap = |bin: &Bin| bin.images as f64 * (bin.confidence - bin.accuracy).abs();
    let error = bins.iter().map(gap).sum::<f64>() / predictions.len().max(1) as f64;
    Calibration { bins, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(confidence: f64, right: bool) -> Prediction {
        Prediction { truth: 1, class: usize::from(right), confidence }
    }

    #[test]
    fn the_most_confident_mistakes_come_first() {
        let all = [sure(0.9, true), sure(0.6, false), sure(0.8, false), sure(0.7, false)];
        assert_eq!(most_confidently_wrong(&all, 2), [2, 3]);
        assert!(most_confidently_wrong(&all[..1], 2).is_empty());
    }

    #[test]
    fn confidence_is_held_against_accuracy_bin_by_bin() {
        let all = [sure(0.82, true), sure(0.88, false), sure(1.0, true), sure(0.98, true)];
        let Calibration { bins, error } = calibration(&all);
        let rounded = |bin: &Bin| {
            (bin.images, (100.0 * bin.confidence).round(), (100.0 * bin.accuracy).round())
        };
        assert_eq!(
            bins.iter().map(rounded).collect::<Vec<_>>(),
            [(2, 85.0, 50.0), (2, 99.0, 100.0)]
        );
        assert!((error - (0.35 + 0.01) / 2.0).abs() < 1e-9, "{error}");
        assert_eq!(calibration(&[]), Calibration { bins: Vec::new(), error: 0.0 });
    }
}
