//! A folder with IDX files to train on and to test on, named as MNIST's are.

use std::path::{Path, PathBuf};

use super::Dataset;
use super::idx::{self, Idx, IdxError, Kind};

/// Why a folder is no data set.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder.
    #[error("there is no folder {}: expected one with four IDX files", path.display())]
    NoFolder {
        /// What was given.
        path: PathBuf,
    },
    /// Some of the four files are not there.
    #[error("{} has no {}: expected under {} or with .gz at the end", folder.display(),
            names.join(", no "), if names.len() == 1 { "this name" } else { "these names" })]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// What is missing, each by the first of its names.
        names: Vec<String>,
    },
    /// One of them is no use.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// Images to train on and to test on of different sizes.
    #[error("{} has images of {train}×{train} pixels to train on, but of {test}×{test} to test \
             on: expected one size", folder.display())]
    Sides {
        /// The folder.
        folder: PathBuf,
        /// Edge of the images to train on.
        train: usize,
        /// Edge of the images to test on.
        test: usize,
    },
}

/// One of the four files of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How its name begins.
    pub prefix: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// The four, in the order in which they are read.
pub const PARTS: [Part; 4] = [
    Part { prefix: "train", kind: Kind::Images },
    Part { prefix: "train", kind: Kind::Labels },
    Part { prefix: "t10k", kind: Kind::Images },
    Part { prefix: "t10k", kind: Kind::Labels },
];

impl Part {
    /// Its usual name, without `.gz`.
    #[must_use]
    pub fn name(self) -> String {
        self.joined('-')
    }

    fn joined(self, separator: char) -> String {
        let Self { prefix, kind } = self;
        let dimensions = kind.dimensions();
        format!("{prefix}-{kind}{separator}idx{dimensions}-ubyte")
    }

    /// Where it is in a folder, under whichever of its names.
    #[must_use]
    pub fn find(self, folder: &Path) -> Option<PathBuf> {
        [self.joined('-'), self.joined('.')]
            .into_iter()
            .flat_map(|name| [format!("{name}.gz"), name])
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
    }
}

/// The four files of a data set, read whole.
#[derive(Debug)]
pub struct Files {
    /// Their folder.
    pub folder: PathBuf,
    /// Where each of [`PARTS`] is.
    pub paths: [PathBuf; 4],
    /// And what it holds.
    pub contents: [Idx; 4],
}

impl Files {
    /// Finds and reads the files in a folder.
    ///
    /// # Errors
    ///
    /// [`FolderError`], of all kinds but [`FolderError::Sides`].
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        if !folder.is_dir() {
            return Err(FolderError::NoFolder { path: folder.to_owned() });
        }
        let found = PARTS.map(|part| part.find(folder));
        let missing = PARTS.iter().zip(&found).filter(|(_, path)| path.is_none());
        let names: Vec<String> = missing.map(|(part, _)| part.name()).collect();
        if !names.is_empty() {
            return Err(FolderError::Missing { folder: folder.to_owned(), names });
        }
        let paths = found.map(Option::unwrap_or_default);
        let read = |index: usize| Idx::read(&paths[index], PARTS[index].kind);
        let contents = [read(0)?, read(1)?, read(2)?, read(3)?];
        Ok(Self { folder: folder.to_owned(), paths, contents })
    }

    /// Joins images and labels; the classes are numbered from 0 to the greatest label.
    ///
    /// # Errors
    ///
    /// [`FolderError::Sides`], and [`FolderError::Idx`] for what does not belong together.
    pub fn dataset(self, name: &str) -> Result<Dataset, FolderError> {
        let [train_images, train_labels, test_images, test_labels] = &self.paths;
        let [images, labels, more_images, more_labels] = self.contents;
        let train = idx::pair((train_images, images), (train_labels, labels))?;
        let test = idx::pair((test_images, more_images), (test_labels, more_labels))?;
        if train.side != test.side {
            let (train, test) = (train.side, test.side);
            return Err(FolderError::Sides { folder: self.folder, train, test });
        }
        let greatest = train.labels.iter().chain(&test.labels).max().copied().unwrap_or_default();
        let classes = (0..=greatest).map(|class| class.to_string()).collect();
        Ok(Dataset { name: name.to_owned(), classes, train, test })
    }
}
