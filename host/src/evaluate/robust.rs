//! Accuracy on distorted images: shifted, rotated, scaled, thicker, thinner, or of other contrast.
//!
//! The distortion of an image depends only on the condition and the index of the image, so that every
//! model is measured on the same images.

use inkbit_core::image::recentre;
use serde::Serialize;

use crate::data::Images;
use crate::data::augment::{Motion, Warper, outline};
use crate::support::parallel;
use crate::support::rng::Rng;

const SEED: u64 = 1;

/// A kind of distortion; amounts are uniformly distributed between limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    pub name: &'static str,
    /// The limits in words.
    pub limits: &'static str,
    distortion: Distortion,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Distortion {
    /// Pixels along each axis, degrees, and fraction of the size.
    Motion { shift: f32, rotation: f32, scale: f32 },
    /// Pixels by which strokes grow on every side, at most 1.
    Thicker(f32),
    /// Pixels by which strokes shrink on every side, at most 1.
    Thinner(f32),
    /// Limits of the factor of every pixel.
    Contrast(f32, f32),
}

const fn motion(shift: f32, rotation: f32, scale: f32) -> Distortion {
    Distortion::Motion { shift, rotation, scale }
}

const fn condition(name: &'static str, limits: &'static str, distortion: Distortion) -> Condition {
    Condition { name, limits, distortion }
}

/// All conditions; the first leaves images as they are.
pub const CONDITIONS: [Condition; 8] = [
    condition("clean", "as they are", motion(0.0, 0.0, 0.0)),
    condition("shift", "±3 pixels", motion(3.0, 0.0, 0.0)),
    condition("rotation", "±15°", motion(0.0, 15.0, 0.0)),
    condition("scale", "±20 %", motion(0.0, 0.0, 0.2)),
    condition("combined", "all three", motion(3.0, 15.0, 0.2)),
    condition("thicker", "0 to 1 pixel a side", Distortion::Thicker(1.0)),
    condition("thinner", "0 to ½ pixel a side", Distortion::Thinner(0.5)),
    condition("contrast", "pixels × ½ to 1½", Distortion::Contrast(0.5, 1.5)),
];

/// Accuracies under a condition, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Robustness {
    pub condition: &'static str,
    pub limits: &'static str,
    pub accuracy: f64,
    /// Accuracy after the distorted images were centred like a device centres them.
    pub recentred_accuracy: f64,
}

/// Measures a classifier under all conditions; `accuracy` computes its accuracy on images, `progress`
/// gets the number of conditions done.
///
/// # Panics
///
/// If the images are no squares, as every function here.
pub fn measure<E>(
    images: &Images,
    mut accuracy: impl FnMut(&Images) -> Result<f64, E>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Robustness>, E> {
    let measure = |(done, condition): (usize, Condition)| {
        let distorted = distort(images, condition.name);
        let robustness = Robustness {
            condition: condition.name,
            limits: condition.limits,
            accuracy: accuracy(&distorted)?,
            recentred_accuracy: accuracy(&recentred(&distorted))?,
        };
        progress(done);
        Ok(robustness)
    };
    (1..).zip(CONDITIONS).map(measure).collect()
}

/// Distorts all images by the condition of that name, which must be one of [`CONDITIONS`].
pub fn distort(images: &Images, condition: &str) -> Images {
    let number = CONDITIONS.iter().position(|known| known.name == condition);
    let number = number.expect("one of the conditions");
    redrawn(images, |warper, index, from, to| {
        let mut rng = Rng::new(SEED, &[number as u64, index as u64]);
        CONDITIONS[number].distortion.apply(warper, side(images), &mut rng, from, to);
    })
}

/// Centres all images like a device centres them.
pub fn recentred(images: &Images) -> Images {
    redrawn(images, |_, _, from, to| recentre(from, side(images), to))
}

/// The side length of images, which must be squares.
fn side(images: &Images) -> usize {
    images.shape.side().expect("square images")
}

/// Redraws all images by a function of index, old pixels and new pixels, on all cores.
fn redrawn(images: &Images, draw: impl Fn(&mut Warper, usize, &[u8], &mut [u8]) + Sync) -> Images {
    let size = images.shape.bytes();
    let parts = parallel::split(images.len(), |part| {
        let mut warper = Warper::new(side(images));
        let mut pixels = vec![0; part.len() * size];
        for (index, to) in part.zip(pixels.chunks_exact_mut(size)) {
            draw(&mut warper, index, images.image(index), to);
        }
        pixels
    });
    Images { shape: images.shape.clone(), pixels: parts.concat(), labels: images.labels.clone() }
}

impl Distortion {
    fn apply(self, warper: &mut Warper, side: usize, rng: &mut Rng, from: &[u8], to: &mut [u8]) {
        let mut between = |least: f32, most: f32| least + (most - least) * rng.unit();
        match self {
            Self::Motion { shift, rotation, scale } => {
                let motion = Motion {
                    shift: [between(-shift, shift), between(-shift, shift)],
                    rotation: between(-rotation, rotation),
                    scale: [1.0 + between(-scale, scale); 2],
                    shear: 0.0,
                };
                if motion == Motion::default() {
                    to.copy_from_slice(from);
                } else {
                    warper.warp(from, &motion, None, to);
                }
            }
            Self::Thicker(most) => outline::move_out(side, between(0.0, most), from, to),
            Self::Thinner(most) => outline::move_out(side, -between(0.0, most), from, to),
            Self::Contrast(least, most) => {
                let factor = between(least, most);
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = (f32::from(from) * factor).round() as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::{Part, images};

    fn ink(images: &Images) -> f64 {
        images.pixels.iter().map(|&ink| f64::from(ink)).sum()
    }

    #[test]
    fn the_distortion_of_an_image_does_not_depend_on_other_images() {
        let all = images(Part::Test, 40, 1);
        let first = Images {
            pixels: all.pixels[..784 * 10].to_vec(),
            labels: all.labels[..10].to_vec(),
            shape: all.shape.clone(),
        };
        for Condition { name, .. } in CONDITIONS {
            let distorted = distort(&all, name);
            assert_eq!(distorted.pixels[..784 * 10], distort(&first, name).pixels, "{name}");
            assert_eq!(distorted == all, name == "clean", "{name}");
        }
    }

    #[test]
    fn strokes_grow_shrink_and_fade() {
        let clean = images(Part::Test, 100, 1);
        let factor = |condition| ink(&distort(&clean, condition)) / ink(&clean);
        assert!((1.2..1.8).contains(&factor("thicker")), "{}", factor("thicker"));
        assert!((0.6..0.95).contains(&factor("thinner")), "{}", factor("thinner"));
        assert!((0.7..1.0).contains(&factor("contrast")), "{}", factor("contrast"));
        assert!((0.97..1.03).contains(&factor("rotation")), "{}", factor("rotation"));
    }

    #[test]
    fn recentring_undoes_a_shift() {
        let clean = images(Part::Test, 50, 1);
        let middle = |images: &Images| {
            let images = images.iter().map(|(pixels, _)| {
                inkbit_core::image::centre_of_mass(pixels, 28) == Some((14, 14))
            });
            images.filter(|&centred| centred).count()
        };
        let shifted = distort(&clean, "shift");
        assert!(middle(&shifted) < 10);
        // An image is not shifted so far that ink at its border is cut off.
        assert!(middle(&recentred(&shifted)) >= 48);
    }
}
