//! Blobs in memory and in files.

use std::path::{Path, PathBuf};

use inkbit_core::blob::{MAGIC, PREFIX_BYTES, VERSION, stated_length};
use inkbit_core::{MAX_LAYERS, MAX_WIDTH, Model, ModelError, PackError, Provenance};

use crate::support::files::{self, FileError};
use crate::support::limit;
use crate::support::replace::{Kind, ReplaceError};
use crate::support::visible;

/// A model of any version: its mark, a version up to this one, and the length of the whole file.
pub(crate) const MODEL_KIND: Kind = Kind::known("an Inkbit model", MAX_FILE, |file| {
    let Some((prefix, _)) = file.split_first_chunk::<PREFIX_BYTES>() else { return false };
    let &[a, b, c, d, e, f, v0, v1, l0, l1, l2, l3] = prefix;
    let version = u16::from_le_bytes([v0, v1]);
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    [a, b, c, d, e, f] == MAGIC && (1..=VERSION).contains(&version) && length == file.len()
});

/// The longest file that is looked at for that.
const MAX_FILE: usize = 64 << 20;

/// The bytes of a blob, aligned as [`Model::parse`] requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    words: Vec<u64>,
    length: usize,
    /// The version of the format that its file was in.
    version: u16,
}

/// A model file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ModelFileError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// The file says that it is longer than any model.
    #[error(
        "{} says that it has {found} bytes, the limit is {limit}: it is no model that a device \
             could have; get it again",
        visible::path(path)
    )]
    TooLong { path: PathBuf, found: u64, limit: u64 },
    /// The content is not a valid model.
    #[error("{}", visible::path(path))]
    Format { path: PathBuf, source: ModelError },
}

impl Blob {
    /// Copies bytes into aligned memory.
    ///
    /// ```
    /// use inkbit::model::Blob;
    /// let bytes = inkbit::model::builtin::all()[0].bytes().to_vec(); // at any address
    /// let blob = Blob::from_bytes(&bytes);
    /// assert_eq!(blob.model()?.classes(), 10);
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, length: bytes.len(), version: VERSION }
    }

    /// Serializes a model.
    pub fn from_model(model: &Model<'_>) -> Result<Self, PackError> {
        let mut bytes = vec![0; model.max_blob_bytes()];
        model.write(&mut bytes).map(Self::from_bytes)
    }

    /// Reads a file and checks that it holds a model. One of an older version of the format becomes
    /// the same model in the present one, which is what devices read.
    pub fn load(path: &Path) -> Result<Self, ModelFileError> {
        limit::timed(path, |path| Ok(Self::read(path))).map_err(FileError::at("read", path))?
    }

    fn read(path: &Path) -> Result<Self, ModelFileError> {
        /// As many layers as there may be, of maximum width, and 1 MiB for everything else.
        const LIMIT: u64 = (MAX_LAYERS * MAX_WIDTH * (MAX_WIDTH + 16) + (1 << 20)) as u64;
        /// Bytes after a model that its error can count.
        const REST: u64 = 1 << 16;
        let read = || FileError::at("read", path);
        let format = |source| ModelFileError::Format { path: path.to_owned(), source };
        let file = limit::open(path).map_err(read())?;
        let mut bytes = Vec::new();
        // The prefix decides whether to read on, and no more than a blob: the path may be an endless
        // device.
        limit::up_to(&file, PREFIX_BYTES as u64, &mut bytes).map_err(read())?;
        let stated = stated_length(&bytes).map_err(format)? as u64;
        if stated > LIMIT {
            let path = path.to_owned();
            return Err(ModelFileError::TooLong { path, found: stated, limit: LIMIT });
        }
        limit::up_to(&file, stated + REST, &mut bytes).map_err(read())?;
        let blob = Self::from_bytes(&bytes);
        let version = u16::from_le_bytes([bytes[MAGIC.len()], bytes[MAGIC.len() + 1]]);
        let anew = {
            let model = Model::parse_any(blob.bytes()).map_err(format)?;
            model.header().origin().map_err(format)?;
            let is_old = version != VERSION;
            is_old.then(|| Self::from_model(&model).expect("room for what was read"))
        };
        Ok(anew.map_or(blob, |anew| Self { version, ..anew }))
    }

    /// Writes the file atomically. Refuses to replace a file that is not a model.
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
    pub fn save(&self, path: &Path) -> Result<(), ModelFileError> {
        Ok(MODEL_KIND.write(path, self.bytes())?)
    }

    /// The bytes of the blob.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }

    /// The version of the format that its file was in.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// The CRC-32 at its end, by which a device identifies its model.
    pub fn crc(&self) -> u32 {
        self.bytes().last_chunk().map_or(0, |crc| u32::from_le_bytes(*crc))
    }

    /// Parses the blob.
    pub fn model(&self) -> Result<Model<'_>, ModelError> {
        Model::parse(self.bytes())
    }
}

/// Where a model of a blob that was loaded comes from, as far as that is known.
pub(crate) fn origin<'a>(model: &Model<'a>) -> Provenance<'a> {
    model.header().origin().ok().flatten().unwrap_or(Provenance::UNKNOWN)
}

/// Expands each folder among the paths to the `.inkbit` files in it, sorted by name.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let mut files = files::list(path)?;
        files.retain(|file| file.is_file() && file.extension().is_some_and(|end| end == "inkbit"));
        found.extend(files);
    }
    Ok(found)
}
