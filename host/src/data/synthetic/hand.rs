//! How people write: shakily, slanted, with a fine pen or a broad one.

use super::random::Random;

/// The limits within which writers differ. Lengths are in the units of a skeleton, which is about
/// 100 tall.
pub(super) struct Hand {
    /// Least and most standard deviation of the points of a skeleton.
    pub(super) shake: (f32, f32),
    /// Least and most standard deviation of the bend of the sheet.
    pub(super) bend: (f32, f32),
    /// Standard deviation of how much larger the head is than the foot, and of the same across.
    pub(super) proportions: f32,
    /// Standard deviation of the tangent of half the rotation.
    pub(super) rotation: f32,
    /// Mean and standard deviation of the slant, in columns a row.
    pub(super) slant: (f32, f32),
    /// Least and most width, as a factor.
    pub(super) stretch: (f32, f32),
    /// Percent of the pens that are fine, and that are broad.
    pub(super) pens: (u32, u32),
}

/// Those that a network is trained on.
pub(super) const USUAL: Hand = Hand {
    shake: (0.5, 4.0),
    bend: (3.0, 13.0),
    proportions: 0.25,
    rotation: 0.05,
    slant: (0.2, 0.32),
    stretch: (0.65, 1.5),
    pens: (20, 15),
};

/// Others, who are less neat and have other pens, to measure by.
pub(super) const STRANGE: Hand = Hand {
    shake: (1.0, 5.0),
    bend: (5.0, 15.0),
    proportions: 0.3,
    rotation: 0.08,
    slant: (0.1, 0.36),
    stretch: (0.55, 1.6),
    pens: (35, 30),
};

impl Hand {
    /// Half the width of a pen, in pixels of an image.
    pub(super) fn pen_radius(&self, random: &mut Random) -> f32 {
        let (fine, broad) = self.pens;
        match random.below(100) {
            percent if percent < fine => random.uniform(0.5, 0.9),
            percent if percent < fine + broad => random.uniform(1.9, 2.3),
            _ => 1.4 + random.bell(0.45).max(-0.6),
        }
    }
}
