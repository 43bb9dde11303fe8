//! Labelled images: from files, from the network, or drawn by the project itself.

pub mod synthetic;

use sha2::{Digest, Sha256};

/// Labelled square images, 8 bits a pixel, 0 for paper and 255 for ink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// Edge of an image in pixels.
    pub side: usize,
    /// All pixels, image after image, row by row: `len() × side × side` of them.
    pub pixels: Vec<u8>,
    /// The class of each image.
    pub labels: Vec<u8>,
}

impl Images {
    /// Number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, row by row.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.side * self.side;
        &self.pixels[index * size..(index + 1) * size]
    }

    /// Images with their classes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], usize)> {
        (0..self.len()).map(|index| (self.image(index), usize::from(self.labels[index])))
    }
}

/// A classification task: what to train on, what to test on, and what the classes are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// What it is called: `mnist`, `synthetic`, or the name of its folder.
    pub name: String,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// Images to train and to choose by.
    pub train: Images,
    /// Images for the last figure, never to choose by.
    pub test: Images,
}

impl Dataset {
    /// SHA-256 over side, classes, pixels and labels of both parts: the same data, the same digest,
    /// wherever it came from.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for label in &self.classes {
            hash.update((label.len() as u64).to_le_bytes());
            hash.update(label);
        }
        for images in [&self.train, &self.test] {
            hash.update((images.side as u64).to_le_bytes());
            hash.update((images.len() as u64).to_le_bytes());
            hash.update(&images.pixels);
            hash.update(&images.labels);
        }
        hash.finalize().into()
    }
}

/// THROW-AWAY until branch io lands.
#[allow(missing_docs)]
pub struct Source(String);
#[allow(missing_docs)]
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DataError(#[from] std::io::Error);
#[allow(missing_docs)]
impl DataError {
    pub fn is_unavailable(&self) -> bool {
        true
    }
}
#[allow(missing_docs)]
impl Source {
    pub fn new(n: &str, _: Option<std::path::PathBuf>, _: Option<String>) -> Self {
        Self(n.into())
    }
    pub fn synthetic() -> Self {
        Self("synthetic".into())
    }
}
#[allow(missing_docs)]
pub fn load(s: &Source) -> Result<Dataset, DataError> {
    if s.0 == "synthetic" {
        return Ok(synthetic::dataset(60_000, 10_000, 1));
    }
    let get = |n: &str, skip: usize| -> std::io::Result<Vec<u8>> {
        use std::io::Read;
        let mut v = vec![];
        let folder = std::env::var("INKBIT_DATA").map_err(std::io::Error::other)?;
        flate2::read::GzDecoder::new(std::fs::File::open(format!("{folder}/{n}.gz"))?)
            .read_to_end(&mut v)?;
        Ok(v[skip..].to_vec())
    };
    Ok(Dataset {
        name: s.0.clone(),
        classes: (0..10).map(|c| c.to_string()).collect(),
        train: Images {
            side: 28,
            pixels: get("train-images-idx3-ubyte", 16)?,
            labels: get("train-labels-idx1-ubyte", 8)?,
        },
        test: Images {
            side: 28,
            pixels: get("t10k-images-idx3-ubyte", 16)?,
            labels: get("t10k-labels-idx1-ubyte", 8)?,
        },
    })
}
