//! Inference on the host: over many images, with every layer's output.

use inkbit_core::kernel::Kernel;
use inkbit_core::{Engine, Frame, LayerOutput, Layout, Logits, MAX_WIDTH, Model, Sample, Scratch};
use inkbit_simd::Fastest;

use crate::data::{Images, Shape};
use crate::support::numbers::grouped;
use crate::support::parallel;

/// An engine on the host, with memory for any model.
///
/// # Panics
///
/// Its methods panic if an image has another number of pixels than the model takes: call
/// [`check_images`] first.
#[derive(Debug)]
pub struct HostEngine<'m>(Engine<'m, Scratch<{ 2 * MAX_WIDTH }>>);

impl<'m> HostEngine<'m> {
    /// Makes an engine for a model.
    pub fn new(model: &Model<'m>) -> Self {
        Self(Engine::new(model.clone(), Scratch::new()).expect("cells for the widest layers"))
    }

    /// The logits of an image, by the fastest kernel for this processor: those of the stage that
    /// decides.
    pub fn infer(&mut self, pixels: &[u8]) -> Logits<'_> {
        self.infer_by::<Fastest>(pixels, |_, _| ())
    }

    /// Like [`infer`](Self::infer); `observe` gets the index and the output of every layer.
    pub fn infer_observed(
        &mut self,
        pixels: &[u8],
        observe: impl FnMut(usize, LayerOutput<'_>),
    ) -> Logits<'_> {
        self.infer_by::<Fastest>(pixels, observe)
    }

    /// Like [`infer_observed`](Self::infer_observed), by the kernel `K`.
    pub fn infer_by<K: Kernel>(
        &mut self,
        pixels: &[u8],
        observe: impl FnMut(usize, LayerOutput<'_>),
    ) -> Logits<'_> {
        self.0.infer_by::<K>(pixels, observe).expect("images of the model's size")
    }
}

/// Images that do not fit a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ImagesError {
    #[error(
        "the samples are {found}, the model takes {expected}; give the data that it was trained on \
         with --data"
    )]
    Shape { found: String, expected: String },
    #[error(
        "the data have a label {found}, the model has {expected} classes, counted from 0; give \
         the data that it was trained on with --data"
    )]
    Label { found: u8, expected: usize },
    #[error("there are no images to evaluate on")]
    NoImages,
    #[error(
        "{} images of {classes} classes have {} logits, the limit is {}; split the data",
        grouped(*images), grouped(images * classes), grouped(*most)
    )]
    TooMany { images: usize, classes: usize, most: usize },
}

/// The most logits of a whole data set: of them the evaluation keeps some twenty bytes each.
const MAX_LOGITS: usize = 1 << 25;

/// Checks that images fit a model of this shape and number of classes.
pub fn check_images(images: &Images, shape: &Shape, classes: usize) -> Result<(), ImagesError> {
    if images.is_empty() {
        return Err(ImagesError::NoImages);
    }
    if !images.shape.is_like(shape) {
        let (found, expected) = (images.shape.to_string(), shape.to_string());
        return Err(ImagesError::Shape { found, expected });
    }
    if images.len() * classes > MAX_LOGITS {
        return Err(ImagesError::TooMany { images: images.len(), classes, most: MAX_LOGITS });
    }
    match images.labels.iter().copied().find(|&label| usize::from(label) >= classes) {
        Some(found) => Err(ImagesError::Label { found, expected: classes }),
        None => Ok(()),
    }
}

/// The images that a model takes, if it takes images.
pub fn frame(model: &Model<'_>) -> Option<Frame> {
    match model.sample() {
        Sample::Image(frame) => Some(frame),
        Sample::Features { .. } => None,
    }
}

/// How ink lies in the images that a model takes; features are as they are.
pub fn layout(model: &Model<'_>) -> Layout {
    frame(model).map_or(Layout::AsItIs, |frame| frame.layout)
}

/// What a model makes of each of some images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Logits of an image.
    classes: usize,
    /// Of the stage that decides, image after image.
    logits: Vec<i32>,
    /// The stage that decides each image, from 0.
    stages: Vec<usize>,
}

impl Answers {
    /// The logits of each image, and the stage that decides it, from 0.
    pub fn iter(&self) -> impl Iterator<Item = (&[i32], usize)> {
        self.logits.chunks_exact(self.classes).zip(self.stages.iter().copied())
    }
}

/// What a model makes of every image, computed on all cores.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = inkbit::model::builtin::find("nano").expect("it is built in");
/// let answers = inkbit::model::answers(&blob.model()?, &images(Part::Test, 5, 1))?;
/// assert!(answers.iter().all(|(logits, stage)| (logits.len(), stage) == (10, 0)));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ImagesError`] if the images are not the model's.
pub fn answers(model: &Model<'_>, images: &Images) -> Result<Answers, ImagesError> {
    check_images(images, &Shape::of_model(model), model.classes())?;
    let parts = parallel::split(images.len(), |part| {
        let (mut engine, mut logits, mut stages) = (HostEngine::new(model), Vec::new(), Vec::new());
        for image in part {
            let answer = engine.infer(images.image(image));
            stages.push(answer.stage());
            logits.extend_from_slice(&answer);
        }
        (logits, stages)
    });
    let (logits, stages): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Ok(Answers { classes: model.classes(), logits: logits.concat(), stages: stages.concat() })
}

/// The logits of [`answers`], image after image.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let logits = inkbit::model::int_logits(&blob.model()?, &images(Part::Test, 5, 1))?;
/// assert_eq!(logits.len(), 5 * 10);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ImagesError`] if the images are not the model's.
pub fn int_logits(model: &Model<'_>, images: &Images) -> Result<Vec<i32>, ImagesError> {
    Ok(answers(model, images)?.logits)
}

/// [`int_logits`] in the units of the float network: those of each image by the scale of the stage that
/// decides it.
///
/// # Errors
///
/// [`ImagesError`] if the images are not the model's.
pub fn scaled_logits(model: &Model<'_>, images: &Images) -> Result<Vec<f64>, ImagesError> {
    let answers = answers(model, images)?;
    let scaled = answers.iter().flat_map(|(logits, stage)| {
        let scale = f64::from(model.stages()[stage].logit_scale);
        logits.iter().map(move |&logit| f64::from(logit) * scale)
    });
    Ok(scaled.collect())
}

/// A layer's output, zeros included.
pub fn dense(output: LayerOutput<'_>, width: usize) -> Vec<i64> {
    match output {
        LayerOutput::Logits(logits) => logits.iter().copied().map(i64::from).collect(),
        LayerOutput::Activations(active) => {
            let mut values = vec![0; width];
            for (index, value) in active.iter() {
                values[index] = value.into();
            }
            values
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_with_more_logits_than_memory_is_meant_for_are_refused() {
        let count = MAX_LOGITS / 256 + 1;
        let images =
            Images { shape: Shape::square(1), pixels: vec![0; count], labels: vec![0; count] };
        let message = check_images(&images, &Shape::square(1), 256).unwrap_err().to_string();
        assert_eq!(
            message,
            "131,073 images of 256 classes have 33,554,688 logits, the limit is 33,554,432; split the data"
        );
        check_images(&images, &Shape::square(1), 255).unwrap();
    }
}
