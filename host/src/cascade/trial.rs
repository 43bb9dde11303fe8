//! What each network makes of images of known class.

use inkbit_core::{Model, argmax};

use crate::data::Images;
use crate::model::{ImagesError, int_logits};

/// What the network of one stage makes of one image of known class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// By how much its greatest logit is above the second greatest, below [`u32::MAX`]: at that margin no
    /// answer stands. `None` if the model alone takes the image for none of the classes.
    pub margin: Option<u32>,
    /// Whether its class is that of the image.
    pub is_right: bool,
}

/// The trials of a model, one for each image; it is meant for models of one stage.
///
/// # Errors
///
/// [`ImagesError`] if the images are not the model's.
pub fn trials(model: &Model<'_>, images: &Images) -> Result<Vec<Trial>, ImagesError> {
    let logits = int_logits(model, images)?;
    let stands = |logits: &[i32]| model.stages().iter().all(|stage| stage.stands(logits));
    let trial = |(logits, &truth): (&[i32], &u8)| {
        let class = argmax(logits);
        let above = |(other, &logit)| (other != class).then(|| logits[class].abs_diff(logit));
        // Of one class there is no other.
        let margin = logits.iter().enumerate().filter_map(above).min().unwrap_or(u32::MAX);
        Trial {
            margin: stands(logits).then_some(margin.min(u32::MAX - 1)),
            is_right: class == usize::from(truth),
        }
    };
    Ok(logits.chunks_exact(model.classes()).zip(&images.labels).map(trial).collect())
}
