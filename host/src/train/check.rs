//! Whether images can be trained on.

use inkbit_core::Input;

use super::TrainError;
use super::split::held_out;
use crate::config::TrainConfig;
use crate::data::Images;

/// Checks that a configuration can be trained on so many images of that edge, and gives what of them
/// becomes the network's inputs.
///
/// # Errors
///
/// [`TrainError::Config`], [`TrainError::Input`] and [`TrainError::Images`].
pub fn check_sizes(config: &TrainConfig, side: usize, images: usize) -> Result<Input, TrainError> {
    config.validate()?;
    let Some(input) = config.shrunk(side) else {
        return Err(TrainError::Input { side, input: config.input });
    };
    // Of an edge that is too long for the format, an input has no width.
    let inputs = if config.input == 0 { side.saturating_mul(side) } else { input.inputs() };
    if !(1..=inkbit_core::MAX_WIDTH).contains(&inputs) {
        return Err(TrainError::Images(format!(
            "they have {inputs} pixels, but must have from 1 to {}; take smaller images",
            inkbit_core::MAX_WIDTH
        )));
    }
    if u32::try_from(images).is_err() {
        return Err(TrainError::Images(format!("there are {images}, more than 2^32 - 1")));
    }
    let kept = held_out(images, config);
    if kept == 0 || kept == images {
        return Err(TrainError::Images(format!(
            "of {images}, a validation_split of {} leaves {} to train on and {kept} to choose by, \
             but each must be at least 1; take another --validation-split, or more images",
            config.validation_split,
            images - kept
        )));
    }
    Ok(input)
}

/// Checks that every label is that of a class.
pub(super) fn check_labels(images: &Images, classes: usize) -> Result<(), TrainError> {
    match images.labels.iter().find(|&&label| usize::from(label) >= classes) {
        Some(label) => Err(TrainError::Images(format!(
            "one has the label {label}, but there are {classes} classes, counted from 0"
        ))),
        None => Ok(()),
    }
}
