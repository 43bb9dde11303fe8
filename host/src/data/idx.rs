//! IDX, the file format of MNIST and its relatives: a magic number, sizes, then the values.
//!
//! All numbers are big-endian. Images are `00 00 08 03`, count, rows, columns, then a byte per
//! pixel; labels are `00 00 08 01`, count, then a byte per label. Both may be
//! gzipped, which the content tells, not the name.

use std::fmt::{self, Display};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use inkbit_core::MAX_SIDE;
use sha2::{Digest, Sha256};

use super::{Images, Shape};
use crate::support::error::Advised;
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::numbers::{counted, grouped};
use crate::support::visible;

/// The most bytes of a file: a header that promises more is damaged, or meant to exhaust the memory.
pub(super) const MAX_BYTES: u64 = 1 << 31;
/// The limit of what a packed file holds: this number of bytes, or this multiple of the file's own
/// size if that is more. MNIST's hold 5 times their size, a file of zeros a thousand times.
const UNPACKED: (u64, u64) = (64 << 20, 64);

/// Bytes around the values: headers, checksums.
const SLACK: u64 = 1 << 16;

/// The limit of what a packed file holds, if the file itself has this number of bytes.
pub(super) fn most_unpacked(bytes: u64) -> u64 {
    UNPACKED.0.max(UNPACKED.1.saturating_mul(bytes))
}

/// What an IDX file holds. The discriminant is the number of sizes in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A label for each image.
    Labels = 1,
    /// Images, by rows and columns.
    Images = 3,
}

impl Kind {
    pub(super) const fn dimensions(self) -> usize {
        self as usize
    }

    /// The first four bytes: two zeros, 8 for unsigned bytes, the number of dimensions.
    const fn magic(self) -> u32 {
        0x800 | self as u32
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Images { "images" } else { "labels" })
    }
}

/// An IDX file, or a pair of them, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum IdxError {
    #[error(transparent)]
    File(#[from] FileError),
    /// The decompressor has failed.
    #[error("{} is damaged", visible::path(path))]
    Damaged { path: PathBuf, source: Advised<io::Error> },
    #[error("{} {fault}", visible::path(path))]
    Content { path: PathBuf, fault: IdxFault },
}

/// What is wrong with an IDX file's content. `packed` says whether the file is gzipped or in a ZIP;
/// numbers of bytes count the unpacked file with its header.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum IdxFault {
    #[error("is no IDX file of {expected}: it starts with {found:#010x}{}, expected {:#010x}; \
             only unsigned bytes are read", meaning(*found), expected.magic())]
    Magic { found: u32, expected: Kind },
    #[error("holds {found} where {expected} are expected: are the two files swapped?")]
    Swapped { found: Kind, expected: Kind },
    #[error("is truncated: {found} bytes{}, expected {expected}; get it again", unpacked(*packed))]
    Truncated { found: u64, expected: u64, packed: bool },
    #[error("goes on after the {expected} bytes{} that its header promises: it was not written as \
             one IDX file; get it again", unpacked(*packed))]
    Trailing { expected: u64, packed: bool },
    #[error("promises {found} bytes by its header, the limit {}is {limit}: the header is damaged, \
             or the data must be {}", if *by_size { "for a packed file of its size " } else { "" },
            if *by_size { "unpacked first" } else { "split" })]
    TooLarge { found: u128, limit: u64, by_size: bool },
    #[error(
        "has images of {columns}×{rows} pixels, expected 1×1 to {MAX_SIDE}×{MAX_SIDE}; crop or scale \
         them"
    )]
    Size { rows: u32, columns: u32 },
    #[error("holds {} images, the limit is {}; split it", grouped(*found), grouped(MAX_IMAGES))]
    TooMany { found: usize },
    #[error("is sound but holds 0 {0}, expected at least 1")]
    Empty(Kind),
    #[error(
        "has {}, but {} has {}: expected as many; do they belong \
             together?",
        counted(*images, "image", "images"), visible::path(labels_path),
        counted(*labels, "label", "labels")
    )]
    Counts { images: usize, labels: usize, labels_path: PathBuf },
}

/// What the first four bytes of a wrong file mean, if that is known.
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
    pub fn read(path: &Path, kind: Kind) -> Result<Self, IdxError> {
        Self::read_up_to(path, kind, MAX_BYTES)
    }

    /// The same, for a file whose number of values has a limit.
    pub(super) fn read_up_to(path: &Path, kind: Kind, limit: u64) -> Result<Self, IdxError> {
        let opened = limit::open_found(path).map_err(FileError::at("read", path))?;
        let bytes = opened.metadata().map_err(FileError::at("read", path))?.len();
        Reader::new(path, opened, false, limit, most_unpacked(bytes))?.read(kind)
    }

    /// The same for content that a ZIP has, and of which there may be `most` bytes; messages name `path`.
    pub(super) fn unpack(
        path: &Path,
        kind: Kind,
        content: impl Read,
        most: u64,
    ) -> Result<Self, IdxError> {
        // Gzipped members may be empty: they take time, but no room.
        let content = content.take(most.saturating_add(SLACK));
        Reader::new(path, content, true, MAX_BYTES, most)?.read(kind)
    }

    /// SHA-256 of the file when it is not gzipped.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update((0x800 | self.sizes.len() as u32).to_be_bytes());
        self.sizes.iter().for_each(|size| hash.update(size.to_be_bytes()));
        hash.update(&self.values);
        hash.finalize().into()
    }
}

/// Reads a file and unpacks it on the way.
struct Reader<'a> {
    path: &'a Path,
    packed: bool,
    /// The most values, and whether they are so few because the gzipped file is short.
    limit: u64,
    by_size: bool,
    content: Box<dyn Read + 'a>,
    /// Set where a gzip stream breaks off: the bytes before it still tell how far the data got.
    broken: Option<io::Error>,
}

impl<'a> Reader<'a> {
    /// A reader of `limit` values at the most, or of `most_unpacked` if they are packed.
    fn new(
        path: &'a Path,
        content: impl Read + 'a,
        in_zip: bool,
        limit: u64,
        most_unpacked: u64,
    ) -> Result<Self, IdxError> {
        let mut content = BufReader::with_capacity(1 << 16, content);
        let start = content.fill_buf().map_err(|cause| failed(path, in_zip, cause))?;
        let is_gzipped = start.starts_with(b"\x1f\x8b");
        let content: Box<dyn Read> =
            if is_gzipped { Box::new(MultiGzDecoder::new(content)) } else { Box::new(content) };
        let packed = in_zip || is_gzipped;
        let by_size = packed && most_unpacked < limit;
        let limit = if by_size { most_unpacked } else { limit };
        Ok(Self { path, packed, limit, by_size, content, broken: None })
    }

    fn read(mut self, kind: Kind) -> Result<Idx, IdxError> {
        let (path, packed, limit) = (self.path, self.packed, self.limit);
        let wrong = |fault| Err(IdxError::Content { path: path.to_owned(), fault });
        let header_bytes = 4 + 4 * kind.dimensions() as u64;
        let header = self.bytes(header_bytes)?;
        let mut numbers = header.as_chunks().0.iter().map(|&number| u32::from_be_bytes(number));
        // Before the length: of a file that is no IDX at all, the length says nothing.
        if let Some(found) = numbers.next().filter(|&found| found != kind.magic()) {
            let other = [Kind::Images, Kind::Labels].into_iter().find(|k| k.magic() == found);
            return wrong(match other {
                Some(found) => IdxFault::Swapped { found, expected: kind },
                None => IdxFault::Magic { found, expected: kind },
            });
        }
        let found = header.len() as u64;
        if found < header_bytes {
            return wrong(IdxFault::Truncated { found, expected: header_bytes, packed });
        }
        let sizes: Vec<u32> = numbers.collect();
        if sizes[0] == 0 {
            return wrong(IdxFault::Empty(kind));
        }
        let promised = sizes.iter().fold(1, |bytes: u128, &size| bytes.saturating_mul(size.into()));
        let Some(bytes) = u64::try_from(promised).ok().filter(|&bytes| bytes <= limit) else {
            return wrong(IdxFault::TooLarge { found: promised, limit, by_size: self.by_size });
        };

        // One byte more shows whether the file ends where it should.
        let values = self.bytes(bytes + 1)?;
        let (found, expected) = (header_bytes + values.len() as u64, header_bytes + bytes);
        if found < expected {
            return wrong(IdxFault::Truncated { found, expected, packed });
        }
        if found > expected {
            return wrong(IdxFault::Trailing { expected, packed });
        }
        match self.broken.take() {
            Some(cause) => Err(damaged(path, cause)),
            None => Ok(Idx { sizes, values }),
        }
    }

    /// Up to `count` bytes: fewer where the content ends before.
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>, IdxError> {
        let mut bytes = Vec::new();
        match limit::up_to(&mut self.content, count, &mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.broken = Some(error),
            Err(cause) => return Err(failed(self.path, self.packed, cause)),
        }
        Ok(bytes)
    }
}

/// Reading has failed: by the system, or by what was to be unpacked.
fn failed(path: &Path, packed: bool, cause: io::Error) -> IdxError {
    match packed && cause.raw_os_error().is_none() {
        true => damaged(path, cause),
        false => FileError::at("read", path)(cause).into(),
    }
}

fn damaged(path: &Path, cause: io::Error) -> IdxError {
    let source = Advised { cause, advice: "; get it again" };
    IdxError::Damaged { path: path.to_owned(), source }
}

/// The most images of a file: each takes memory and time, however few pixels it has.
const MAX_IMAGES: usize = 1 << 22;

/// Joins images and their labels, read from these paths.
pub fn pair(images: (&Path, Idx), labels: (&Path, Idx)) -> Result<Images, IdxError> {
    let (path, images) = images;
    let (labels_path, labels) = labels;
    let [count, rows, columns] = images.sizes[..] else {
        let fault = IdxFault::Size { rows: 0, columns: 0 };
        return Err(IdxError::Content { path: path.to_owned(), fault });
    };
    let count = count as usize;
    let is_side = |side: u32| (1..=u32::from(MAX_SIDE)).contains(&side);
    let fault = if !is_side(rows) || !is_side(columns) {
        IdxFault::Size { rows, columns }
    } else if count > MAX_IMAGES {
        IdxFault::TooMany { found: count }
    } else if count != labels.values.len() {
        let labels_path = labels_path.to_owned();
        IdxFault::Counts { images: count, labels: labels.values.len(), labels_path }
    } else {
        let shape = Shape::Image { width: columns as usize, height: rows as usize };
        return Ok(Images { shape, pixels: images.values, labels: labels.values });
    };
    Err(IdxError::Content { path: path.to_owned(), fault })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::error::chain;

    /// What the system gives where a disk fails.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }

    #[test]
    fn more_images_than_can_be_worked_with_are_refused() {
        let count = MAX_IMAGES + 1;
        let idx = |sizes: &[u32]| Idx { sizes: sizes.to_vec(), values: vec![0; count] };
        let path = Path::new("images");
        let error = pair((path, idx(&[count as u32, 1, 1])), (path, idx(&[count as u32])));
        let message = chain(&error.unwrap_err());
        assert_eq!(message, "images holds 4,194,305 images, the limit is 4,194,304; split it");
    }

    #[test]
    fn a_disk_that_fails_while_a_file_is_read_is_not_called_damage() {
        for packed in [false, true] {
            let start: &[u8] = &[0, 0, 8, 1, 0, 0, 0, 9, 1, 2];
            let content = Box::new(start.chain(Failing));
            let path = Path::new("labels");
            let (limit, by_size, broken) = (MAX_BYTES, false, None);
            let reader = Reader { path, packed, limit, by_size, content, broken };
            let error = chain(&reader.read(Kind::Labels).unwrap_err());
            assert!(error.starts_with("cannot read labels: "), "{error}");
        }
    }

    #[test]
    fn a_device_in_place_of_a_file_is_not_waited_for() {
        let error = chain(&Idx::read(Path::new("/dev/zero"), Kind::Labels).unwrap_err());
        assert!(error.contains("found a pipe or a device, expected a file"), "{error}");
    }

    #[test]
    fn squares_of_up_to_the_greatest_side_are_paired() {
        let pair = |side: u16| {
            let images = Idx { sizes: vec![1, side.into(), side.into()], values: Vec::new() };
            let labels = Idx { sizes: vec![1], values: vec![0] };
            super::pair((Path::new("images"), images), (Path::new("labels"), labels))
        };
        assert_eq!(pair(MAX_SIDE).unwrap().shape.side(), Some(usize::from(MAX_SIDE)));
        for side in [0, MAX_SIDE + 1] {
            let error = pair(side).unwrap_err().to_string();
            assert!(error.contains(&format!("{side}×{side} pixels, expected")), "{error}");
        }
    }
}
