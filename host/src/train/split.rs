//! Checks the images and splits them into those to train on and those to select checkpoints by.

use inkbit_core::{Input, MAX_WIDTH};

use super::{TrainError, stream};
use crate::config::TrainConfig;
use crate::data::{Images, Shape};
use crate::support::rng::Rng;

/// The images that a configuration holds out from training, to select checkpoints by, as far as they
/// are among the `first` of all images.
pub fn validation_images(images: &Images, config: &TrainConfig, first: usize) -> Images {
    let mut validation = split(images, config).1;
    validation.retain(|&index| (index as usize) < first);
    images.chosen(&validation)
}

/// Indices of the training images and of the validation images.
pub(super) fn split(images: &Images, config: &TrainConfig) -> (Vec<u32>, Vec<u32>) {
    let count = images.len();
    let mut train: Vec<u32> = (0..count as u32).collect();
    Rng::new(config.seed, &[stream::SPLIT]).shuffle(&mut train);
    let mut validation = train.split_off(count - held_out(count, config));
    // Of an image that a mixture takes several times, none is held out: the others are trained on.
    let copies = validation.extract_if(.., |index| is_copy(images, *index as usize));
    let copies: Vec<u32> = copies.collect();
    // Where all are copies there is nothing else to choose by.
    match validation.is_empty() {
        true => validation = copies,
        false => train.extend(copies),
    }
    train.sort_unstable();
    (train, validation)
}

/// Whether the image before this one or the one after it is the same.
fn is_copy(images: &Images, index: usize) -> bool {
    let same = |other: usize| other < images.len() && images.image(other) == images.image(index);
    same(index + 1) || index > 0 && same(index - 1)
}

fn held_out(images: usize, config: &TrainConfig) -> usize {
    (images as f64 * config.validation_split).round() as usize
}

/// Checks that a configuration can be trained on this number of images of this shape, and returns the
/// shape of the network's inputs.
pub fn check_sizes(
    config: &TrainConfig,
    shape: &Shape,
    images: usize,
) -> Result<Input, TrainError> {
    config.validate()?;
    check_images(config, shape, images)
}

/// The same for a configuration that is known to be valid.
pub(crate) fn check_images(
    config: &TrainConfig,
    shape: &Shape,
    images: usize,
) -> Result<Input, TrainError> {
    let Some(input) = config.shrunk(shape) else {
        let (input, is_features) = (config.input, shape.is_features());
        let shape = shape.to_string();
        return Err(match is_features {
            true => TrainError::Features { key: "input", shape },
            false => TrainError::Input { shape, input },
        });
    };
    let of_images = [("augment", !config.augment.is_none()), ("outliers", config.outliers > 0.0)];
    if let Some((key, _)) = of_images.into_iter().find(|(_, asked)| *asked && shape.is_features()) {
        return Err(TrainError::Features { key, shape: shape.to_string() });
    }
    // The input shape has no width if a side is too long for the format.
    let [width, height] = shape.size();
    let inputs = if config.input == 0 { width.saturating_mul(height) } else { input.inputs() };
    let held_out = held_out(images, config);
    Err(TrainError::Images(if !(1..=MAX_WIDTH).contains(&inputs) {
        match shape.is_features() {
            true => format!("they have {inputs} features, but must have from 1 to {MAX_WIDTH}"),
            false => format!(
                "they have {inputs} pixels, but must have from 1 to {MAX_WIDTH}; take smaller \
                 images, or have them shrunk: --input WIDTH"
            ),
        }
    } else if shape.side().is_none() && !config.augment.is_none() {
        format!(
            "they are {shape}, but only squares can be augmented: give --augment none, or square \
             images"
        )
    } else if u32::try_from(images).is_err() {
        format!("there are {images}, more than 2^32 - 1")
    } else if held_out == 0 || held_out == images {
        format!(
            "of {images}, a validation_split of {} leaves {} to train on and {held_out} to choose \
             by, but each must be at least 1; take another --validation-split, or more images",
            config.validation_split,
            images - held_out
        )
    } else {
        return Ok(input);
    }))
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
