//! Images of none of the classes, by which a network learns what it cannot tell (after Hendrycks et al.,
//! "Deep Anomaly Detection with Outlier Exposure", 2019).

use inkbit_core::Sample;

use super::stream;
use crate::config::TrainConfig;
use crate::data::synthetic::{NonDigit, non_digits};
use crate::data::{Images, layout};
use crate::support::rng::Rng;

/// Of each kind, and fewer where they are large.
const MOST: usize = 6000;
const LEAST: usize = 50;
/// The pixels of all, if they are more than the least.
const PIXELS: usize = 1 << 24;

/// Draws them as the training images lie; none where the configuration asks for none.
pub(super) fn outliers(config: &TrainConfig, images: &Images, classes: &[String]) -> Images {
    let mut all = Images::default();
    if config.outliers == 0.0 {
        return all;
    }
    let Sample::Image(frame) = images.shape.sample(layout::measure(images)) else { return all };
    let kinds = NonDigit::beside(classes);
    let count = (PIXELS / frame.pixels().max(1) / kinds.len()).clamp(LEAST, MOST);
    let seed = Rng::new(config.seed, &[stream::OUTLIERS]).bits();
    for &kind in kinds {
        let drawn = non_digits(kind, count, seed, frame);
        all.shape = drawn.shape;
        all.pixels.extend(drawn.pixels);
        all.labels.extend(drawn.labels);
    }
    all
}
