//! Labelled images: from files, downloaded, or drawn by the project itself.

pub mod archive;
pub mod augment;
pub mod check;
pub mod download;
pub mod folder;
pub mod gestures;
pub mod idx;
pub mod import;
pub(crate) mod labels;
pub mod layout;
mod mix;
pub mod mnist;
pub mod picture;
pub mod shape;
pub(crate) mod shrink;
pub mod source;
pub mod synthetic;

use std::path::Path;

use sha2::{Digest, Sha256};

use self::archive::ArchiveError;
use self::folder::{Files, FolderError};
use self::mix::MixError;
use self::mnist::MnistError;
pub use self::shape::Shape;
use self::source::{Loaded, Request, SourceError};
use crate::support::visible;

/// Labelled images of 8-bit pixels, 0 for background and 255 for foreground; or features, which are
/// meant wherever images are spoken of, too. What takes images panics if `pixels` has another length than
/// is said below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// What an image is.
    pub shape: Shape,
    /// The bytes of all images, one after another: [`Shape::bytes`] of each.
    pub pixels: Vec<u8>,
    /// The class of each image.
    pub labels: Vec<u8>,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, row by row.
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.shape.bytes();
        &self.pixels[index * size..(index + 1) * size]
    }

    /// Copies the images with these numbers.
    pub fn chosen(&self, indices: &[u32]) -> Self {
        let pixels = indices.iter().flat_map(|&index| self.image(index as usize)).copied();
        let labels = indices.iter().map(|&index| self.labels[index as usize]);
        Self { shape: self.shape.clone(), pixels: pixels.collect(), labels: labels.collect() }
    }

    /// Keeps the first `count` images.
    pub fn truncate(&mut self, count: usize) {
        self.labels.truncate(count);
        self.pixels.truncate(self.len() * self.shape.bytes());
    }

    /// Images with their classes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], usize)> {
        (0..self.len()).map(|index| (self.image(index), usize::from(self.labels[index])))
    }
}

/// A classification task: images to train and to test on, and the labels of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// `mnist`, `synthetic`, `strangers`, the name of its folder or ZIP, or a mixture of such names.
    pub name: String,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// Images to train on and to select checkpoints by.
    pub train: Images,
    /// Images for the final accuracy, never for a selection.
    pub test: Images,
}

impl Dataset {
    /// How many of the training images are of the source of the test images. In a mixture they come
    /// first.
    pub fn of_first_source(&self) -> usize {
        (self.train.len() as f64 * mix::left(&self.name)).round() as usize
    }

    /// SHA-256 over shape, classes, bytes and labels of both parts, whatever the source. Classes are
    /// hashed by number: their labels are presentation. So are the ranges of features.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for class in 0..self.classes.len() {
            let label = class.to_string();
            hash.update((label.len() as u64).to_le_bytes());
            hash.update(label);
        }
        for images in [&self.train, &self.test] {
            images.shape.hash_into(&mut hash);
            hash.update((images.len() as u64).to_le_bytes());
            hash.update(&images.pixels);
            hash.update(&images.labels);
        }
        hash.finalize().into()
    }
}

/// Images that `synthetic` draws to train and to test on: as many as MNIST has.
const SYNTHETIC_IMAGES: (usize, usize) = (60_000, 10_000);
/// The seed of `synthetic`: always the same, so that models can be compared.
const SYNTHETIC_SEED: u64 = 1;

/// The sources that need no path.
pub const BUILT_IN: [&str; 3] = ["mnist", "synthetic", "strangers"];

/// Why a data set cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum DataError {
    #[error(
        "{flag} is only for --data mnist, but --data is `{}`: leave it out",
        visible::line(name)
    )]
    OnlyMnist { flag: &'static str, name: String },
    #[error(
        "there are no data `{}`: expected `mnist`, `synthetic`, `strangers`, a folder, ZIP or file of \
         images, or a mixture such as mnist+synthetic:0.2",
        visible::line(name)
    )]
    Unknown { name: String },
    #[error(transparent)]
    Mnist(#[from] MnistError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Mix(#[from] MixError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl DataError {
    /// Whether MNIST was neither found nor could be downloaded; every other error is a mistake that
    /// falling back on other data would hide.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Mnist(MnistError::Unavailable(_)))
    }

    /// Whether the command line is wrong, and not the data.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::OnlyMnist { .. }
                | Self::Mnist(MnistError::Mirror(_))
                | Self::Mix(
                    MixError::Fraction(_)
                        | MixError::Sum(_)
                        | MixError::Many(_)
                        | MixError::Twice(_)
                )
        )
    }
}

/// [`load`] of what a [`Request`] says more about, with what its user should know.
///
/// # Errors
///
/// [`DataError`].
pub fn load_as(
    name: &str,
    data_dir: Option<&Path>,
    mirror: Option<&str>,
    request: &Request<'_>,
) -> Result<Loaded, DataError> {
    if !Path::new(name).exists()
        && let Some(first) = mix::first(name)
    {
        mix::others(name)?;
        let first = load_part(first, data_dir, mirror, request)?;
        return mixed(name, first, request);
    }
    let is_named = BUILT_IN.contains(&name);
    let known = match is_named || data_dir.is_some() || mirror.is_some() {
        true => None,
        false => source::read(Path::new(name), name, request)?,
    };
    let mut loaded = match known {
        Some(loaded) => loaded,
        None => {
            let mut data = load_one(name, data_dir, mirror)?;
            request.reading.scale(&mut data)?;
            let kind = if is_named { "built in" } else { "IDX" };
            Loaded { data, kind, notes: Vec::new() }
        }
    };
    let shape = &loaded.data.train.shape;
    if let (false, Some(flag)) = (shape.is_features(), request.reading.of_features()) {
        let fault = format!(
            "has images of {shape}, but {flag} is for features, the numbers of a CSV or of NumPy's arrays: \
             leave it out"
        );
        return Err(SourceError::content(Path::new(name), fault).into());
    }
    for images in [&mut loaded.data.train, &mut loaded.data.test] {
        request.reading.turn(images);
    }
    Ok(loaded)
}

/// Loads `mnist`, `synthetic` (see [`synthetic::dataset`]), `strangers` (see
/// [`synthetic::strangers`]), a mixture of sources with their fractions of the training images, such as
/// `mnist+synthetic:0.2`, or else a folder or ZIP of IDX files. For `mnist`, `data_dir` is the folder
/// that must have it and `mirror` the address to download it from, instead of the usual places; it
/// is downloaded if need be, with a progress bar on a terminal.
pub fn load(
    name: &str,
    data_dir: Option<&Path>,
    mirror: Option<&str>,
) -> Result<Dataset, DataError> {
    Ok(load_as(name, data_dir, mirror, &Request::default())?.data)
}

/// Loads a source that is built in, or four IDX files.
fn load_one(
    name: &str,
    data_dir: Option<&Path>,
    mirror: Option<&str>,
) -> Result<Dataset, DataError> {
    if name == "mnist" {
        return Ok(mnist::load(data_dir, mirror)?);
    }
    for (flag, given) in [("--data-dir", data_dir.is_some()), ("--mirror", mirror.is_some())] {
        if given {
            return Err(DataError::OnlyMnist { flag, name: name.to_owned() });
        }
    }
    if name == "synthetic" {
        let (train, test) = SYNTHETIC_IMAGES;
        return Ok(synthetic::dataset(train, test, SYNTHETIC_SEED));
    }
    if name == "strangers" {
        let (train, test) = SYNTHETIC_IMAGES;
        return Ok(synthetic::strangers(train, test));
    }
    let path = Path::new(name);
    if path.is_dir() {
        Ok(Files::read(path)?.dataset(name)?)
    } else if path.exists() {
        Ok(archive::read(path, name)?)
    } else {
        Err(DataError::Unknown { name: name.to_owned() })
    }
}

/// Loads a source of a mixture. The request applies to sources that have a path, not to built-in ones.
fn load_part(
    name: &str,
    data_dir: Option<&Path>,
    mirror: Option<&str>,
    request: &Request<'_>,
) -> Result<Loaded, DataError> {
    match BUILT_IN.contains(&name) {
        true => load_as(name, data_dir, mirror, &Request::default()),
        false => load_as(name, data_dir, mirror, request),
    }
}

/// Mixes other sources into the training images of the first, which has been loaded: `name` is that
/// of the mixture, such as `mnist+synthetic:0.2`.
fn mixed(name: &str, first: Loaded, request: &Request<'_>) -> Result<Loaded, DataError> {
    let Loaded { data, mut notes, .. } = first;
    // The others are read as what the first has.
    let (shape, reading) = (Some(data.train.shape.clone()), request.reading.clone());
    let classes = request.classes.clone();
    let request = &Request { shape, reading, classes, ..*request };
    let others = mix::others(name)?.into_iter().map(|other| {
        let loaded = load_part(other.name, None, None, request)?;
        Ok::<_, DataError>((other, loaded))
    });
    let data = mix::mix(name, data, others, &mut notes)?;
    Ok(Loaded { data, kind: "a mixture", notes })
}
