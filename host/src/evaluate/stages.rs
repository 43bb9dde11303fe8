//! What each stage of a model decides.

use inkbit_core::{Model, argmax};
use serde::Serialize;

use crate::data::Images;
use crate::model::{ImagesError, answers};

/// What one stage decides of labelled images, in numbers of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StageCounts {
    /// Images of which it is asked.
    pub asked: usize,
    /// Images that it decides: its answer stands, or it is the last.
    pub decided: usize,
    /// Of those, the images classified as labelled.
    pub correct: usize,
}

/// What each stage of a model decides, in the order in which they are asked.
///
/// ```
/// use inkbit::cascade::join;
/// use inkbit::data::synthetic::{Part, images};
/// use inkbit::model::builtin;
/// use inkbit_core::Provenance;
/// let blobs = ["nano", "tiny"].map(|name| builtin::find(name).expect("it is built in"));
/// let parts = [blobs[0].model()?, blobs[1].model()?];
/// let both = join("both", &parts, &[3_000, 0], Provenance::UNKNOWN)?;
/// let found = inkbit::evaluate::stages::counts(&both.model()?, &images(Part::Test, 50, 1))?;
/// assert_eq!((found[0].asked, found[0].decided + found[1].asked), (50, 50));
/// assert_eq!(found[1].asked, found[1].decided);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ImagesError`] if the images are not the model's.
pub fn counts(model: &Model<'_>, images: &Images) -> Result<Vec<StageCounts>, ImagesError> {
    let mut counts = vec![StageCounts::default(); model.stages().len()];
    for ((logits, stage), &truth) in answers(model, images)?.iter().zip(&images.labels) {
        counts[..=stage].iter_mut().for_each(|counts| counts.asked += 1);
        counts[stage].decided += 1;
        counts[stage].correct += usize::from(argmax(logits) == usize::from(truth));
    }
    Ok(counts)
}
