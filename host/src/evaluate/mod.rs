//! How good a classifier is: accuracy, loss, and where it errs.

pub(crate) mod compare;
pub mod predictions;
pub mod quantized;
pub mod reference;
pub(crate) mod robust;
pub mod significance;
pub(crate) mod table;
pub mod verify;

use burn::tensor::Device;
use inkbit_core::{Model, argmax};
use serde::Serialize;

use crate::data::{Images, labels};
use crate::model::{ImagesError, check_images, int_logits};
use crate::net::Mlp;

/// The measures of a classifier over labelled images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Images classified.
    pub images: usize,
    /// Images classified as labelled.
    pub correct: usize,
    /// `correct / images`, from 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Labels of the classes.
    pub classes: Vec<String>,
    /// Rows are true classes, columns predicted ones.
    pub confusion: Vec<Vec<usize>>,
    /// One for each class.
    pub per_class: Vec<ClassScore>,
}

/// How well one class is recognised.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScore {
    /// The class.
    pub label: String,
    /// Images that are of this class.
    pub support: usize,
    /// Of those classified as this class, the share that is. 0 if there are none.
    pub precision: f64,
    /// Of those that are of this class, the share that is found. 0 if there are none.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// A kind of mistake: (true class, predicted class, how often).
pub type Confusion = (usize, usize, usize);

impl Evaluation {
    /// From the logits of all images, `classes.len()` for each, in the order of `truth`.
    ///
    /// The prediction is the greatest logit's class, the lowest among equals.
    ///
    /// ```
    /// use inkbit::evaluate::Evaluation;
    /// let classes = ["cat".to_owned(), "dog".to_owned()];
    /// let found = Evaluation::from_logits(&classes, &[0, 1, 1], &[2.0, 0.0, 0.0, 1.0, 3.0, 0.0]);
    /// assert_eq!(found.confusion, [[1, 0], [1, 1]]); // one dog was taken for a cat
    /// assert_eq!((found.correct, found.per_class[0].precision), (2, 0.5));
    /// assert_eq!(found.confusions(), [(1, 0, 1)]);
    /// ```
    #[must_use]
    pub fn from_logits(classes: &[String], truth: &[u8], logits: &[f64]) -> Self {
        let count = classes.len();
        let mut confusion = vec![vec![0; count]; count];
        let mut loss = 0.0;
        for (&truth, logits) in truth.iter().zip(logits.chunks_exact(count)) {
            confusion[usize::from(truth)][argmax(logits)] += 1;
            let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
            loss += sum.ln() + greatest - logits[usize::from(truth)];
        }
        let images = truth.len();
        let correct = (0..count).map(|class| confusion[class][class]).sum();
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let per_class = classes.iter().enumerate().map(|(class, label)| {
            let support = confusion[class].iter().sum();
            let predicted = confusion.iter().map(|row| row[class]).sum();
            let found = confusion[class][class];
            ClassScore {
                label: label.clone(),
                support,
                precision: share(found, predicted),
                recall: share(found, support),
                f1: share(2 * found, support + predicted),
            }
        });
        Self {
            images,
            correct,
            accuracy: share(correct, images),
            loss: loss / images.max(1) as f64,
            classes: classes.to_vec(),
            per_class: per_class.collect(),
            confusion,
        }
    }

    /// The same with other labels for the classes, of which there must be as many.
    #[must_use]
    pub fn with_labels(mut self, labels: &[String]) -> Self {
        for (score, label) in self.per_class.iter_mut().zip(labels) {
            score.label.clone_from(label);
        }
        self.classes = labels.to_vec();
        self
    }

    /// The greatest share of a class that is taken for one other; 1 if there are no mistakes.
    #[must_use]
    pub fn greatest_mistake(&self) -> f64 {
        let share = |(truth, _, count): Confusion| {
            count as f64 / self.confusion[truth].iter().sum::<usize>() as f64
        };
        let greatest = self.confusions().into_iter().map(share).fold(0.0, f64::max);
        if greatest > 0.0 { greatest } else { 1.0 }
    }

    /// The mistakes, most frequent first.
    #[must_use]
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

/// Evaluates a quantized model, with its own labels.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let found = inkbit::evaluate::evaluate_model(&blob.model()?, &images(Part::Test, 50, 1))?;
/// assert!(found.accuracy > 0.7); // these digits are not those that it was trained on
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`int_logits`].
pub fn evaluate_model(model: &Model<'_>, images: &Images) -> Result<Evaluation, ImagesError> {
    let scale = f64::from(model.header().logit_scale);
    let logits = int_logits(model, images)?;
    let logits: Vec<f64> = logits.into_iter().map(|logit| f64::from(logit) * scale).collect();
    Ok(Evaluation::from_logits(&labels::of_model(model), &images.labels, &logits))
}

/// Evaluates a float network.
///
/// # Errors
///
/// Those of [`check_images`].
pub fn evaluate_net(
    net: &Mlp,
    classes: &[String],
    images: &Images,
    device: &Device,
) -> Result<Evaluation, ImagesError> {
    let side = net.layers.first().map_or(0, |layer| layer.inputs.isqrt());
    check_images(images, side, classes.len())?;
    let logits: Vec<f64> = net.logits(images, device).into_iter().map(f64::from).collect();
    Ok(Evaluation::from_logits(classes, &images.labels, &logits))
}
