//! Predictions for single images, and the calibration of their confidence.

use inkbit_core::argmax;
use serde::Serialize;

/// The prediction for one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The true class.
    pub truth: usize,
    /// The predicted class: that of the greatest logit, the lowest class among equals.
    pub class: usize,
    /// Softmax of that logit, from 0 to 1.
    pub confidence: f64,
}

impl Prediction {
    /// Whether the predicted class is the true class.
    pub fn is_right(&self) -> bool {
        self.class == self.truth
    }
}

/// Predicts from `classes` logits per image, in the order of `truth`.
///
/// ```
/// use inkbit::evaluate::predictions::predictions;
/// let found = predictions(2, &[1], &[3.0, 3.0]);
/// assert_eq!((found[0].class, found[0].confidence), (0, 0.5));
/// ```
pub fn predictions<L: Copy + Into<f64>>(
    classes: usize,
    truth: &[u8],
    logits: &[L],
) -> Vec<Prediction> {
    let predict = |(&truth, logits)| {
        let (class, sum) = softmax(logits);
        Prediction { truth: usize::from(truth), class, confidence: 1.0 / sum }
    };
    truth.iter().zip(logits.chunks_exact(classes.max(1))).map(predict).collect()
}

/// The class of the greatest logit, and the sum of exp(logit − greatest logit) over all classes.
pub(super) fn softmax<L: Copy + Into<f64>>(logits: &[L]) -> (usize, f64) {
    let logits: Vec<f64> = logits.iter().map(|&logit| logit.into()).collect();
    let class = argmax(&logits);
    (class, logits.iter().map(|logit| (logit - logits[class]).exp()).sum())
}

/// Indices of at most `count` wrong predictions, the most confident first.
///
/// ```
/// use inkbit::evaluate::predictions::{most_confidently_wrong, predictions};
/// let found = predictions(2, &[1, 0, 1], &[1.0, 0.0, 1.0, 0.0, 9.0, 0.0]);
/// assert_eq!(most_confidently_wrong(&found, 5), [2, 0]);
/// ```
pub fn most_confidently_wrong(predictions: &[Prediction], count: usize) -> Vec<usize> {
    let mut wrong: Vec<usize> =
        (0..predictions.len()).filter(|&index| !predictions[index].is_right()).collect();
    wrong.sort_by(|&a, &b| predictions[b].confidence.total_cmp(&predictions[a].confidence));
    wrong.truncate(count);
    wrong
}

/// Predictions with a confidence in the same tenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Number of predictions, at least 1.
    pub images: usize,
    /// Their mean confidence, from 0 to 1.
    pub confidence: f64,
    /// Fraction of correct predictions, from 0 to 1.
    pub accuracy: f64,
}

/// Confidence compared with accuracy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The non-empty tenths of the confidence range, in order.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean over all images of the difference between the confidence and
    /// the accuracy of the image's bin.
    pub error: f64,
}

/// Sorts predictions into ten bins of equal width and computes the expected calibration error, after
/// Guo et al., "On Calibration of Modern Neural Networks", 2017.
///
/// ```
/// use inkbit::evaluate::predictions::{calibration, predictions};
/// let found = predictions(2, &[0, 1], &[3.0, 0.0, 3.0, 0.0]); // confident in both, right about one
/// let calibration = calibration(&found);
/// assert_eq!((calibration.bins.len(), calibration.bins[0].accuracy), (1, 0.5));
/// assert!(calibration.error > 0.4);
/// ```
pub fn calibration(predictions: &[Prediction]) -> Calibration {
    const BINS: usize = 10;
    let mut bins = vec![Bin { images: 0, confidence: 0.0, accuracy: 0.0 }; BINS];
    for prediction in predictions {
        let bin = &mut bins[((prediction.confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.images += 1;
        bin.confidence += prediction.confidence;
        bin.accuracy += f64::from(prediction.is_right());
    }
    bins.retain(|bin| bin.images > 0);
    for bin in &mut bins {
        bin.confidence /= bin.images as f64;
        bin.accuracy /= bin.images as f64;
    }
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
    fn confidence_and_accuracy_are_compared_per_bin() {
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
