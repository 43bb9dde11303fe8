//! Augmentation: training images that are never twice the same.
//!
//! Every epoch changes an image anew: it is rotated, scaled, sheared, shifted, and bent by a smooth
//! random field (after Simard et al., "Best Practices for Convolutional Neural Networks Applied to
//! Visual Document Analysis", 2003). The result depends on the seed, the epoch and the image alone.

pub mod outline;
mod strength;
mod warp;

pub use strength::{NamedStrength, STRENGTHS, Strength};
pub use warp::{Field, GRID, Motion, Warper};

use crate::data::Shape;
use crate::support::rng::Rng;

/// Added to a float from 0 to 2²², it leaves the nearest integer in the low bits. `f32::round` is a
/// call on processors without SSE 4.1, and would keep the loops from becoming SIMD.
const ROUND: f32 = 12_582_912.0;

/// The stream of the seed; 1 to 4 are those of the training.
const STREAM: u64 = 5;

/// The random numbers that change a training image in an epoch, counted from 1.
pub fn rng(seed: u64, epoch: usize, image: u32) -> Rng {
    Rng::new(seed, &[STREAM, epoch as u64, image.into()])
}

/// Changes images at random.
#[derive(Clone, Debug)]
pub struct Augmenter {
    side: usize,
    warper: Warper,
    field: Field,
    moved: Vec<u8>,
}

impl Augmenter {
    /// For images of `side` × `side` pixels.
    pub fn new(side: usize) -> Self {
        let field = Field { x: [0.0; GRID * GRID], y: [0.0; GRID * GRID] };
        Self { side, warper: Warper::new(side), field, moved: vec![0; side * side] }
    }

    /// For samples of this shape. Only square images can be changed; others are drawn as they are, by a
    /// strength that is none.
    pub fn of_shape(shape: &Shape) -> Self {
        Self::new(shape.side().unwrap_or(0))
    }

    /// Changes an image within the limits of `strength`; `rng` decides how.
    ///
    /// ```
    /// use inkbit::data::augment::{Augmenter, STRENGTHS, rng};
    /// use inkbit::data::synthetic::{Part, images};
    /// let digit = images(Part::Train, 1, 1);
    /// let strong = STRENGTHS[2].strength;
    /// let (mut augmenter, mut drawn) = (Augmenter::new(28), vec![0; 28 * 28]);
    /// augmenter.draw(&strong, digit.image(0), &mut rng(1, 1, 0), &mut drawn);
    /// assert_ne!(drawn, digit.image(0));
    /// ```
    ///
    /// # Panics
    ///
    /// If `source` or `out` does not have `side × side` pixels.
    pub fn draw(&mut self, strength: &Strength, source: &[u8], rng: &mut Rng, out: &mut [u8]) {
        if strength.is_none() || rng.unit() < strength.unchanged {
            out.copy_from_slice(source);
            return;
        }
        let mut within = |limit: f32| limit * (2.0 * rng.unit() - 1.0);
        let motion = Motion {
            rotation: within(strength.rotation),
            scale: [1.0 + within(strength.scale), 1.0 + within(strength.scale)],
            shear: within(strength.shear),
            shift: [within(strength.shift), within(strength.shift)],
        };
        let elastic = strength.elastic > 0.0;
        if elastic {
            for point in self.field.x.iter_mut().chain(&mut self.field.y) {
                *point = strength.elastic * rng.normal();
            }
        }
        let field = elastic.then_some(&self.field);
        self.warper.warp(source, &motion, field, out);
        if strength.outline > 0.0 {
            self.moved.copy_from_slice(out);
            let fraction = strength.outline * (2.0 * rng.unit() - 1.0);
            outline::move_out(self.side, fraction, &self.moved, out);
        }
        if strength.recentre {
            self.moved.copy_from_slice(out);
            inkbit_core::image::recentre(&self.moved, self.side, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_place_decide_the_image_and_none_changes_it() {
        let source: Vec<u8> = (0..784).map(|pixel| (pixel * 7919 % 256) as u8).collect();
        let drawn = |strength: &Strength, epoch| {
            let mut out = vec![0; 784];
            Augmenter::new(28).draw(strength, &source, &mut Rng::new(1, &[epoch]), &mut out);
            out
        };
        let strong = STRENGTHS[2].strength;
        assert_eq!(drawn(&strong, 1), drawn(&strong, 1));
        assert_ne!(drawn(&strong, 1), drawn(&strong, 2));
        assert_eq!(drawn(&STRENGTHS[0].strength, 1), source);
        assert_eq!(drawn(&Strength { unchanged: 1.0, ..strong }, 1), source);
    }

    #[test]
    fn outlines_move_both_ways_and_nothing_else_does() {
        let mut source = vec![0; 784];
        (8..20).for_each(|row| source[28 * row + 13..28 * row + 15].fill(200));
        let strength = Strength { outline: 0.5, ..STRENGTHS[0].strength };
        let mut augmenter = Augmenter::new(28);
        let sums: Vec<u32> = (0..40)
            .map(|image| {
                let mut out = vec![0; 784];
                augmenter.draw(&strength, &source, &mut Rng::new(image, &[]), &mut out);
                assert!(out.chunks(28).enumerate().all(|(row, out)| {
                    let near = (7..=20).contains(&row);
                    out.iter()
                        .enumerate()
                        .all(|(column, &pixel)| pixel == 0 || near && (12..=15).contains(&column))
                }));
                out.iter().copied().map(u32::from).sum()
            })
            .collect();
        let own: u32 = source.iter().copied().map(u32::from).sum();
        let (least, most) = (sums.iter().min().unwrap(), sums.iter().max().unwrap());
        assert!(*least < own * 3 / 4 && *most > own * 5 / 4, "{least} {own} {most}");
    }

    #[test]
    fn recentred_images_have_their_mass_in_the_middle() {
        let mut source = vec![0; 784];
        (8..20).for_each(|row| source[28 * row + 14] = 255);
        let mut augmenter = Augmenter::new(28);
        let mut out = vec![0; 784];
        for image in 0..20 {
            let strength = Strength { shift: 3.0, recentre: true, ..STRENGTHS[2].strength };
            augmenter.draw(&strength, &source, &mut Rng::new(image, &[]), &mut out);
            assert_eq!(inkbit_core::image::centre_of_mass(&out, 28), Some((14, 14)), "{image}");
        }
    }
}
