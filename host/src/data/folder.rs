//! A folder of IDX files to train and to test on, named as MNIST's are.

use std::path::{Path, PathBuf};

use super::Dataset;
use super::idx::{self, Idx, IdxError, Kind};
use crate::support::visible;

/// A folder that is no data set.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum FolderError {
    #[error("there is no folder {}: expected one with four IDX files", visible::path(.0))]
    NoFolder(PathBuf),
    /// Each missing file is named by the first of its names.
    #[error("{} has no {}: expected under {} or with .gz at the end", visible::path(folder),
            names.join(", no "), if names.len() == 1 { "this name" } else { "these names" })]
    Missing { folder: PathBuf, names: Vec<String> },
    #[error(transparent)]
    Idx(#[from] IdxError),
    #[error(
        "{} has images of {train} to train on, but of {test} to test on: expected one size",
        visible::path(folder)
    )]
    Shapes { folder: PathBuf, train: String, test: String },
}

/// One of the four files of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// How its name begins.
    pub prefix: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// The four files in the order in which they are read.
pub const FILES: [DataFile; 4] = [
    DataFile { prefix: "train", kind: Kind::Images },
    DataFile { prefix: "train", kind: Kind::Labels },
    DataFile { prefix: "t10k", kind: Kind::Images },
    DataFile { prefix: "t10k", kind: Kind::Labels },
];

impl DataFile {
    /// Its name without `.gz`; MNIST's has the separator `-`, and unpacking tools write a dot.
    pub(super) fn name(self, separator: char) -> String {
        let Self { prefix, kind } = self;
        format!("{prefix}-{kind}{separator}idx{}-ubyte", kind.dimensions())
    }

    /// All names that it may have, in the order in which they are looked for.
    pub(super) fn names(self) -> impl Iterator<Item = String> {
        let names = move |separator| [self.name(separator) + ".gz", self.name(separator)];
        ['-', '.'].into_iter().flat_map(names)
    }

    /// The path of this file in a folder, under any of its names.
    fn find(self, folder: &Path) -> Option<PathBuf> {
        self.names().map(|name| folder.join(name)).find(|path| path.is_file())
    }
}

/// The content of the four files of a data set.
#[derive(Debug)]
pub struct Files {
    /// The folder, or the ZIP, that has them.
    pub(super) folder: PathBuf,
    /// The path of each of [`FILES`].
    pub paths: [PathBuf; 4],
    /// The content of each of [`FILES`].
    pub contents: [Idx; 4],
}

impl Files {
    /// Finds and reads the files in a folder.
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        if !folder.is_dir() {
            return Err(FolderError::NoFolder(folder.to_owned()));
        }
        let found = FILES.map(|file| file.find(folder));
        let missing = FILES.iter().zip(&found).filter(|(_, path)| path.is_none());
        let names: Vec<String> = missing.map(|(file, _)| file.name('-')).collect();
        if !names.is_empty() {
            return Err(FolderError::Missing { folder: folder.to_owned(), names });
        }
        let paths = found.map(Option::unwrap_or_default);
        let read = |index: usize| Idx::read(&paths[index], FILES[index].kind);
        let contents = [read(0)?, read(1)?, read(2)?, read(3)?];
        Ok(Self { folder: folder.to_owned(), paths, contents })
    }

    /// Joins images and labels; the classes are numbered from 0 to the greatest label.
    pub fn dataset(self, name: &str) -> Result<Dataset, FolderError> {
        let [train_images, train_labels, test_images, test_labels] = &self.paths;
        let [images, labels, more_images, more_labels] = self.contents;
        let train = idx::pair((train_images, images), (train_labels, labels))?;
        let test = idx::pair((test_images, more_images), (test_labels, more_labels))?;
        if train.shape != test.shape {
            let [train, test] = [train.shape, test.shape].map(|shape| shape.to_string());
            return Err(FolderError::Shapes { folder: self.folder, train, test });
        }
        let greatest = train.labels.iter().chain(&test.labels).max().copied().unwrap_or_default();
        let classes = (0..=greatest).map(|class| class.to_string()).collect();
        Ok(Dataset { name: name.to_owned(), classes, train, test })
    }
}
