//! IDX files under the names that other data sets give them: EMNIST, QMNIST, torchvision's folders.

use std::collections::BTreeMap;

use super::SourceError;
use super::classes::Labels;
use super::parts::{Part, Parts};
use super::rows::Rows;
use super::tree::{Member, Tree};
use super::values::Values;
use crate::support::visible;

/// The most bytes of a file.
const MOST: u64 = 700 << 20;
/// Sets that a message names.
const NAMED: usize = 12;

/// What a file holds by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    TrainImages,
    TrainLabels,
    TestImages,
    TestLabels,
}

/// The files of each set, by what is before `train` or `test`: folders, and a prefix.
pub(super) type Sets<'t> = BTreeMap<&'t str, BTreeMap<Content, &'t Member>>;

/// The set of a file with this path, and what it is in it.
fn known(within: &str) -> Option<(&str, Content)> {
    let start = within.trim_end_matches(".gz");
    let (rest, kind) = start.rsplit_once("-idx").or_else(|| start.rsplit_once(".idx"))?;
    if !kind.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (rest, is_images) = match rest.strip_suffix("-images") {
        Some(rest) => (rest, true),
        None => (rest.strip_suffix("-labels")?, false),
    };
    let (set, is_train) = match rest.strip_suffix("train") {
        Some(set) => (set, true),
        None => (rest.strip_suffix("t10k").or_else(|| rest.strip_suffix("test"))?, false),
    };
    let content = match (is_train, is_images) {
        (true, true) => Content::TrainImages,
        (true, false) => Content::TrainLabels,
        (false, true) => Content::TestImages,
        (false, false) => Content::TestLabels,
    };
    (set.is_empty() || set.ends_with(['-', '/', '_'])).then_some((set, content))
}

/// Whether a file's name is that of an IDX file.
pub(super) fn is_name(name: &str) -> bool {
    known(name).is_some()
}

/// The sets of a tree. Of a file that is there packed and unpacked, the first is taken.
pub(super) fn sets(tree: &Tree) -> Sets<'_> {
    let mut sets = Sets::new();
    for file in &tree.files {
        if let Some((set, content)) = known(&file.within) {
            sets.entry(set).or_default().entry(content).or_insert(file);
        }
    }
    sets
}

/// Reads the only set of a tree, or the one with this prefix.
pub(super) fn read(tree: &Tree, prefix: Option<&str>) -> Result<Option<Parts>, SourceError> {
    let mut sets = sets(tree);
    if let Some(prefix) = prefix {
        sets.retain(|set, _| set.trim_end_matches(['-', '_']) == prefix);
    }
    let names: Vec<String> = sets
        .keys()
        .take(NAMED)
        .map(|set| tree.root.join(set.trim_end_matches(['-', '_', '/'])))
        .map(|path| visible::path(&path))
        .collect();
    let mut sets = sets.into_iter();
    let (Some((_, files)), None) = (sets.next(), sets.next()) else {
        if names.is_empty() {
            return Ok(None);
        }
        let fault = format!("has several sets, {}: give one of these to --data", names.join(", "));
        return Err(SourceError::content(&tree.root, fault));
    };
    let mut parts = Parts { kind: "IDX", numbered: true, ..Parts::default() };
    let mut part = |images, classes| {
        let found = (files.get(&images), files.get(&classes));
        match found {
            (Some(images), Some(classes)) => {
                pair(tree, images, classes, &mut parts.labels).map(Some)
            }
            (None, None) => Ok(None),
            (Some(alone), None) | (None, Some(alone)) => Err(SourceError::content(
                &alone.path,
                "is alone: images and labels of a part are two files, train-images-idx3-ubyte and \
                 train-labels-idx1-ubyte or the like"
                    .to_owned(),
            )),
        }
    };
    parts.train = part(Content::TrainImages, Content::TrainLabels)?;
    parts.test = part(Content::TestImages, Content::TestLabels)?;
    Ok(Some(parts))
}

/// An IDX file of any integers.
struct Idx {
    sizes: Vec<usize>,
    /// Bytes of a value, and whether it may be negative.
    size: usize,
    is_signed: bool,
    values: Vec<u8>,
}

impl Idx {
    fn parse(mut content: Vec<u8>) -> Result<Self, String> {
        let Some(&[0, 0, kind, dimensions @ 1..=4]) = content.first_chunk() else {
            return Err("is no IDX file: get it again".to_owned());
        };
        let (size, is_signed) = match kind {
            8 => (1, false),
            9 => (1, true),
            0xb => (2, true),
            0xc => (4, true),
            _ => {
                return Err(format!("has values of the type {kind:#04x}, expected integers"));
            }
        };
        let start = 4 + 4 * usize::from(dimensions);
        let Some(sizes) = content.get(4..start) else {
            return Err("is truncated in its header: get it again".to_owned());
        };
        let sizes: Vec<usize> =
            sizes.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
        let bytes = sizes.iter().try_fold(size, |bytes: usize, &length| bytes.checked_mul(length));
        let found = content.len() - start;
        if bytes != Some(found) {
            return Err(format!(
                "has {found} bytes of values, but its header promises {}: get it again",
                bytes.map_or("over 2^64".to_owned(), |bytes| bytes.to_string())
            ));
        }
        content.drain(..start);
        Ok(Self { sizes, size, is_signed, values: content })
    }

    fn value(&self, index: usize) -> i64 {
        let bytes = &self.values[index * self.size..][..self.size];
        let first = if self.is_signed { i64::from(bytes[0] as i8) } else { bytes[0].into() };
        bytes[1..].iter().fold(first, |value, &byte| value << 8 | i64::from(byte))
    }
}

/// Images and their labels. Of labels with several columns, as QMNIST has them, the first counts.
fn pair(
    tree: &Tree,
    images: &Member,
    classes: &Member,
    labels: &mut Labels,
) -> Result<Part, SourceError> {
    let refuse = |fault: String| SourceError::content(&classes.path, fault);
    let found = Idx::parse(tree.unpacked(classes, MOST)?).map_err(refuse)?;
    let columns = match found.sizes[..] {
        [_] => 1,
        [_, columns] if columns >= 1 => columns,
        _ => return Err(refuse("holds no labels: are two files swapped?".to_owned())),
    };
    let rows = found.sizes[0];
    let ids = (0..rows).map(|row| labels.id(&found.value(row * columns).to_string()));
    let ids: Vec<u16> = ids.collect::<Result<_, _>>().map_err(refuse)?;
    let refuse = |fault: String| SourceError::content(&images.path, fault);
    let found = Idx::parse(tree.unpacked(images, MOST)?).map_err(refuse)?;
    let ([count, height, width], 1, false) = (&found.sizes[..], found.size, found.is_signed) else {
        return Err(refuse("holds no images of bytes: are two files swapped?".to_owned()));
    };
    let rows = Rows::Images([*width, *height]).check().map_err(refuse)?;
    if *count != ids.len() || *count == 0 {
        return Err(refuse(format!(
            "has {count} images, but {} has {} labels: expected as many, and at least one",
            visible::path(&classes.path),
            ids.len()
        )));
    }
    Ok(Part { rows, values: Values::of_bytes(found.values), labels: ids })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_data_sets_are_told_apart() {
        let images = Content::TestImages;
        for (within, expected) in [
            (
                "emnist-balanced-train-labels-idx1-ubyte.gz",
                ("emnist-balanced-", Content::TrainLabels),
            ),
            ("qmnist-test-labels-idx2-int.gz", ("qmnist-", Content::TestLabels)),
            ("MNIST/raw/t10k-images-idx3-ubyte", ("MNIST/raw/", images)),
            ("t10k-images.idx3-ubyte", ("", images)),
        ] {
            assert_eq!(known(within), Some(expected));
        }
        for other in ["restrain-images-idx3-ubyte", "train-images", "train.csv", "train-images-idx"]
        {
            assert_eq!(known(other), None, "{other}");
        }
    }

    #[test]
    fn integers_of_every_width_are_read_and_damage_is_refused() {
        let values = |kind: u8, bytes: &[u8], count: u8| {
            let file = [&[0, 0, kind, 1, 0, 0, 0, count], bytes].concat();
            Idx::parse(file)
                .map(|idx| (0..idx.sizes[0]).map(|at| idx.value(at)).collect::<Vec<_>>())
        };
        assert_eq!(values(8, &[200], 1), Ok(vec![200]));
        assert_eq!(values(9, &[255], 1), Ok(vec![-1]));
        assert_eq!(values(0xb, &[1, 2], 1), Ok(vec![258]));
        assert_eq!(values(0xc, &[0, 0, 0, 9, 255, 255, 255, 254], 2), Ok(vec![9, -2]));
        assert!(values(0xd, &[0; 4], 1).unwrap_err().contains("0x0d"));
        assert!(values(8, &[0; 4], 9).unwrap_err().contains("promises 9"));
        let huge = [&[0, 0, 0xc, 4][..], &[255; 16]].concat();
        assert!(Idx::parse(huge).err().unwrap().contains("over 2^64"));
        assert!(Idx::parse(vec![0, 0, 8, 3, 1]).is_err());
    }
}
