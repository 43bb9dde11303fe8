//! NumPy's arrays by their names: in an NPZ, which is a ZIP of them, or in a folder.

use super::classes::Labels;
use super::npy::{self, Array};
use super::parts::{Part, Parts};
use super::rows::Rows;
use super::tree::{Member, Tree};
use super::values::Values;
use super::{Reading, SourceError};
use crate::support::visible;

const TRAIN: [&[&str]; 2] = [
    &["x_train", "train_x", "train_images", "images_train", "train_data"],
    &["y_train", "train_y", "train_labels", "labels_train", "train_label"],
];
const TEST: [&[&str]; 2] = [
    &["x_test", "test_x", "test_images", "images_test", "test_data"],
    &["y_test", "test_y", "test_labels", "labels_test", "test_label"],
];
const ALL: [&[&str]; 2] =
    [&["x", "images", "image", "data"], &["y", "labels", "label", "target", "targets"]];

/// Whether a file's name is that of an array.
pub(super) fn is_name(name: &str) -> bool {
    name.ends_with(".npy") || name.ends_with(".npy.gz")
}

/// The name of an array.
fn key(file: &Member) -> String {
    let name = file.name().trim_end_matches(".gz").trim_end_matches(".npy");
    name.to_ascii_lowercase().replace('-', "_")
}

/// Reads the arrays of a tree.
pub(super) fn read(tree: &Tree, reading: &Reading) -> Result<Parts, SourceError> {
    let mut files: Vec<&Member> = tree.files.iter().filter(|file| is_name(file.name())).collect();
    let kind = if tree.is_zip() { "NPZ" } else { "NPY files" };
    let mut parts = Parts { kind, numbered: true, ..Parts::default() };
    let names: Vec<String> = files
        .iter()
        .take(9)
        .map(|file| visible::line(file.name().trim_end_matches(".npy")))
        .collect();
    let names = names.join(", ");
    let mut part = |names: [&[&str]; 2], labels: &mut Labels| {
        let mut take = |names: &[&str]| {
            let is = |file: &&Member| names.contains(&&*key(file));
            files.iter().position(is).map(|place| files.remove(place))
        };
        match names.map(&mut take) {
            [Some(images), Some(classes)] => pair(tree, images, classes, labels, reading).map(Some),
            [None, None] => Ok(None),
            [Some(alone), None] | [None, Some(alone)] => Err(SourceError::content(
                &alone.path,
                format!(
                    "has no array beside it with {}",
                    match names[0].contains(&&*key(alone)) {
                        true => format!("its labels, such as {}", names[1][0]),
                        false => format!("its images, such as {}", names[0][0]),
                    }
                ),
            )),
        }
    };
    parts.train = part(TRAIN, &mut parts.labels)?;
    parts.test = part(TEST, &mut parts.labels)?;
    if parts.train.is_none() && parts.test.is_none() {
        parts.train = part(ALL, &mut parts.labels)?;
    }
    if parts.train.is_none() && parts.test.is_none() {
        let fault = format!(
            "has the arrays {names}, expected x_train, y_train, x_test and y_test, or x and y: \
             save them under these names"
        );
        return Err(SourceError::content(&tree.root, fault));
    }
    parts.notes.extend(
        files.iter().take(5).map(|file| format!("{} is not used", visible::path(&file.path))),
    );
    Ok(parts)
}

fn array(tree: &Tree, file: &Member) -> Result<Array, SourceError> {
    let content = tree.unpacked(file, npy::MOST)?;
    Array::parse(content).map_err(|fault| SourceError::content(&file.path, fault))
}

/// Images and their labels.
fn pair(
    tree: &Tree,
    images: &Member,
    classes: &Member,
    labels: &mut Labels,
    reading: &Reading,
) -> Result<Part, SourceError> {
    let found = array(tree, classes)?;
    let refuse = |fault: String| SourceError::content(&classes.path, fault);
    let ids = ids(&found, labels).map_err(refuse)?;
    let found = array(tree, images)?;
    let refuse = |fault: String| SourceError::content(&images.path, fault);
    let rows = rows(&found.shape, reading).map_err(refuse)?;
    let count = found.shape[0];
    if count != ids.len() {
        return Err(refuse(format!(
            "has {count} images, but {} has {} labels: expected as many; do they belong together?",
            visible::path(&classes.path),
            ids.len()
        )));
    }
    if count == 0 {
        return Err(refuse("has no images".to_owned()));
    }
    Ok(Part { rows, values: Values::of_array(found).map_err(refuse)?, labels: ids })
}

/// What an array of this shape holds.
fn rows(shape: &[usize], reading: &Reading) -> Result<Rows, String> {
    let product = |lengths: &[usize]| {
        lengths.iter().try_fold(1, |count: usize, &length| count.checked_mul(length))
    };
    if let (true, [_, row @ ..]) = (reading.features, shape) {
        return Rows::Features(product(row).unwrap_or(usize::MAX)).check();
    }
    let rows = match (shape, reading.size) {
        (&[_, height, width] | &[_, height, width, 1] | &[_, 1, height, width], _) => {
            Rows::Images([width, height])
        }
        (&[_, pixels], Some(size)) if size.map(usize::from).iter().product::<usize>() == pixels => {
            Rows::Images(size.map(usize::from))
        }
        (&[_, count], None) => Rows::squares(count).unwrap_or(Rows::Features(count)),
        _ => {
            let shown: Vec<String> = shape.iter().map(ToString::to_string).collect();
            let colours = if matches!(shape, [_, _, _, 3 | 4] | [_, 3 | 4, _, _]) {
                "; make colours grey first, for instance with mean(axis=-1)"
            } else {
                ""
            };
            return Err(format!(
                "has the shape ({}), expected (n, h, w), (n, h, w, 1), (n, 1, h, w), (n, h*w), or \
                 (n, features){colours}",
                shown.join(", ")
            ));
        }
    };
    rows.check()
}

/// The labels of an array: integers, or rows with a one at the class.
fn ids(array: &Array, labels: &mut Labels) -> Result<Vec<u16>, String> {
    let rows = array.shape.first().copied().unwrap_or_default();
    let columns = match array.shape[..] {
        [_] | [_, 1] => 1,
        [_, columns] if columns >= 2 => columns,
        _ => {
            let count = array.shape.len();
            return Err(format!(
                "has {count} dimensions, expected a label for each image, or one-hot rows"
            ));
        }
    };
    let mut ids = Vec::new();
    for row in 0..rows {
        let label = if columns == 1 {
            array.value(row)
        } else {
            let ones = (0..columns).filter(|column| array.value(row * columns + column) != 0.0);
            match ones.collect::<Vec<_>>()[..] {
                [one] if array.value(row * columns + one) == 1.0 => one as f64,
                _ => {
                    return Err(format!(
                        "has {columns} values in row {row} that are not one-hot: expected a 1 at \
                         the class and else zeros"
                    ));
                }
            }
        };
        if label.fract() != 0.0 || !label.is_finite() {
            return Err(format!("has the label {label}, expected integers"));
        }
        ids.push(labels.id(&label.to_string())?);
    }
    Ok(ids)
}
