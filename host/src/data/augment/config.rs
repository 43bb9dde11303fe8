//! How strongly images are changed, and how that is written in a configuration.

use serde::{Deserialize, Serialize};

/// The limits within which an image is changed at random; all even between minus and plus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// Degrees, from 0 to 180.
    pub rotation: f32,
    /// Part of width and of height, each for itself, from 0 to below 1.
    pub scale: f32,
    /// Columns for each row, from 0 to 1.
    pub shear: f32,
    /// Pixels along either axis, at least 0.
    pub shift: f32,
    /// Standard deviation of the displacements of the smooth field in pixels, at least 0.
    pub elastic: f32,
    /// Share of the images that are left as they are, from 0 to 1.
    pub unchanged: f32,
    /// Whether the result is recentred as the device does it.
    pub recentre: bool,
}

impl Strength {
    const NONE: Self = Self {
        rotation: 0.0,
        scale: 0.0,
        shear: 0.0,
        shift: 0.0,
        elastic: 0.0,
        unchanged: 0.0,
        recentre: false,
    };

    /// Whether no image is changed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Self { rotation, scale, shear, shift, elastic, recentre, .. } = *self;
        [rotation, scale, shear, shift, elastic] == [0.0; 5] && !recentre
    }
}

/// Values that `--augment` takes by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// The name.
    pub name: &'static str,
    /// What it stands for.
    pub strength: Strength,
}

const STRONG: Strength = Strength {
    rotation: 12.0,
    scale: 0.12,
    shear: 0.15,
    shift: 1.5,
    elastic: 0.7,
    unchanged: 0.05,
    recentre: false,
};

/// All kinds, `none` first.
pub const KINDS: [Kind; 4] = [
    Kind { name: "none", strength: Strength::NONE },
    Kind {
        name: "light",
        strength: Strength {
            rotation: 8.0,
            scale: 0.08,
            shear: 0.08,
            shift: 1.0,
            elastic: 0.5,
            unchanged: 0.2,
            recentre: false,
        },
    },
    Kind { name: "strong", strength: STRONG },
    Kind { name: "centred", strength: Strength { shift: 0.0, recentre: true, ..STRONG } },
];

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
    #[must_use]
    pub fn new(values: Vec<T>) -> Self {
        match values.first() {
            Some(&first) if values.iter().all(|&value| value == first) => Self::Always(first),
            _ => Self::InTurn(values),
        }
    }

    /// All values.
    #[must_use]
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
    #[must_use]
    pub fn of(&self, epoch: usize) -> T {
        let values = self.values();
        values[(epoch - 1) % values.len()]
    }
}

/// The `[augment]` table: the fields of [`Strength`], each with one value or with several that the
/// epochs take in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "they are those of Strength")]
pub struct Augment {
    pub rotation: Turns<f32>,
    pub scale: Turns<f32>,
    pub shear: Turns<f32>,
    pub shift: Turns<f32>,
    pub elastic: Turns<f32>,
    pub unchanged: Turns<f32>,
    pub recentre: Turns<bool>,
}

impl Augment {
    /// Kinds that the epochs take in turn.
    #[must_use]
    pub fn of_kinds(kinds: &[Kind]) -> Self {
        let turns = |value: fn(&Strength) -> f32| {
            Turns::new(kinds.iter().map(|kind| value(&kind.strength)).collect())
        };
        Self {
            rotation: turns(|s| s.rotation),
            scale: turns(|s| s.scale),
            shear: turns(|s| s.shear),
            shift: turns(|s| s.shift),
            elastic: turns(|s| s.elastic),
            unchanged: turns(|s| s.unchanged),
            recentre: Turns::new(kinds.iter().map(|kind| kind.strength.recentre).collect()),
        }
    }

    /// How strongly the images of an epoch, counted from 1, are changed.
    #[must_use]
    pub fn strength(&self, epoch: usize) -> Strength {
        Strength {
            rotation: self.rotation.of(epoch),
            scale: self.scale.of(epoch),
            shear: self.shear.of(epoch),
            shift: self.shift.of(epoch),
            elastic: self.elastic.of(epoch),
            unchanged: self.unchanged.of(epoch),
            recentre: self.recentre.of(epoch),
        }
    }

    /// Whether no epoch changes an image.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let zero = |turns: &Turns<f32>| turns.values().iter().all(|&value| value == 0.0);
        [&self.rotation, &self.scale, &self.shear, &self.shift, &self.elastic].into_iter().all(zero)
            && !self.recentre.values().contains(&true)
    }

    /// The first value that is out of range, as (key, value, expected).
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, String, &'static str)> {
        let pixels = "from 0 to 100";
        type Legal = fn(f32) -> bool;
        let ranges: [(_, _, Legal, _); 6] = [
            ("rotation", &self.rotation, |v| (0.0..=180.0).contains(&v), "from 0 to 180"),
            ("scale", &self.scale, |v| (0.0..1.0).contains(&v), "from 0 to below 1"),
            ("shear", &self.shear, |v| (0.0..=1.0).contains(&v), "from 0 to 1"),
            ("shift", &self.shift, |v| (0.0..=100.0).contains(&v), pixels),
            ("elastic", &self.elastic, |v| (0.0..=100.0).contains(&v), pixels),
            ("unchanged", &self.unchanged, |v| (0.0..=1.0).contains(&v), "from 0 to 1"),
        ];
        for (key, turns, legal, expected) in ranges {
            if turns.values().is_empty() {
                return Some((key, "an empty list".to_owned(), "a number or a list of them"));
            }
            if let Some(value) = turns.values().iter().find(|&&value| !legal(value)) {
                return Some((key, value.to_string(), expected));
            }
        }
        let none = self.recentre.values().is_empty();
        none.then(|| ("recentre", "an empty list".to_owned(), "true, false or a list of them"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_take_turns_and_equal_values_are_one() {
        let augment = Augment::of_kinds(&[KINDS[2], KINDS[3]]);
        assert_eq!(augment.strength(1), KINDS[2].strength);
        assert_eq!(augment.strength(4), KINDS[3].strength);
        assert_eq!(augment.rotation, Turns::Always(12.0));
        let text = toml::to_string(&augment).unwrap();
        assert!(
            text.contains("rotation = 12.0\n") && text.contains("shift = [1.5, 0.0]"),
            "{text}"
        );
        assert_eq!(toml::from_str(&text), Ok(augment));
    }

    #[test]
    fn values_out_of_range_are_found() {
        let augment = Augment::of_kinds(&[KINDS[1]]);
        assert_eq!(augment.fault(), None);
        let wrong = Augment { scale: Turns::InTurn(vec![0.1, 1.0]), ..augment.clone() };
        assert_eq!(wrong.fault(), Some(("scale", "1".to_owned(), "from 0 to below 1")));
        let empty = Augment { recentre: Turns::InTurn(Vec::new()), ..augment };
        assert_eq!(empty.fault().map(|fault| fault.0), Some("recentre"));
    }
}
