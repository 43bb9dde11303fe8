//! IDX, the file format of MNIST and its relatives: a magic number, sizes, then the values.
//!
//! All numbers are big-endian. Images are `00 00 08 03`, count, rows, columns, then a byte a pixel;
//! labels are `00 00 08 01`, count, then a byte a label. Both may be gzipped, which the content
//! tells and not the name.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use inkbit_core::MAX_SIDE;
use sha2::{Digest, Sha256};

use super::Images;
use crate::support::error::Advised;
use crate::support::files::FileError;

/// Most bytes that a file may hold when it is unpacked: a header beyond that is damage, or meant to
/// exhaust the memory.
const MAX_BYTES: u64 = 1 << 31;

/// What an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes in three dimensions: images, rows, columns.
    Images,
    /// Bytes in one dimension: a label for each image.
    Labels,
}

impl Kind {
    /// Sizes in the header.
    pub(super) const fn dimensions(self) -> usize {
        match self {
            Self::Images => 3,
            Self::Labels => 1,
        }
    }

    /// The first four bytes: two zeros, 8 for unsigned bytes, the number of dimensions.
    const fn magic(self) -> u32 {
        0x800 | self.dimensions() as u32
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Images => "images",
            Self::Labels => "labels",
        })
    }
}

/// Why an IDX file, or a pair of them, is no use.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// The system does not hand it out.
    #[error(transparent)]
    File(#[from] FileError),
    /// The gzip stream is no good.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decompressor said.
        source: Advised<io::Error>,
    },
    /// Other first four bytes than IDX files have.
    #[error("{} is no IDX file of {expected}: it starts with {found:#010x}{}, expected {:#010x}; \
             only unsigned bytes are read", path.display(), meaning(*found), expected.magic())]
    Magic {
        /// The file.
        path: PathBuf,
        /// Its first four bytes.
        found: u32,
        /// What was sought.
        expected: Kind,
    },
    /// Labels in the place of images or the other way about.
    #[error("{} holds {found} where {expected} are expected: are the two files swapped?",
            path.display())]
    Swapped {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: Kind,
        /// What was sought.
        expected: Kind,
    },
    /// Fewer bytes than its header promises.
    #[error("{} is truncated: {found} bytes{}, expected {expected}; get it again",
            path.display(), unpacked(*packed))]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that it holds, after unpacking.
        found: u64,
        /// Bytes that its header promises, its own included.
        expected: u64,
        /// Whether it is gzipped.
        packed: bool,
    },
    /// More bytes than its header promises.
    #[error("{} goes on after the {expected} bytes{} that its header promises: \
             it was not written as one IDX file; get it again", path.display(), unpacked(*packed))]
    Trailing {
        /// The file.
        path: PathBuf,
        /// Bytes that its header promises, its own included.
        expected: u64,
        /// Whether it is gzipped.
        packed: bool,
    },
    /// A header with unbelievable sizes.
    #[error("{} promises {found} bytes by its header, the limit is {MAX_BYTES}: \
             the header is damaged, or the data must be split", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes that its header promises.
        found: u128,
    },
    /// Images that are no squares, or squares of an unusable size.
    #[error("{} has images of {rows}×{columns} pixels, expected squares of 1×1 to \
             {MAX_SIDE}×{MAX_SIDE}; pad or crop them", path.display())]
    NotSquare {
        /// The file.
        path: PathBuf,
        /// Rows of an image.
        rows: u32,
        /// Columns of an image.
        columns: u32,
    },
    /// A file without a single image or label.
    #[error("{} is sound but holds 0 {kind}, expected at least 1", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        kind: Kind,
    },
    /// Images and labels that cannot belong together.
    #[error("{} has {images} images, but {} has {labels} labels: \
             expected as many; do they belong together?", images_path.display(), labels_path.display())]
    Counts {
        /// The file with the images.
        images_path: PathBuf,
        /// The file with the labels.
        labels_path: PathBuf,
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
    },
}

/// What the first four bytes of a wrong file say, where they say anything.
fn meaning(magic: u32) -> &'static str {
    match magic.to_be_bytes() {
        [0, 0, 8, _] => " (bytes, in another number of dimensions)",
        [0, 0, 9, _] => " (signed bytes)",
        [0, 0, 0xb, _] => " (16-bit integers)",
        [0, 0, 0xc, _] => " (32-bit integers)",
        [0, 0, 0xd, _] => " (32-bit floats)",
        [0, 0, 0xe, _] => " (64-bit floats)",
        [b'<', ..] => " (a web page?)",
        [b'P', b'K', ..] => " (a zip archive: unpack it)",
        _ => "",
    }
}

fn unpacked(packed: bool) -> &'static str {
    if packed { " after unpacking" } else { "" }
}

/// A whole IDX file of unsigned bytes.
#[derive(Debug)]
pub struct Idx {
    /// Its sizes: count, and for images rows and columns.
    pub sizes: Vec<u32>,
    /// Its values: as many as the product of the sizes.
    pub values: Vec<u8>,
}

impl Idx {
    /// Reads a file, gzipped or raw, that must hold `kind`, and nothing else.
    ///
    /// # Errors
    ///
    /// [`IdxError`]: of all kinds but [`IdxError::NotSquare`] and [`IdxError::Counts`].
    pub fn read(path: &Path, kind: Kind) -> Result<Self, IdxError> {
        let opened = File::open(path).map_err(FileError::at("read", path))?;
        let mut file = BufReader::with_capacity(1 << 16, opened);
        let packed = file.fill_buf().map_err(FileError::at("read", path))?.starts_with(b"\x1f\x8b");
        let content: Box<dyn Read> =
            if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Source { path, packed, content, broken: None }.read(kind)
    }

    /// SHA-256 of the file when it is not gzipped.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update((0x800 | self.sizes.len() as u32).to_be_bytes());
        for size in &self.sizes {
            hash.update(size.to_be_bytes());
        }
        hash.update(&self.values);
        hash.finalize().into()
    }
}

/// A file that is being read, unpacked on the way.
struct Source<'a> {
    path: &'a Path,
    packed: bool,
    content: Box<dyn Read>,
    /// Set where a gzip stream breaks off: what came before tells how far the data got.
    broken: Option<io::Error>,
}

impl Source<'_> {
    fn read(mut self, kind: Kind) -> Result<Idx, IdxError> {
        let (file, packed) = (self.path, self.packed);
        let path = || file.to_owned();
        let header_bytes = 4 + 4 * kind.dimensions() as u64;

        let header = self.bytes(header_bytes)?;
        let mut numbers =
            header.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
        // Before the length: of a file that is no IDX at all, the length says nothing.
        if let Some(found) = numbers.next().filter(|&found| found != kind.magic()) {
            let other = [Kind::Images, Kind::Labels].into_iter().find(|k| k.magic() == found);
            return Err(match other {
                Some(found) => IdxError::Swapped { path: path(), found, expected: kind },
                None => IdxError::Magic { path: path(), found, expected: kind },
            });
        }
        let found = header.len() as u64;
        if found < header_bytes {
            let expected = header_bytes;
            return Err(IdxError::Truncated { path: path(), found, expected, packed });
        }

        let sizes: Vec<u32> = numbers.collect();
        let promised =
            sizes.iter().fold(1_u128, |bytes, &size| bytes.saturating_mul(u128::from(size)));
        if sizes[0] == 0 {
            return Err(IdxError::Empty { path: path(), kind });
        }
        let Some(bytes) = u64::try_from(promised).ok().filter(|&bytes| bytes <= MAX_BYTES) else {
            return Err(IdxError::TooLarge { path: path(), found: promised });
        };

        // One byte more shows whether the file ends where it should.
        let values = self.bytes(bytes + 1)?;
        let expected = header_bytes + bytes;
        let found = header_bytes + values.len() as u64;
        if found < expected {
            return Err(IdxError::Truncated { path: path(), found, expected, packed });
        }
        if found > expected {
            return Err(IdxError::Trailing { path: path(), expected, packed });
        }
        if let Some(cause) = self.broken.take() {
            return Err(self.damaged(cause));
        }
        Ok(Idx { sizes, values })
    }

    fn damaged(&self, cause: io::Error) -> IdxError {
        let source = Advised { cause, advice: "; get it again" };
        IdxError::Damaged { path: self.path.to_owned(), source }
    }

    /// Up to `count` bytes: fewer where the content ends before.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, IdxError> {
        let mut bytes = Vec::new();
        // Saves copying. Where there is no room, growing by what really comes decides.
        let _ = bytes.try_reserve_exact(count as usize);
        match self.content.by_ref().take(count).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.broken = Some(error);
                Ok(bytes)
            }
            Err(cause) if self.packed && cause.raw_os_error().is_none() => Err(self.damaged(cause)),
            Err(source) => Err(FileError::at("read", self.path)(source).into()),
        }
    }
}

/// Joins images and their labels, read from these paths.
///
/// # Errors
///
/// [`IdxError::NotSquare`] and [`IdxError::Counts`].
pub fn pair(images: (&Path, Idx), labels: (&Path, Idx)) -> Result<Images, IdxError> {
    let (images_path, images) = images;
    let (labels_path, labels) = labels;
    let (count, rows, columns) = (images.sizes[0] as usize, images.sizes[1], images.sizes[2]);
    if rows != columns || rows == 0 || rows > u32::from(MAX_SIDE) {
        return Err(IdxError::NotSquare { path: images_path.to_owned(), rows, columns });
    }
    if count != labels.values.len() {
        return Err(IdxError::Counts {
            images_path: images_path.to_owned(),
            labels_path: labels_path.to_owned(),
            images: count,
            labels: labels.values.len(),
        });
    }
    Ok(Images { side: rows as usize, pixels: images.values, labels: labels.values })
}
