//! Pictures of any size as the input of a model.
//!
//! [`read`] decodes a file to grey, finds the ink in it, and scales and centres it with
//! [`inkbit_core::image`], the code that the device uses for its canvas.

mod background;
mod ink;
pub(crate) mod sheet;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageReader, Limits, LumaA};

use crate::support::error::Advised;
use crate::support::files::FileError;
use crate::support::limit;
use crate::support::visible;

/// The most pixels of a picture. A file of a few bytes can claim any number, and a pixel takes up to
/// eight bytes.
pub const MAX_PIXELS: u64 = 64_000_000;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 128 << 20;

/// The most bytes that a PNG's colour profile, texts and rows may take.
const MAX_PARTS: u64 = 16 << 20;

/// Pixels that are converted to grey at a time.
const BAND: u32 = 1 << 20;

/// A picture that cannot be made into a model's input.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum PictureError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{} is not a picture that can be read: expected PNG, JPEG or PGM, found {found}; \
             convert it to PNG",
        visible::path(path)
    )]
    Format { path: PathBuf, found: String },
    /// The file begins like a picture, but the rest is damaged or cut off.
    #[error("{} is damaged or incomplete", visible::path(path))]
    Damaged { path: PathBuf, source: Advised<ImageError> },
    #[error("{} is too large: found {found}, expected at most {} million pixels; \
             scale it down or cut out the digit", visible::path(path), MAX_PIXELS / 1_000_000)]
    TooLarge { path: PathBuf, found: String },
    #[error("{} has texts or rows that are too large: found over {MAX_PARTS} bytes, the limit; save \
             it without them, or cut out the digit", visible::path(.0))]
    Parts(PathBuf),
    #[error(
        "{} shows no ink: found {width}x{height} pixels of even background, expected a digit \
             that is darker or lighter than what is around it; draw it with more contrast, or cut \
             the picture closer to it",
        visible::path(path)
    )]
    NoInk { path: PathBuf, width: u32, height: u32 },
}

/// Reads a PNG, JPEG or PGM file and makes an image of `side` × `side` pixels of its drawing, row
/// by row, 0 for background and 255 for ink.
pub fn read(path: &Path, side: usize) -> Result<Vec<u8>, PictureError> {
    let picture = decode(path)?;
    // White ink on a transparent ground needs a dark background.
    let backgrounds: &[u8] = if picture.color().has_alpha() { &[255, 0] } else { &[255] };
    let mut images = backgrounds.iter().map(|&level| from_grey(&grey(&picture, level), side));
    images.find_map(|image| image).ok_or_else(|| {
        let (width, height) = (picture.width(), picture.height());
        PictureError::NoInk { path: path.to_owned(), width, height }
    })
}

/// Makes an image of `side` × `side` pixels of the drawing on a grey picture, dark on light or
/// light on dark; `None` if the picture is blank.
///
/// ```
/// use image::{GrayImage, Luma};
/// let mut photo = GrayImage::from_pixel(60, 60, Luma([240]));
/// for row in 10..50 {
///     photo.put_pixel(30, row, Luma([20])); // a stroke of dark ink on light paper
///     photo.put_pixel(31, row, Luma([20]));
/// }
/// let pixels = inkbit::data::picture::from_grey(&photo, 28).expect("there is something drawn");
/// assert_eq!(pixels.len(), 28 * 28);
/// assert!(pixels[14 * 28 + 14] > 100 && pixels[0] == 0);
/// ```
pub fn from_grey(picture: &GrayImage, side: usize) -> Option<Vec<u8>> {
    ink::find(picture).map(|drawing| drawing.normalised(side))
}

/// Decodes a file and applies the orientation that a camera has stored.
fn decode(path: &Path) -> Result<DynamicImage, PictureError> {
    let content = limit::read_named(path, MAX_FILE)?;
    let begins = content.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let unknown = || PictureError::Format {
        path: path.to_owned(),
        found: match begins.as_slice() {
            [] => "an empty file".to_owned(),
            bytes => format!("a file that begins with the bytes {}", bytes.join(" ")),
        },
    };
    let failed = |source| match source {
        ImageError::Unsupported(_) => unknown(),
        ImageError::Limits(_) => PictureError::Parts(path.to_owned()),
        cause => {
            let source = Advised { cause, advice: "; save or copy it again" };
            PictureError::Damaged { path: path.to_owned(), source }
        }
    };
    // The decoder silently completes a truncated JPEG with grey.
    if content.starts_with(&[0xFF, 0xD8]) && !has_end(&content) {
        return Err(failed(ImageError::IoError(std::io::ErrorKind::UnexpectedEof.into())));
    }
    let mut reader = ImageReader::new(Cursor::new(content));
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_PARTS); // of what comes before the size can be checked
    reader.limits(limits);
    let reader = reader.with_guessed_format().map_err(FileError::at("read", path))?;
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let found = format!("{width}x{height} pixels");
        return Err(PictureError::TooLarge { path: path.to_owned(), found });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Whether a JPEG has its end: the marker that ends the image, and none of a small image in a segment (ITU-T
/// T.81, annex B). What is not made of segments is left to the decoder.
fn has_end(jpeg: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let Some(&[start, marker]) = jpeg.get(at..).and_then(|rest| rest.first_chunk()) else {
            return false;
        };
        at += match (start, marker) {
            (0xFF, 0xD9) => return true,
            // Filled up before a marker.
            (0xFF, 0xFF) => 1,
            // Markers without a segment.
            (0xFF, 0x01 | 0xD0..=0xD8) => 2,
            (0xFF, 1..) => match jpeg.get(at + 2..).and_then(|rest| rest.first_chunk()) {
                Some(&length) => 2 + usize::from(u16::from_be_bytes(length)).max(2),
                None => return false,
            },
            // Entropy-coded data of a scan, in which a zero follows what looks like a marker.
            (0xFF, 0) => 2,
            _ => 1,
        };
    }
}

/// The luminance of a picture whose transparent parts show this grey background.
fn grey(picture: &DynamicImage, background: u8) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.to_luma8();
    }
    let mixed = |&LumaA([grey, opaque]): &LumaA<u16>| {
        let (grey, opaque) = (u64::from(grey), u64::from(opaque));
        let mixed = grey * opaque + u64::from(background) * 257 * (65535 - opaque);
        ((mixed / 65535 + 128) / 257) as u8
    };
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = Vec::new();
    // Whole, it would take four more bytes for each pixel.
    let rows = (BAND / width.max(1)).max(1);
    for top in (0..height).step_by(rows as usize) {
        let band = picture.crop_imm(0, top, width, rows).to_luma_alpha16();
        pixels.extend(band.pixels().map(mixed));
    }
    GrayImage::from_raw(width, height, pixels).expect("the bands are the picture")
}

#[cfg(test)]
mod tests {
    use image::GrayAlphaImage;

    use super::*;

    #[test]
    fn the_end_of_a_small_image_within_a_jpeg_is_not_the_jpegs() {
        let small = [0xFF, 0xD8, 7, 0xFF, 0xD9];
        let segment = [&[0xFF, 0xE1, 0, 7][..], &small].concat();
        let scan = [0xFF, 0xDA, 0, 3, 1, 5, 0xFF, 0, 0xFF, 0xD0, 6];
        let whole = [&[0xFF, 0xD8][..], &segment, &scan, &[0xFF, 0xFF, 0xD9]].concat();
        assert!(has_end(&whole));
        for length in 0..whole.len() {
            assert!(!has_end(&whole[..length]), "{length}");
        }
    }

    #[test]
    fn a_pixel_that_is_half_transparent_is_mixed_with_the_background() {
        // As wide as a band, so that each row is one.
        let row = [LumaA([100, 0]), LumaA([100, 128]), LumaA([200, 255]), LumaA([0, 64])];
        let picture = GrayAlphaImage::from_fn(BAND, 2, |x, y| row[(x as usize + y as usize) % 4]);
        let picture = DynamicImage::from(picture);
        let mixed = |level, y| [0, 1, 2, 3].map(|x| grey(&picture, level).get_pixel(x, y).0[0]);
        assert_eq!(mixed(255, 0), [255, 177, 200, 191]);
        assert_eq!(mixed(0, 0), [0, 50, 200, 0]);
        assert_eq!(mixed(0, 1), [50, 200, 0, 0]);
    }
}
