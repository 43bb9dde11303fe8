//! Running a model on the host: over many images, and with all of its outputs.

use std::num::NonZeroUsize;
use std::thread;

use inkbit_core::{LayerOutput, Model, Scratch, infer};

use crate::data::Images;

/// Working memory that is enough for every model of the format.
pub type HostScratch<'m> = Scratch<'m, { 2 * inkbit_core::MAX_WIDTH }>;

/// Working memory that is enough for any model.
///
/// # Panics
///
/// Never: no layer has more inputs or outputs than [`MAX_WIDTH`](inkbit_core::MAX_WIDTH).
#[must_use]
pub fn host_scratch<'m>(model: &'m Model<'m>) -> HostScratch<'m> {
    HostScratch::for_model(model).expect("enough cells for the widest layers")
}

/// Images that a model cannot be run on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImagesError {
    /// They have another size than the model takes.
    #[error(
        "the images are {found}x{found} pixels, the model takes {expected}x{expected}; give the \
         data that it was trained on with --data"
    )]
    Side {
        /// Edge of an image of the data.
        found: usize,
        /// Edge of an image that the model takes.
        expected: usize,
    },
    /// They have labels that the model has no class for.
    #[error(
        "the data have a label {found}, the model has {expected} classes, counted from 0; give \
         the data that it was trained on with --data"
    )]
    Label {
        /// The label.
        found: u8,
        /// Classes of the model.
        expected: usize,
    },
    /// There are none.
    #[error("there are no images to evaluate on")]
    NoImages,
}

/// Checks that images fit a model of that image edge and number of classes.
///
/// # Errors
///
/// [`ImagesError`].
pub fn check_images(images: &Images, side: usize, classes: usize) -> Result<(), ImagesError> {
    if images.is_empty() {
        return Err(ImagesError::NoImages);
    }
    if images.side != side {
        return Err(ImagesError::Side { found: images.side, expected: side });
    }
    match images.labels.iter().copied().find(|&label| usize::from(label) >= classes) {
        Some(found) => Err(ImagesError::Label { found, expected: classes }),
        None => Ok(()),
    }
}

/// The logits of a model for every image, image after image, on all cores.
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
/// Those of [`check_images`].
pub fn int_logits(model: &Model<'_>, images: &Images) -> Result<Vec<i32>, ImagesError> {
    check_images(images, usize::from(model.input().side), model.classes())?;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let size = model.input().pixels();
    let mut logits = vec![0; images.len() * model.classes()];
    let share = images.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let parts = images.pixels.chunks(share * size);
        for (pixels, logits) in parts.zip(logits.chunks_mut(share * model.classes())) {
            scope.spawn(move || {
                let mut scratch = host_scratch(model);
                let pixels = pixels.chunks_exact(size);
                for (pixels, logits) in pixels.zip(logits.chunks_exact_mut(model.classes())) {
                    logits.copy_from_slice(infer(&mut scratch, pixels));
                }
            });
        }
    });
    Ok(logits)
}

/// A layer's output with its zeros.
#[must_use]
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
