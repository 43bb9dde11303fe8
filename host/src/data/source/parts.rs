//! What a source has, made into a data set: values become bytes, labels become classes, and
//! images are held out to test on where there are none.

use std::path::Path;

use super::classes::Labels;
use super::rows::Rows;
use super::values::{Range, Values};
use super::{Loaded, Reading, Request, SourceError};
use crate::data::{Dataset, Images, Shape, shape};
use crate::support::numbers::grouped;

/// The most images of a part, as of an IDX file.
const MOST_IMAGES: usize = 1 << 22;

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
        let coding = self.values.range.coding(self.rows, reading, Some(shape));
        let coding = coding.map_err(|fault| SourceError::content(path, fault))?;
        Ok(self.values.coded(coding))
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
        let rows = rows.check().map_err(refuse)?;
        if let (Rows::Features(count), Some(flag)) = (rows, request.reading.of_images()) {
            return Err(refuse(format!(
                "has {count} features, but {flag} is for images: leave it out"
            )));
        }
        let coding =
            range.coding(rows, &request.reading, request.shape.as_ref()).map_err(refuse)?;
        let mut shape = match rows {
            Rows::Images([width, height]) => Shape::Image { width, height },
            Rows::Features(count) => {
                Shape::Features { count, signed: coding.is_signed, ranges: Vec::new() }
            }
        };
        let images = |Part { values, labels, .. }: Part| Images {
            shape: shape.clone(),
            pixels: values.coded(coding),
            labels: numbered(labels),
        };
        let (train, test) = (train.map(images), test.map(images));
        if train.iter().chain(&test).any(|part| part.len() > MOST_IMAGES) {
            let most = grouped(MOST_IMAGES);
            return Err(refuse(format!("holds over {most} images of a part: split it")));
        }
        let (mut train, mut test) = match (train, test) {
            (Some(all), None) => {
                let (split, train, test) = held_out(all, request.reading.split());
                notes.push(split);
                (train, test)
            }
            (train, test) => {
                let none = || Images { shape: shape.clone(), ..Images::default() };
                (train.unwrap_or_else(none), test.unwrap_or_else(none))
            }
        };
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
/// every fifth image of a class, in their order. Says so. What is left is moved together in place: a copy
/// would take as much memory again.
fn held_out(mut all: Images, fraction: u64) -> (String, Images, Images) {
    const WHOLE: u64 = 10_000;
    let mut seen = [0_u64; 256];
    let mut is_test = |label: u8| {
        let seen = &mut seen[usize::from(label)];
        *seen += 1;
        *seen * fraction / WHOLE > (*seen - 1) * fraction / WHOLE
    };
    let (count, size) = (all.len(), all.shape.bytes());
    let numbers = all.labels.iter().zip(0..).filter(|&(&label, _)| is_test(label));
    let test: Vec<u32> = numbers.map(|(_, number)| number).collect();
    let held = all.chosen(&test);
    let (mut test, mut kept) = (test.into_iter().peekable(), 0);
    for index in 0..count {
        if test.next_if_eq(&(index as u32)).is_none() {
            all.labels[kept] = all.labels[index];
            all.pixels.copy_within(index * size..(index + 1) * size, kept * size);
            kept += 1;
        }
    }
    all.truncate(kept);
    all.pixels.shrink_to_fit();
    let note = format!(
        "no images to test on are given: {} of {} are held out for it (--split {})",
        grouped(held.len()),
        grouped(count),
        fraction as f64 / WHOLE as f64
    );
    (note, all, held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fifth_image_of_a_class_is_held_out() {
        let labels: Vec<u8> = (0..20).map(|index| index % 2).collect();
        let all = Images { shape: Shape::square(1), pixels: (0..20).collect(), labels };
        let (_, train, test) = held_out(all.clone(), 2_000);
        assert_eq!((test.pixels, test.labels), (vec![8, 9, 18, 19], vec![0, 1, 0, 1]));
        let rest: Vec<u8> = (0..8).chain(10..18).collect();
        let labels = rest.iter().map(|index| index % 2).collect();
        assert_eq!((train.pixels, train.labels), (rest, labels));
        assert_eq!(held_out(all, 10_000).2.len(), 20);
    }
}
