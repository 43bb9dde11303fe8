//! Measures of classifiers: accuracy, loss, confusion matrix, and comparisons.

pub(crate) mod compare;
pub mod data_check;
pub mod predictions;
pub mod quantized;
pub(crate) mod ranking;
pub mod reference;
pub mod refusal;
pub(crate) mod robust;
pub mod significance;
pub mod stages;
pub mod verify;

use burn::tensor::Device;
use inkbit_core::Model;
use serde::Serialize;

use crate::data::{Images, Shape, labels};
use crate::model::{ImagesError, check_images, scaled_logits};
use crate::net::Mlp;
use predictions::softmax;

/// Measures of a classifier on labelled images. Accuracies and scores are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Images classified.
    pub images: usize,
    /// Images classified as labelled.
    pub correct: usize,
    /// `correct / images`.
    pub accuracy: f64,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Labels of the classes.
    pub classes: Vec<String>,
    /// Confusion matrix: rows are true classes, columns are predicted classes.
    pub confusion: Vec<Vec<usize>>,
    /// Scores of each class.
    pub per_class: Vec<ClassScore>,
}

/// Scores of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScore {
    /// Label of the class.
    pub label: String,
    /// Images of this class.
    pub support: usize,
    /// Fraction of the images classified as this class that are of it; 0 if there are none.
    pub precision: f64,
    /// Fraction of the images of this class that are classified as it; 0 if there are none.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
}

/// A kind of mistake: (true class, predicted class, count).
pub type Confusion = (usize, usize, usize);

impl Evaluation {
    /// Computes the measures from `classes.len()` logits per image, in the order of `truth`.
    ///
    /// The prediction is the class of the greatest logit, the lowest class among equals.
    ///
    /// ```
    /// use inkbit::evaluate::Evaluation;
    /// let classes = ["cat".to_owned(), "dog".to_owned()];
    /// let found = Evaluation::from_logits(&classes, &[0, 1, 1], &[2.0, 0.0, 0.0, 1.0, 3.0, 0.0]);
    /// assert_eq!(found.confusion, [[1, 0], [1, 1]]); // one dog is classified as a cat
    /// assert_eq!((found.correct, found.per_class[0].precision), (2, 0.5));
    /// assert_eq!(found.confusions(), [(1, 0, 1)]);
    /// ```
    pub fn from_logits<L: Copy + Into<f64>>(
        classes: &[String],
        truth: &[u8],
        logits: &[L],
    ) -> Self {
        let count = classes.len();
        let mut confusion = vec![vec![0; count]; count];
        let mut loss = 0.0;
        for (&truth, logits) in truth.iter().zip(logits.chunks_exact(count)) {
            let truth = usize::from(truth);
            let (class, sum) = softmax(logits);
            confusion[truth][class] += 1;
            loss += sum.ln() + logits[class].into() - logits[truth].into();
        }
        let images = truth.len();
        let correct = (0..count).map(|class| confusion[class][class]).sum();
        let fraction = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let per_class = classes.iter().enumerate().map(|(class, label)| {
            let support = confusion[class].iter().sum();
            let predicted = confusion.iter().map(|row| row[class]).sum();
            let found = confusion[class][class];
            ClassScore {
                label: label.clone(),
                support,
                precision: fraction(found, predicted),
                recall: fraction(found, support),
                f1: fraction(2 * found, support + predicted),
            }
        });
        Self {
            images,
            correct,
            accuracy: fraction(correct, images),
            loss: loss / images.max(1) as f64,
            classes: classes.to_vec(),
            per_class: per_class.collect(),
            confusion,
        }
    }

    /// Replaces the labels of the classes by as many others.
    pub fn with_labels(mut self, labels: &[String]) -> Self {
        for (score, label) in self.per_class.iter_mut().zip(labels) {
            score.label.clone_from(label);
        }
        self.classes = labels.to_vec();
        self
    }

    /// The greatest fraction of a class that is classified as one other class; 1 if there are no
    /// mistakes.
    pub fn greatest_mistake(&self) -> f64 {
        let fraction = |(truth, _, count): Confusion| {
            count as f64 / self.confusion[truth].iter().sum::<usize>() as f64
        };
        self.confusions().into_iter().map(fraction).reduce(f64::max).unwrap_or(1.0)
    }

    /// The mistakes, the most frequent first.
    pub fn confusions(&self) -> Vec<Confusion> {
        let mut mistakes: Vec<Confusion> = Vec::new();
        for (truth, row) in self.confusion.iter().enumerate() {
            let wrong = row.iter().enumerate().filter(|&(class, &n)| class != truth && n > 0);
            mistakes.extend(wrong.map(|(class, &n)| (truth, class, n)));
        }
        mistakes.sort_by_key(|&(truth, class, n)| (std::cmp::Reverse(n), truth, class));
        mistakes
    }
}

/// Evaluates a quantized model, with the labels in its header.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let found = inkbit::evaluate::evaluate_model(&blob.model()?, &images(Part::Test, 50, 1))?;
/// assert!(found.accuracy > 0.7); // it was trained on other digits
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate_model(model: &Model<'_>, images: &Images) -> Result<Evaluation, ImagesError> {
    let logits = scaled_logits(model, images)?;
    Ok(Evaluation::from_logits(&labels::of_model(model), &images.labels, &logits))
}

/// Evaluates a float network on images that are its inputs.
pub fn evaluate_net(
    net: &Mlp,
    classes: &[String],
    images: &Images,
    device: &Device,
) -> Result<Evaluation, ImagesError> {
    let inputs = net.layers.first().map_or(0, |layer| layer.inputs);
    let expected = match images.shape {
        Shape::Image { width, height } if width * height == inputs => images.shape.clone(),
        _ => Shape::Image { width: inputs, height: 1 },
    };
    check_images(images, &expected, classes.len())?;
    Ok(Evaluation::from_logits(classes, &images.labels, &net.logits(images, device)))
}
