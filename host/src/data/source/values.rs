//! The values of images or features as a source has them, and how they become bytes.

use std::fmt;

use inkbit_core::{MAX_SIDE, MAX_WIDTH};

use super::Reading;
use crate::data::Shape;
use crate::support::numbers::grouped;

/// The most values that are no bytes: each takes four.
const MOST_FLOATS: usize = 1 << 26;

/// Where the values of pixels lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub least: f64,
    pub greatest: f64,
    /// Whether all are integers.
    pub is_whole: bool,
    /// Whether none is infinite or no number.
    pub is_finite: bool,
}

impl Default for Range {
    fn default() -> Self {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { least, greatest, is_whole: true, is_finite: true }
    }
}

impl Range {
    fn add(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
        self.is_whole &= value.fract() == 0.0;
        self.is_finite &= value.is_finite();
    }

    pub fn join(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            greatest: self.greatest.max(other.greatest),
            is_whole: self.is_whole && other.is_whole,
            is_finite: self.is_finite && other.is_finite,
        }
    }

    /// What makes bytes of the values: with the greatest value that the user names, else fractions
    /// from 0 to 1 become 0 to 255, and what lies from 0 to 255 stays.
    fn factor(&self, max_value: Option<f64>) -> Result<f64, String> {
        let Self { least, greatest, is_whole, is_finite } = *self;
        if !is_finite {
            return Err("has pixel values that are infinite or no numbers: replace them".to_owned());
        }
        if least > greatest {
            return Ok(1.0); // no values
        }
        let range = format!("has pixel values from {least} to {greatest}");
        let most = max_value.unwrap_or(if is_whole || greatest > 1.0 { 255.0 } else { 1.0 });
        if least < 0.0 {
            return Err(format!(
                "{range}, expected 0 to 255, or fractions of 0 to 1: undo the normalization, for \
                 instance with (x - min) / (max - min), or say --features if these are no pixels"
            ));
        }
        if greatest > most {
            return Err(match max_value {
                Some(most) => format!("{range}, but --max-value is {most}: give the greatest"),
                None => format!(
                    "{range}, expected 0 to 255, or fractions of 0 to 1: to scale them give their \
                     possible greatest, such as --max-value {greatest}"
                ),
            });
        }
        Ok(255.0 / most)
    }

    /// How values in rows of this kind become bytes, for a model if there is one.
    pub fn coding(
        &self,
        rows: Rows,
        reading: &Reading,
        model: Option<&Shape>,
    ) -> Result<Coding, String> {
        match rows {
            Rows::Images(_) => {
                Ok(Coding { factor: self.factor(reading.max_value)?, is_signed: false })
            }
            Rows::Features(_) => self.features(reading.factor.unwrap_or(1.0), model),
        }
    }

    /// How features become bytes: signed numbers of 16 bits if the model takes such, or if some are
    /// not from 0 to 255.
    fn features(&self, factor: f64, model: Option<&Shape>) -> Result<Coding, String> {
        let Self { least, greatest, is_whole, is_finite } = *self;
        if !is_finite {
            return Err("has values that are infinite or no numbers: replace them".to_owned());
        }
        if least > greatest {
            return Ok(Coding { factor, is_signed: false }); // no values
        }
        let range = format!("has values from {least} to {greatest}");
        let fitting = || {
            let most = least.abs().max(greatest.abs());
            format!("--factor {}", 10_f64.powf((30_000.0 / most).log10().floor()))
        };
        if !is_whole && factor == 1.0 {
            return Err(format!(
                "{range}, some of which are not whole numbers: scale them, such as by {}",
                fitting()
            ));
        }
        let [from, to] = [least, greatest].map(|bound| (bound * factor).round());
        if from < i16::MIN.into() || to > i16::MAX.into() {
            let with =
                if factor == 1.0 { String::new() } else { format!(" with --factor {factor}") };
            return Err(format!(
                "{range}, which exceed what 16 bits can hold{with}, -32768 to 32767: make them smaller, \
                 such as by {}",
                fitting()
            ));
        }
        let is_beyond = from < 0.0 || to > 255.0;
        match model {
            Some(Shape::Features { signed: false, .. }) if is_beyond => {
                Err(format!("{range}, but the model takes bytes, 0 to 255"))
            }
            Some(Shape::Features { signed, .. }) => Ok(Coding { factor, is_signed: *signed }),
            _ => Ok(Coding { factor, is_signed: is_beyond }),
        }
    }
}

/// How values become bytes: multiplied, rounded, and as signed numbers of 16 bits or as a byte each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coding {
    factor: f64,
    /// Whether they are signed numbers of 16 bits, two bytes each.
    pub is_signed: bool,
}

/// Values of pixels: bytes for as long as all fit, then floats.
#[derive(Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    floats: Vec<f32>,
    pub range: Range,
}

impl Values {
    /// These bytes.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        let mut range = Range::default();
        for bound in [bytes.iter().min(), bytes.iter().max()].into_iter().flatten() {
            range.add(f64::from(*bound));
        }
        Self { bytes, range, ..Self::default() }
    }

    /// Appends a value. Fails if there are too many.
    pub fn push(&mut self, value: f64) -> Result<(), String> {
        self.range.add(value);
        if self.floats.is_empty() {
            if value.fract() == 0.0 && (0.0..=255.0).contains(&value) {
                self.bytes.push(value as u8);
                return Ok(());
            }
            self.floats = self.bytes.iter().map(|&byte| f32::from(byte)).collect();
            self.bytes = Vec::new();
        }
        if self.floats.len() >= MOST_FLOATS {
            return Err(format!(
                "has over {} pixel values that are no bytes: convert them to bytes, or split it",
                grouped(MOST_FLOATS)
            ));
        }
        self.floats.push(value as f32);
        Ok(())
    }

    pub fn coded(self, Coding { factor, is_signed }: Coding) -> Vec<u8> {
        if self.floats.is_empty() && factor == 1.0 && !is_signed {
            return self.bytes;
        }
        let bytes = self.bytes.into_iter().map(f64::from);
        let scaled = bytes
            .chain(self.floats.into_iter().map(f64::from))
            .map(|value| (value * factor).round());
        match is_signed {
            true => scaled.flat_map(|value| (value as i16).to_le_bytes()).collect(),
            false => scaled.map(|value| value as u8).collect(),
        }
    }
}

/// What the rows of values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// Images of this width and height.
    Images([usize; 2]),
    /// Features, of which a row has this number.
    Features(usize),
}

impl Rows {
    /// Square images of `pixels` pixels; `None` if that is no square number.
    pub fn squares(pixels: usize) -> Option<Self> {
        let side = pixels.isqrt();
        (side * side == pixels).then_some(Self::Images([side; 2]))
    }

    /// Values of a row.
    pub const fn values(self) -> usize {
        match self {
            Self::Images([width, height]) => width * height,
            Self::Features(count) => count,
        }
    }

    /// Refuses what no model can take.
    pub fn check(self) -> Result<Self, String> {
        let range = 1..=usize::from(MAX_SIDE);
        match self {
            Self::Images([width, height])
                if !range.contains(&width) || !range.contains(&height) =>
            {
                Err(format!(
                    "has images of {width}×{height} pixels, expected 1×1 to {MAX_SIDE}×{MAX_SIDE}; \
                     crop or scale them"
                ))
            }
            Self::Features(count) if !(1..=MAX_WIDTH).contains(&count) => {
                Err(format!("has {count} features, expected 1 to {MAX_WIDTH}"))
            }
            fine => Ok(fine),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Images([width, height]) => write!(f, "images of {width}×{height} pixels"),
            Self::Features(1) => f.write_str("1 feature"),
            Self::Features(count) => write!(f, "{count} features"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(values: &[f64]) -> Range {
        let mut range = Range::default();
        values.iter().for_each(|&value| range.add(value));
        range
    }

    #[test]
    fn values_become_bytes_by_their_range_or_by_the_greatest_that_is_named() {
        assert_eq!(range(&[0.0, 255.0]).factor(None), Ok(1.0));
        assert_eq!(range(&[0.0, 1.0]).factor(None), Ok(1.0));
        assert_eq!(range(&[0.0, 0.5]).factor(None), Ok(255.0));
        assert_eq!(range(&[0.0, 16.0]).factor(Some(16.0)), Ok(255.0 / 16.0));
        assert_eq!(range(&[]).factor(None), Ok(1.0));
        let refused = |values: &[f64]| range(values).factor(None).unwrap_err();
        assert!(refused(&[-1.0, 1.0]).contains("from -1 to 1, expected 0 to 255"));
        assert!(refused(&[0.0, 65535.0]).contains("--max-value 65535"));
        for value in [f64::NAN, f64::INFINITY] {
            assert!(refused(&[0.0, value, 3.0]).contains("infinite or no numbers"));
        }
        assert!(range(&[17.0]).factor(Some(16.0)).unwrap_err().contains("--max-value is 16"));
    }
}
