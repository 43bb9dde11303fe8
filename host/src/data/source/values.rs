//! The values of images or features as a source has them, and how they become bytes.
//!
//! An array whose values take no more than a float stays as its file has it until they become bytes: small files
//! unpack to many values of a byte, which would take four as floats.

use super::Reading;
use super::npy::Array;
use super::rows::Rows;
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

impl Coding {
    /// The bytes of values, in as much memory as they take.
    fn of(self, values: impl ExactSizeIterator<Item = f64>) -> Vec<u8> {
        let size = if self.is_signed { size_of::<i16>() } else { 1 };
        let mut bytes = Vec::with_capacity(size * values.len());
        let scaled = values.map(|value| (value * self.factor).round());
        match self.is_signed {
            true => bytes.extend(scaled.flat_map(|value| (value as i16).to_le_bytes())),
            false => bytes.extend(scaled.map(|value| value as u8)),
        }
        bytes
    }
}

/// Values of pixels: bytes for as long as all fit, then floats.
#[derive(Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    floats: Vec<f32>,
    /// In place of both, what takes no more than floats.
    array: Option<Array>,
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

    /// Those of an array. Fails if there are too many.
    pub fn of_array(array: Array) -> Result<Self, String> {
        let array = match array.into_bytes() {
            Ok(bytes) => return Ok(Self::of_bytes(bytes)),
            Err(array) => array,
        };
        let mut found = Self::default();
        array.values().for_each(|value| found.range.add(value));
        let Range { least, greatest, is_whole, .. } = found.range;
        if is_whole && least >= 0.0 && greatest <= 255.0 {
            found.bytes = array.values().map(|value| value as u8).collect();
        } else if array.len() > MOST_FLOATS {
            return Err(too_many());
        } else if array.size() > size_of::<f32>() {
            found.floats = array.values().map(|value| value as f32).collect();
        } else {
            found.array = Some(array);
        }
        Ok(found)
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
            return Err(too_many());
        }
        self.floats.push(value as f32);
        Ok(())
    }

    pub fn coded(self, coding: Coding) -> Vec<u8> {
        if let Some(array) = self.array {
            // Rounded as all values are that are no bytes.
            return coding.of(array.values().map(|value| f64::from(value as f32)));
        }
        if !self.floats.is_empty() {
            return coding.of(self.floats.into_iter().map(f64::from));
        }
        match coding.factor == 1.0 && !coding.is_signed {
            true => self.bytes,
            false => coding.of(self.bytes.into_iter().map(f64::from)),
        }
    }
}

fn too_many() -> String {
    format!(
        "has over {} pixel values that are no bytes: convert them to bytes, or split it",
        grouped(MOST_FLOATS)
    )
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

    #[test]
    fn an_array_becomes_the_bytes_that_its_values_one_by_one_would() {
        let file = |descr: &str, order: &str, values: &[u8]| {
            let header =
                format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': (2, 3), }}\n");
            let length = (header.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
        };
        let floats = [0.25_f64, 2e-9, 1.0 / 3.0, 16_777_217.0, -3.5, 7.0];
        let singles: Vec<u8> = floats.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect();
        let doubles: Vec<u8> = floats.iter().flat_map(|value| value.to_le_bytes()).collect();
        for (descr, values) in [
            ("|u1", &[0, 1, 2, 3, 4, 255][..]),
            ("|i1", &[0, 1, 2, 3, 4, 127]),
            ("|i1", &[0, 1, 2, 3, 4, 255]),
            (">i2", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
            ("<f4", &singles),
            ("<f8", &doubles),
        ] {
            for order in ["False", "True"] {
                let array = || Array::parse(file(descr, order, values)).unwrap();
                for (factor, is_signed) in [(1.0, false), (100.0, true)] {
                    let mut pushed = Values::default();
                    array().values().for_each(|value| pushed.push(value).unwrap());
                    let found = Values::of_array(array()).unwrap();
                    let coding = Coding { factor, is_signed };
                    assert_eq!(found.coded(coding), pushed.coded(coding), "{descr} {order}");
                }
            }
        }
    }
}
