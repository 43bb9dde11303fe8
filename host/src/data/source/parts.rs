//! What a source has, made into a data set: values scaled to bytes, labels to classes, and images
//! to test on held out where there are none.

use std::fmt;
use std::path::Path;

use inkbit_core::{MAX_SIDE, MAX_WIDTH};

use super::classes::Labels;
use super::{Loaded, Reading, Request, SourceError};
use crate::data::{Dataset, Images, Shape, shape};
use crate::support::numbers::grouped;

/// The most images of a part, as of an IDX file.
const MOST_IMAGES: usize = 1 << 22;
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

    fn join(self, other: Self) -> Self {
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

    /// Whether features of these values, multiplied by a factor, are signed numbers of 16 bits, and not
    /// bytes: as a model takes them, or if some are no bytes.
    fn signed(&self, scale: f64, model: Option<&Shape>) -> Result<bool, String> {
        let Self { least, greatest, is_whole, is_finite } = *self;
        if !is_finite {
            return Err("has values that are infinite or no numbers: replace them".to_owned());
        }
        if least > greatest {
            return Ok(false); // no values
        }
        let range = format!("has values from {least} to {greatest}");
        let most = least.abs().max(greatest.abs());
        let Self { least, greatest, .. } =
            Self { least: least * scale, greatest: greatest * scale, ..*self };
        if !is_whole && scale == 1.0 {
            return Err(format!(
                "{range}, some of which are not whole numbers: scale them, such as by --factor {}",
                10_f64.powf((30_000.0 / most).log10().floor())
            ));
        }
        if least.round() < i16::MIN.into() || greatest.round() > i16::MAX.into() {
            let with = if scale == 1.0 { String::new() } else { format!(" with --factor {scale}") };
            return Err(format!(
                "{range}, which exceed what 16 bits can hold{with}, -32768 to 32767: make them smaller, \
                 such as by --factor {}",
                10_f64.powf((30_000.0 / most).log10().floor())
            ));
        }
        let is_beyond = least.round() < 0.0 || greatest.round() > 255.0;
        match model {
            Some(Shape::Features { signed: false, .. }) if is_beyond => {
                Err(format!("{range}, but the model takes bytes, 0 to 255"))
            }
            Some(Shape::Features { signed, .. }) => Ok(*signed),
            _ => Ok(is_beyond),
        }
    }
}

/// Values of pixels: bytes for as long as all fit, then floats.
#[derive(Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    floats: Vec<f32>,
    range: Range,
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

    /// Numbers of 16 bits, two bytes each.
    fn wide(self, factor: f64) -> Vec<u8> {
        let scale = |value: f64| ((value * factor).round() as i16).to_le_bytes();
        match self.floats.is_empty() {
            true => self.bytes.into_iter().flat_map(|byte| scale(byte.into())).collect(),
            false => self.floats.into_iter().flat_map(|value| scale(value.into())).collect(),
        }
    }

    fn scaled(self, factor: f64) -> Vec<u8> {
        let scale = |value: f64| (value * factor).round() as u8;
        match self.floats.is_empty() {
            true if factor == 1.0 => self.bytes,
            true => self.bytes.into_iter().map(|byte| scale(byte.into())).collect(),
            false => self.floats.into_iter().map(|value| scale(value.into())).collect(),
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

/// Images of a source, or rows of features, with the numbers of their labels.
pub(super) struct Part {
    pub rows: Rows,
    pub values: Values,
    pub labels: Vec<u16>,
}

/// All that a source has.
#[derive(Default)]
pub(super) struct Parts {
    /// What kind of source it is.
    pub kind: &'static str,
    pub labels: Labels,
    /// Whether labels that are numbers are classes, see [`Labels::classes`].
    pub numbered: bool,
    pub train: Option<Part>,
    pub test: Option<Part>,
    /// What a user should know.
    pub notes: Vec<String>,
}

impl Part {
    /// The bytes of its rows for a model that takes such; messages name `path`.
    pub fn bytes_for(
        self,
        path: &Path,
        reading: &Reading,
        shape: &Shape,
    ) -> Result<Vec<u8>, SourceError> {
        let refuse = |fault: String| SourceError::content(path, fault);
        let range = self.values.range;
        if !shape.is_features() {
            return Ok(self.values.scaled(range.factor(reading.max_value).map_err(refuse)?));
        }
        let scale = reading.factor.unwrap_or(1.0);
        match range.signed(scale, Some(shape)).map_err(refuse)? {
            true => Ok(self.values.wide(scale)),
            false => Ok(self.values.scaled(scale)),
        }
    }
}

impl Parts {
    /// Makes a data set of them; messages name `root`.
    pub fn loaded(
        self,
        root: &Path,
        name: &str,
        request: &Request<'_>,
    ) -> Result<Loaded, SourceError> {
        let refuse = |fault: String| SourceError::content(root, fault);
        let Self { kind, labels, numbered, train, test, mut notes } = self;
        let (classes, numbers) =
            labels.classes(request.classes.as_deref(), numbered).map_err(refuse)?;
        let mut range = Range::default();
        let parts = [&train, &test].map(Option::as_ref);
        for part in parts.into_iter().flatten() {
            range = range.join(part.values.range);
        }
        let rows = match parts.map(|part| part.map(|part| part.rows)) {
            [Some(train), Some(test)] if train != test => {
                return Err(refuse(format!(
                    "has {train} to train on, but {test} to test on: expected one size"
                )));
            }
            [train, test] => train.or(test).unwrap_or(Rows::Images([0; 2])),
        };
        let numbered =
            |labels: Vec<u16>| labels.iter().map(|&id| numbers[usize::from(id)]).collect();
        let (mut shape, scaling) = match rows.check().map_err(refuse)? {
            Rows::Images([width, height]) => {
                let factor = range.factor(request.reading.max_value).map_err(refuse)?;
                (Shape::Image { width, height }, factor)
            }
            Rows::Features(count) => {
                if let Some(flag) = request.reading.of_images() {
                    return Err(refuse(format!(
                        "has {count} features, but {flag} is for images: leave it out"
                    )));
                }
                let scale = request.reading.factor.unwrap_or(1.0);
                let signed = range.signed(scale, request.shape.as_ref()).map_err(refuse)?;
                (Shape::Features { count, signed, ranges: Vec::new() }, scale)
            }
        };
        let images = |Part { values, labels, .. }: Part| Images {
            shape: shape.clone(),
            pixels: match shape {
                Shape::Features { signed: true, .. } => values.wide(scaling),
                _ => values.scaled(scaling),
            },
            labels: numbered(labels),
        };
        let (train, test) = (train.map(images), test.map(images));
        if train.iter().chain(&test).any(|part| part.len() > MOST_IMAGES) {
            let most = grouped(MOST_IMAGES);
            return Err(refuse(format!("holds over {most} images of a part: split it")));
        }
        let (train, test) = match (train, test) {
            (Some(all), None) => {
                let (split, train, test) = held_out(&all, request.reading.split())?;
                notes.push(split);
                (train, test)
            }
            (train, test) => {
                let none = || Images { shape: shape.clone(), ..Images::default() };
                (train.unwrap_or_else(none), test.unwrap_or_else(none))
            }
        };
        let (mut train, mut test) = (train, test);
        if let Shape::Features { count, ranges, .. } = &mut shape {
            *ranges = match &request.shape {
                Some(Shape::Features { count: expected, ranges, .. }) if expected == count => {
                    ranges.clone()
                }
                _ => {
                    let values = train.iter().map(|(row, _)| train.shape.values(row));
                    shape::ranges(values, *count, request.reading.one_range)
                }
            };
            (train.shape, test.shape) = (shape.clone(), shape);
        }
        if test.is_empty() {
            return Err(refuse(format!(
                "has too few images of each class to hold some out to test on, {} in all: add \
                 images, or give a greater --split",
                train.len()
            )));
        }
        let data = Dataset { name: name.to_owned(), classes, train, test };
        Ok(Loaded { data, kind, notes })
    }
}

/// Holds a fraction of the images of each class out to test on, given in ten thousandths: of a fifth,
/// every fifth image of a class, in their order. Says so.
fn held_out(all: &Images, fraction: u64) -> Result<(String, Images, Images), SourceError> {
    const WHOLE: u64 = 10_000;
    let mut seen = [0_u64; 256];
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (index, &label) in all.labels.iter().enumerate() {
        let seen = &mut seen[usize::from(label)];
        let is_test = (*seen + 1) * fraction / WHOLE > *seen * fraction / WHOLE;
        *seen += 1;
        if is_test { &mut test } else { &mut train }.push(index as u32);
    }
    let note = format!(
        "no images to test on are given: {} of {} are held out for it (--split {})",
        grouped(test.len()),
        grouped(all.len()),
        fraction as f64 / WHOLE as f64
    );
    Ok((note, all.chosen(&train), all.chosen(&test)))
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
    fn every_fifth_image_of_a_class_is_held_out() {
        let labels: Vec<u8> = (0..20).map(|index| index % 2).collect();
        let all = Images { shape: Shape::square(1), pixels: (0..20).collect(), labels };
        let (_, train, test) = held_out(&all, 2_000).unwrap();
        assert_eq!((test.pixels, train.len()), (vec![8, 9, 18, 19], 16));
        assert_eq!(held_out(&all, 10_000).unwrap().2.len(), 20);
    }
}
