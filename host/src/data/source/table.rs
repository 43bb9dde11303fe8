//! A table whose rows a model classifies, with or without labels.

use std::path::Path;

use super::csv;
use super::rows::Rows;
use super::{Reading, SourceError};
use crate::data::{Images, Shape};

/// The rows of a table for a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The bytes of all samples, one after another.
    pub samples: Vec<u8>,
    /// The label of each, if the table has them.
    pub truths: Option<Vec<String>>,
}

/// Reads a table whose rows a model takes: its pixels or features, and a column of labels if there is one
/// more, which are those of the model's `classes`.
///
/// # Errors
///
/// If it cannot be read, or its rows or labels are others.
pub fn table(
    path: &Path,
    reading: &Reading,
    shape: &Shape,
    classes: &[String],
) -> Result<Table, SourceError> {
    let rows = match *shape {
        Shape::Image { width, height } => Rows::Images([width, height]),
        Shape::Features { count, .. } => Rows::Features(count),
    };
    let (part, labels) = csv::rows(path, reading, rows)?;
    let refuse = |fault: String| SourceError::content(path, fault);
    let (classes, numbers) = labels.classes(Some(classes), true).map_err(refuse)?;
    let truth = |&label: &u16| classes[usize::from(numbers[usize::from(label)])].clone();
    let truths: Vec<String> = part.labels.iter().map(truth).collect();
    let truths = (!truths.is_empty()).then_some(truths);
    let pixels = part.bytes_for(path, reading, shape)?;
    let labels = vec![0; pixels.len() / shape.bytes().max(1)];
    let found = match *shape {
        Shape::Image { width, height } if reading.transpose => {
            Shape::Image { width: height, height: width }
        }
        _ => shape.clone(),
    };
    let mut images = Images { shape: found, pixels, labels };
    reading.turn(&mut images);
    Ok(Table { samples: images.pixels, truths })
}
