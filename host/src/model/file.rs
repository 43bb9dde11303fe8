//! A blob in a file, or on its way into one.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use inkbit_core::blob::{MAGIC, PREFIX_BYTES, stated_length};
use inkbit_core::{MAX_LAYERS, MAX_WIDTH, Model, ModelError, PackError};

use crate::support::files::{self, FileError};

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
    /// A model was to be written over something else.
    #[error(
        "{} exists and is not an Inkbit model; it was not replaced: give another name, or remove it",
        .0.display()
    )]
    Occupied(PathBuf),
    /// The file is not a model.
    #[error("{}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ModelError,
    },
}

impl Blob {
    /// Copies bytes to an aligned place.
    ///
    /// ```
    /// use inkbit::model::Blob;
    /// let bytes = inkbit::model::builtin::all()[0].bytes().to_vec(); // at any address
    /// let blob = Blob::from_bytes(&bytes);
    /// assert_eq!(blob.model()?.classes(), 10);
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
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
    pub fn from_model(model: &Model<'_>) -> Result<Self, PackError> {
        let mut bytes = vec![0; model.max_blob_bytes()];
        model.write(&mut bytes).map(Self::from_bytes)
    }

    /// Reads a file and checks that it is a model.
    ///
    /// # Errors
    ///
    /// [`ModelFileError`].
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        let format = |source| ModelFileError::Format { path: path.to_owned(), source };
        let blob = Self::from_bytes(&read_at_most_a_blob(path)?.map_err(format)?);
        blob.model().map_err(format)?;
        Ok(blob)
    }

    /// Writes the file, whole or not at all. A file that is no model is not replaced.
    ///
    /// ```
    /// use inkbit::model::Blob;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("nano.inkbit");
    /// blob.save(&path)?;
    /// assert_eq!(&Blob::load(&path)?, blob);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ModelFileError::File`] and [`ModelFileError::Occupied`].
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        check_replaceable(path)?;
        Ok(files::write(path, self.bytes())?)
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
    pub fn model(&self) -> Result<Model<'_>, ModelError> {
        Model::parse(self.bytes())
    }
}

/// Refuses to replace a file that is no model of any version.
///
/// # Errors
///
/// [`ModelFileError::Occupied`], and files that cannot be read.
pub fn check_replaceable(path: &Path) -> Result<(), ModelFileError> {
    match files::is_replaceable(path, &MAGIC)? {
        true => Ok(()),
        false => Err(ModelFileError::Occupied(path.to_owned())),
    }
}

/// The models among these paths: files as they are, and of a folder all `.inkbit` in it, by name.
///
/// # Errors
///
/// [`FileError`] if a folder cannot be read.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let read = || FileError::at("read", path);
        let mut models = Vec::new();
        for entry in fs::read_dir(path).map_err(read())? {
            let file = entry.map_err(read())?.path();
            if file.extension().is_some_and(|extension| extension == "inkbit") {
                models.push(file);
            }
        }
        models.sort();
        found.extend(models);
    }
    Ok(found)
}

/// Reads a file if it begins like a blob, and no more of it than a blob can be long: what is given
/// may be a device without an end.
fn read_at_most_a_blob(path: &Path) -> Result<Result<Vec<u8>, ModelError>, FileError> {
    /// Eight layers of the greatest width, and room for the rest.
    const LIMIT: u64 = (MAX_LAYERS * MAX_WIDTH * (MAX_WIDTH + 16) + (1 << 20)) as u64;
    let read = || FileError::at("read", path);
    let mut file = File::open(path).map_err(read())?;
    let mut bytes = Vec::new();
    file.by_ref().take(PREFIX_BYTES as u64).read_to_end(&mut bytes).map_err(read())?;
    if let Err(error) = stated_length(&bytes) {
        return Ok(Err(error));
    }
    file.take(LIMIT).read_to_end(&mut bytes).map_err(read())?;
    Ok(Ok(bytes))
}
