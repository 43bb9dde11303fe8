//! What each stage of a model decides.

use inkbit_core::{Model, argmax};
use serde::Serialize;

use crate::data::Images;
use crate::model::{ImagesError, deciding_stages, int_logits};

/// What one stage decides of labelled images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StageShare {
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
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano, which has one
/// let found = inkbit::evaluate::stages::shares(&blob.model()?, &images(Part::Test, 50, 1))?;
/// assert_eq!((found.len(), found[0].asked, found[0].decided), (1, 50, 50));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn shares(model: &Model<'_>, images: &Images) -> Result<Vec<StageShare>, ImagesError> {
    let (logits, stages) = (int_logits(model, images)?, deciding_stages(model, images)?);
    let mut shares = vec![StageShare::default(); model.stages().len()];
    let answers = logits.chunks_exact(model.classes()).zip(&stages).zip(&images.labels);
    for ((logits, &stage), &truth) in answers {
        shares[..=stage].iter_mut().for_each(|share| share.asked += 1);
        shares[stage].decided += 1;
        shares[stage].correct += usize::from(argmax(logits) == usize::from(truth));
    }
    Ok(shares)
}
