//! Files of pictures as pixels.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use image::metadata::Orientation;
use image::{ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use inkbit_core::picture::MAX_DIGITS;

use super::grey::Grey;
use super::{container, jpeg, memory};
use crate::support::error::Advised;
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::visible;

/// The most pixels of a picture. A file of a few bytes can claim any number.
pub const MAX_PIXELS: u64 = 64_000_000;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 128 << 20;

/// The most bytes that a PNG's colour profile, texts and rows may take.
const MAX_PARTS: u64 = 16 << 20;

/// A picture that cannot be made into a model's input.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum PictureError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{} is not a picture that can be read: expected PNG, JPEG, WebP, TIFF, GIF, BMP or PGM, \
             found {found}; convert it to PNG",
        visible::path(path)
    )]
    Format { path: PathBuf, found: String },
    /// The file begins like a picture, but the rest is damaged or cut off.
    #[error("{} is damaged or incomplete", visible::path(path))]
    Damaged { path: PathBuf, source: Advised<ImageError> },
    #[error("{} is too large: found {found}, expected at most {} million pixels; \
             scale it down or cut out the digit", visible::path(path), MAX_PIXELS / 1_000_000)]
    TooLarge { path: PathBuf, found: String },
    #[error("{} is too large: found {width}x{height} pixels of {bits} bits each, expected at most {} \
             million bytes of pixels; save it with 8 bits a channel, or scale it down",
             visible::path(path), memory::MOST / 1_000_000)]
    TooDeep { path: PathBuf, width: u32, height: u32, bits: u16 },
    #[error(
        "{} takes too much memory: found {found} bytes for {width}x{height} pixels and what its form \
             needs beside them, expected at most {most} for so short a file; save it as PNG, or scale it \
             down",
        visible::path(path)
    )]
    Memory { path: PathBuf, width: u32, height: u32, found: u64, most: u64 },
    #[error("{} has texts or rows that are too large: found over {MAX_PARTS} bytes, the limit; save \
             it without them, or cut out the digit", visible::path(.0))]
    Parts(PathBuf),
    /// `found` is what makes it so.
    #[error(
        "{} takes more than its size says: it has {found}; save it as PNG",
        visible::path(path)
    )]
    Inside { path: PathBuf, found: &'static str },
    #[error(
        "{} has no pixels: found a size of {width}x{height}; save or copy it again",
        visible::path(path)
    )]
    Empty { path: PathBuf, width: u32, height: u32 },
    #[error(
        "{} shows no ink: found {width}x{height} pixels of even background, expected a digit \
             that is darker or lighter than what is around it; draw it with more contrast, or cut \
             the picture closer to it",
        visible::path(path)
    )]
    NoInk { path: PathBuf, width: u32, height: u32 },
    #[error(
        "{} shows no digits: found marks everywhere on {width}x{height} pixels, more than \
             {MAX_DIGITS} of them; cut the picture closer, or take it in better light",
        visible::path(path)
    )]
    Crowded { path: PathBuf, width: u32, height: u32 },
}

/// Of pictures with more pixels there is one at a time.
const LARGE: u64 = 1 << 22;

/// The pixels of a file. While those of a large picture are looked at, no other large one is decoded: on many
/// cores at once, they would take the memory of as many.
#[derive(Debug)]
pub(super) struct Decoded {
    pub grey: Grey,
    _alone: Option<MutexGuard<'static, ()>>,
}

/// Decodes a file and applies the orientation that a camera has stored.
pub(super) fn decode(path: &Path) -> Result<Decoded, PictureError> {
    content(path, limit::read_named(path, MAX_FILE)?)
}

/// The same of a file's content; messages name `path`.
pub(super) fn content(path: &Path, content: Vec<u8>) -> Result<Decoded, PictureError> {
    static ALONE: Mutex<()> = Mutex::new(());
    let found = described(&content);
    let unknown = || PictureError::Format { path: path.to_owned(), found: found.clone() };
    let failed = |source| match source {
        ImageError::Unsupported(_) => unknown(),
        ImageError::Limits(_) => PictureError::Parts(path.to_owned()),
        cause => {
            let source = Advised { cause, advice: "; save or copy it again" };
            PictureError::Damaged { path: path.to_owned(), source }
        }
    };
    // The decoder silently completes a truncated JPEG with grey.
    if content.starts_with(&[0xFF, 0xD8]) && !jpeg::markers(&content).is_whole {
        return Err(failed(ImageError::IoError(std::io::ErrorKind::UnexpectedEof.into())));
    }
    let reader = ImageReader::new(Cursor::new(&content));
    let mut limits = Limits::no_limits();
    let mut reader = reader.with_guessed_format().map_err(FileError::at("read", path))?;
    let format = reader.format();
    // Of what comes before the size can be checked; the decoder of TIFF counts the pixels, too.
    let pixels = if format == Some(ImageFormat::Tiff) { memory::MOST } else { 0 };
    limits.max_alloc = Some(MAX_PARTS + pixels);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        let found = format!("{width}x{height} pixels");
        return Err(PictureError::TooLarge { path: path.to_owned(), found });
    }
    let (colours, bytes) = (decoder.color_type(), decoder.total_bytes());
    if bytes > memory::MOST {
        let (path, bits) = (path.to_owned(), colours.bits_per_pixel());
        return Err(PictureError::TooDeep { path, width, height, bits });
    }
    if let Some([found, most]) = memory::fault(&content, format, pixels, bytes) {
        return Err(PictureError::Memory { path: path.to_owned(), width, height, found, most });
    }
    if let Some(found) = container::fault(&content, width, height, MAX_PIXELS) {
        return Err(PictureError::Inside { path: path.to_owned(), found });
    }
    let alone = (pixels > LARGE).then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut decoded = vec![0; bytes as usize];
    decoder.read_image(&mut decoded).map_err(failed)?;
    let grey = Grey::of(colours, [width, height], decoded).map_err(failed)?.turned(orientation);
    Ok(Decoded { grey, _alone: alone })
}

/// Scans of a JPEG that take as long as its pixels do: an ordinary one has up to ten or so.
const SCANS: u64 = 10;

/// The number of pixels of a file's picture, and how many decoding it goes through; 0 if it is no picture.
pub(super) fn pixels(content: &[u8]) -> [u64; 2] {
    let reader = ImageReader::new(Cursor::new(content)).with_guessed_format();
    let size = reader.ok().and_then(|mut reader| {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_PARTS);
        reader.limits(limits);
        reader.into_dimensions().ok()
    });
    let pixels = size.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
    let is_jpeg = content.starts_with(&[0xFF, 0xD8]);
    let scans = if is_jpeg { jpeg::markers(content).scans } else { 1 };
    [pixels, pixels * scans.div_ceil(SCANS).max(1)]
}

/// How files begin that are no pictures or cannot be read: where, with which bytes, and what they are.
const OTHERS: &[(usize, &[u8], &str)] = &[
    (4, b"ftypavi", "an AVIF picture"),
    (4, b"ftyphe", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftypmsf1", "a HEIC picture"),
    (0, &[0xFF, 0x0A], "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, &[0x1F, 0x8B], "a gzip file"),
    (0, b"INKBIT", "an Inkbit model"),
    (0, b"PAR1", "a Parquet file"),
    (0, &[0, 0, 8], "an IDX file"),
];

/// What a file is that is no picture, by its beginning.
pub(super) fn described(content: &[u8]) -> String {
    let is = |(at, mark, _): &&(usize, &[u8], &str)| {
        content.get(*at..).is_some_and(|rest| rest.starts_with(mark))
    };
    let mut start = content[..content.len().min(1 << 10)].windows(4);
    if content.is_empty() {
        "an empty file".to_owned()
    } else if let Some((_, _, name)) = OTHERS.iter().find(is) {
        (*name).to_owned()
    } else if start.any(|part| part == b"<svg") {
        "an SVG drawing".to_owned()
    } else if is_table(content) {
        "a table of numbers, which is read by --data".to_owned()
    } else {
        let begins = content.iter().take(8).map(|byte| format!("{byte:02x}"));
        format!("a file that begins with the bytes {}", begins.collect::<Vec<_>>().join(" "))
    }
}

/// Whether content is text with separators in its first line.
pub(super) fn is_table(content: &[u8]) -> bool {
    let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let separators = line.iter().filter(|byte| b",;\t".contains(byte)).count();
    separators >= 4 && line.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_with_the_header_of_a_deep_picture_takes_no_memory() {
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            let words = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
            [words, count.to_le_bytes().to_vec(), value.to_le_bytes().to_vec()].concat()
        };
        // A TIFF of 8000×8000 pixels with three channels of 16 bits, without any of them.
        let entries = [
            entry(256, 4, 1, 8000),
            entry(257, 4, 1, 8000),
            entry(258, 3, 3, 122),
            entry(259, 3, 1, 1),
            entry(262, 3, 1, 2),
            entry(273, 4, 1, 128),
            entry(277, 3, 1, 3),
            entry(278, 4, 1, 8000),
            entry(279, 4, 1, 384_000_000),
        ];
        let start = [&b"II*\0\x08\0\0\0\x09\0"[..], &entries.concat(), &[0; 4]].concat();
        assert_eq!(start.len(), 122);
        let file = [&start[..], &[16, 0, 16, 0, 16, 0]].concat();
        let error = content(Path::new("deep.tif"), file).unwrap_err().to_string();
        assert_eq!(
            error,
            "deep.tif is too large: found 8000x8000 pixels of 48 bits each, expected at most 256 \
             million bytes of pixels; save it with 8 bits a channel, or scale it down"
        );
    }
}
