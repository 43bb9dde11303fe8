//! Images to train on and images to choose the best epoch by.

use super::stream;
use crate::config::TrainConfig;
use crate::data::Images;
use crate::support::rng::Rng;

/// The images that a configuration keeps apart from training, to choose by.
#[must_use]
pub fn validation_images(images: &Images, config: &TrainConfig) -> Images {
    let (_, validation) = split(images.len(), config);
    let indices = || validation.iter().map(|&index| index as usize);
    Images {
        side: images.side,
        pixels: indices().flat_map(|index| images.image(index)).copied().collect(),
        labels: indices().map(|index| images.labels[index]).collect(),
    }
}

/// Indices of the images to train on and of those to choose the best epoch by.
pub(super) fn split(images: usize, config: &TrainConfig) -> (Vec<u32>, Vec<u32>) {
    let mut train: Vec<u32> = (0..images as u32).collect();
    Rng::new(config.seed, &[stream::SPLIT]).shuffle(&mut train);
    let validation = train.split_off(images - held_out(images, config));
    train.sort_unstable();
    (train, validation)
}

/// How many images are kept apart to choose the best epoch by.
pub(super) fn held_out(images: usize, config: &TrainConfig) -> usize {
    (images as f64 * config.validation_split).round() as usize
}
