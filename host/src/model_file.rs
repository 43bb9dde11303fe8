//! A blob in a file, or on its way into one.

use std::path::{Path, PathBuf};

use inkbit_core::{Error, Model};

use crate::files::{self, FileError};

/// The bytes of a blob, on the boundary that [`Model::parse`] wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    words: Vec<u64>,
    length: usize,
}

/// A file that is not a model that can be run.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a model.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Error,
    },
}

impl Blob {
    /// Copies bytes to an aligned place.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len() }
    }

    /// Writes a model.
    ///
    /// # Errors
    ///
    /// Those of [`Model::write`].
    pub fn from_model(model: &Model<'_>) -> Result<Self, Error> {
        let mut bytes = vec![0; model.max_blob_bytes()];
        model.write(&mut bytes).map(Self::from_bytes)
    }

    /// Reads a file and checks that it is a model.
    ///
    /// # Errors
    ///
    /// [`ModelFileError`].
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        let blob = Self::from_bytes(&files::read(path)?);
        let checked = blob.model().map(|_| ());
        checked.map_err(|source| ModelFileError::Format { path: path.to_owned(), source })?;
        Ok(blob)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        files::write(path, self.bytes())
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// The CRC-32 that closes it, by which a device names its model.
    #[must_use]
    pub fn crc(&self) -> u32 {
        self.bytes().last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc))
    }

    /// The model in it.
    ///
    /// # Errors
    ///
    /// Those of [`Model::parse`].
    pub fn model(&self) -> Result<Model<'_>, Error> {
        Model::parse(self.bytes())
    }
}
