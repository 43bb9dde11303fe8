//! How training images are changed.

use serde::{Deserialize, Serialize};

use super::keys::Range::{Below, To};
use super::keys::Values::{Choice, InTurn, Real};
use super::keys::{keys, switch};
use crate::data::augment::{NamedStrength, Strength};

keys! {
    /// The `[augment]` table: the fields of [`Strength`], each with one value or with several that
    /// the epochs take in turn.
    pub struct Augment {
        /// Rotation in degrees.
        rotation: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 180.0)));
        /// Change of width and of height, each on its own, as a fraction.
        scale: Turns<f32> = Turns::Always(0.0), InTurn(&Real(Below(0.0, 1.0)));
        /// Shear in columns per row.
        shear: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 1.0)));
        /// Shift along either axis in pixels.
        shift: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 100.0)));
        /// Standard deviation of a smooth random displacement in pixels.
        elastic: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 100.0)));
        /// Pixels by which outlines move out or in, so that strokes become thicker or thinner.
        outline: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 1.0)));
        /// Fraction of the images that are left as they are.
        unchanged: Turns<f32> = Turns::Always(0.0), InTurn(&Real(To(0.0, 1.0)));
        /// Whether the changed image is recentred as the device does it.
        recentre: Turns<bool> = Turns::Always(false), InTurn(&Choice(switch));
    }
}

/// A value, or several that the epochs take in turn; in TOML a number or a list of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a value, or a list of values that the epochs take in turn")]
pub enum Turns<T> {
    /// The same for every epoch.
    Always(T),
    /// The first for the first epoch, and after the last the first again.
    InTurn(Vec<T>),
}

impl<T: Copy + PartialEq> Turns<T> {
    /// From values in order: one value if all are equal.
    pub fn new(values: Vec<T>) -> Self {
        match values.first() {
            Some(&first) if values.iter().all(|&value| value == first) => Self::Always(first),
            _ => Self::InTurn(values),
        }
    }

    /// All values.
    pub fn values(&self) -> &[T] {
        match self {
            Self::Always(value) => std::slice::from_ref(value),
            Self::InTurn(values) => values,
        }
    }

    /// The value of an epoch, counted from 1.
    ///
    /// # Panics
    ///
    /// If there are no values, or for epoch 0.
    pub fn of(&self, epoch: usize) -> T {
        let values = self.values();
        values[(epoch - 1) % values.len()]
    }
}

impl Augment {
    /// Kinds that the epochs take in turn.
    pub fn of_kinds(kinds: &[NamedStrength]) -> Self {
        let turns = |value: fn(&Strength) -> f32| {
            Turns::new(kinds.iter().map(|kind| value(&kind.strength)).collect())
        };
        Self {
            rotation: turns(|s| s.rotation),
            scale: turns(|s| s.scale),
            shear: turns(|s| s.shear),
            shift: turns(|s| s.shift),
            elastic: turns(|s| s.elastic),
            outline: turns(|s| s.outline),
            unchanged: turns(|s| s.unchanged),
            recentre: Turns::new(kinds.iter().map(|kind| kind.strength.recentre).collect()),
        }
    }

    /// How strongly the images of an epoch, counted from 1, are changed.
    pub fn strength(&self, epoch: usize) -> Strength {
        Strength {
            rotation: self.rotation.of(epoch),
            scale: self.scale.of(epoch),
            shear: self.shear.of(epoch),
            shift: self.shift.of(epoch),
            elastic: self.elastic.of(epoch),
            outline: self.outline.of(epoch),
            unchanged: self.unchanged.of(epoch),
            recentre: self.recentre.of(epoch),
        }
    }

    /// Whether no epoch changes an image.
    pub fn is_none(&self) -> bool {
        let zero = |turns: &Turns<f32>| turns.values().iter().all(|&value| value == 0.0);
        let limits =
            [&self.rotation, &self.scale, &self.shear, &self.shift, &self.elastic, &self.outline];
        limits.into_iter().all(zero) && !self.recentre.values().contains(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augment::STRENGTHS;

    #[test]
    fn kinds_take_turns_and_equal_values_are_one() {
        let augment = Augment::of_kinds(&[STRENGTHS[2], STRENGTHS[3]]);
        assert_eq!(augment.strength(1), STRENGTHS[2].strength);
        assert_eq!(augment.strength(4), STRENGTHS[3].strength);
        assert_eq!(augment.rotation, Turns::Always(12.0));
        let text = toml::to_string(&augment).unwrap();
        assert!(
            text.contains("rotation = 12.0\n") && text.contains("shift = [1.5, 0.0]"),
            "{text}"
        );
        assert_eq!(toml::from_str(&text), Ok(augment));
    }
}
