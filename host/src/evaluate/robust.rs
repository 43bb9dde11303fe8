//! How a classifier fares on images that are not as clean as those it was tested on: moved, turned,
//! larger or smaller, thicker or thinner, fainter or stronger.
//!
//! How each image is changed depends on the condition and on its place among the images, so every
//! model meets the same ones.

use inkbit_core::image::recentre;
use serde::Serialize;

use crate::data::Images;
use crate::data::augment::{Motion, Warper};
use crate::support::parallel;
use crate::support::rng::Rng;

/// The seed of all changes.
const SEED: u64 = 1;

/// A way in which images are changed; amounts are even between their limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// What it is called.
    pub name: &'static str,
    /// Its limits.
    pub limits: &'static str,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    /// Pixels along each axis, degrees, and part of the size.
    Motion {
        shift: f32,
        rotation: f32,
        scale: f32,
    },
    /// Pixels that the ink grows or shrinks on every side, at most 1.
    Thicker(f32),
    Thinner(f32),
    /// Factors of the ink.
    Contrast(f32, f32),
}

const fn motion(shift: f32, rotation: f32, scale: f32) -> Change {
    Change::Motion { shift, rotation, scale }
}

/// All conditions, the clean images first.
pub const CONDITIONS: [Condition; 8] = [
    Condition { name: "clean", limits: "as they are", change: motion(0.0, 0.0, 0.0) },
    Condition { name: "shift", limits: "±3 pixels", change: motion(3.0, 0.0, 0.0) },
    Condition { name: "rotation", limits: "±15°", change: motion(0.0, 15.0, 0.0) },
    Condition { name: "scale", limits: "±20 %", change: motion(0.0, 0.0, 0.2) },
    Condition { name: "combined", limits: "all three", change: motion(3.0, 15.0, 0.2) },
    Condition { name: "thicker", limits: "0 to 1 pixel a side", change: Change::Thicker(1.0) },
    Condition { name: "thinner", limits: "0 to ½ pixel a side", change: Change::Thinner(0.5) },
    Condition { name: "contrast", limits: "ink × ½ to 1½", change: Change::Contrast(0.5, 1.5) },
];

/// Accuracies under a condition, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Robustness {
    /// The condition.
    pub condition: &'static str,
    /// Its limits.
    pub limits: &'static str,
    /// Of the changed images as they are.
    pub accuracy: f64,
    /// Of the changed images after they were centred as a device does it.
    pub recentred_accuracy: f64,
}

/// Measures a classifier under all conditions; `accuracy` gives its accuracy on images, and
/// `progress` is told how many conditions are done.
///
/// # Errors
///
/// Those of `accuracy`.
pub fn measure<E>(
    images: &Images,
    mut accuracy: impl FnMut(&Images) -> Result<f64, E>,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Robustness>, E> {
    let mut results = Vec::new();
    for Condition { name: condition, limits, .. } in CONDITIONS {
        let changed = change(images, condition);
        results.push(Robustness {
            condition,
            limits,
            accuracy: accuracy(&changed)?,
            recentred_accuracy: accuracy(&recentred(&changed))?,
        });
        progress(results.len());
    }
    Ok(results)
}

/// All images changed in one of [`CONDITIONS`], which must have that name.
///
/// # Panics
///
/// If there is no such condition.
#[must_use]
pub fn change(images: &Images, condition: &str) -> Images {
    let number = CONDITIONS.iter().position(|known| known.name == condition);
    let number = number.expect("one of the conditions");
    let change = CONDITIONS[number].change;
    redrawn(images, |warper, index, from, to| {
        let mut rng = Rng::new(SEED, &[number as u64, index as u64]);
        change.apply(warper, images.side, &mut rng, from, to);
    })
}

/// All images centred as a device does it.
#[must_use]
pub fn recentred(images: &Images) -> Images {
    redrawn(images, |_, _, from, to| recentre(from, images.side, to))
}

/// All images drawn anew by a function of the image's index and pixels, on all cores.
fn redrawn(images: &Images, draw: impl Fn(&mut Warper, usize, &[u8], &mut [u8]) + Sync) -> Images {
    let size = images.side * images.side;
    let parts = parallel::split(images.len(), |part| {
        let mut warper = Warper::new(images.side);
        let mut pixels = vec![0; part.len() * size];
        for (index, to) in part.zip(pixels.chunks_exact_mut(size)) {
            draw(&mut warper, index, images.image(index), to);
        }
        pixels
    });
    Images { side: images.side, pixels: parts.concat(), labels: images.labels.clone() }
}

impl Change {
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
            Self::Thicker(most) => grow(side, between(0.0, most), u8::max, 0, from, to),
            Self::Thinner(most) => grow(side, between(0.0, most), u8::min, 255, from, to),
            Self::Contrast(least, most) => {
                let factor = between(least, most);
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = (f32::from(from) * factor).round() as u8;
                }
            }
        }
    }
}

/// Greyscale dilation (`pick` is the maximum) or erosion (the minimum) by a cross of five pixels,
/// mixed with the image: by half, edges move by about half a pixel. Beyond the image there is
/// `outside`, which is never picked.
fn grow(side: usize, share: f32, pick: fn(u8, u8) -> u8, outside: u8, from: &[u8], to: &mut [u8]) {
    for (place, to) in to.iter_mut().enumerate() {
        let (row, column) = (place / side, place % side);
        let at = |inside: bool, neighbour: usize| if inside { from[neighbour] } else { outside };
        let neighbours = [
            at(row > 0, place.wrapping_sub(side)),
            at(row + 1 < side, place + side),
            at(column > 0, place.wrapping_sub(1)),
            at(column + 1 < side, place + 1),
        ];
        let picked = f32::from(neighbours.into_iter().fold(from[place], pick));
        let own = f32::from(from[place]);
        *to = (own + share * (picked - own)).round() as u8;
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
    fn an_image_is_changed_alike_whatever_is_around_it() {
        let all = images(Part::Test, 40, 1);
        let first = Images {
            pixels: all.pixels[..784 * 10].to_vec(),
            labels: all.labels[..10].to_vec(),
            ..all
        };
        for Condition { name, .. } in CONDITIONS {
            let changed = change(&all, name);
            assert_eq!(changed.pixels[..784 * 10], change(&first, name).pixels, "{name}");
            assert_eq!(changed == all, name == "clean", "{name}");
        }
    }

    #[test]
    fn ink_grows_shrinks_and_fades() {
        let clean = images(Part::Test, 100, 1);
        let factor = |condition| ink(&change(&clean, condition)) / ink(&clean);
        assert!((1.2..1.8).contains(&factor("thicker")), "{}", factor("thicker"));
        assert!((0.6..0.95).contains(&factor("thinner")), "{}", factor("thinner"));
        assert!((0.7..1.0).contains(&factor("contrast")), "{}", factor("contrast"));
        assert!((0.97..1.03).contains(&factor("rotation")), "{}", factor("rotation"));
    }

    #[test]
    fn recentring_takes_a_shift_back() {
        let clean = images(Part::Test, 50, 1);
        let middle = |images: &Images| {
            let images = images.iter().map(|(pixels, _)| {
                inkbit_core::image::centre_of_mass(pixels, 28) == Some((14, 14))
            });
            images.filter(|&centred| centred).count()
        };
        let shifted = change(&clean, "shift");
        assert!(middle(&shifted) < 10);
        // Ink at an edge is not cut off to centre the rest.
        assert!(middle(&recentred(&shifted)) >= 48);
    }
}
