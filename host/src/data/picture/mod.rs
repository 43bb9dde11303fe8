//! Pictures of any size as the input of a model.
//!
//! [`read`] decodes a file to grey and finds the digits in it with [`inkbit_core::picture`].

mod decode;
pub(crate) mod sheet;

use std::path::Path;

use image::{DynamicImage, GrayImage};
use inkbit_core::picture::{BYTES, Digit, Finder, LABELS, Nothing};

pub use inkbit_core::picture::Wanted;

pub use decode::{MAX_PIXELS, PictureError};
use decode::{decode, grey};

/// A digit that was found on a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is, in pixels of the picture.
    pub place: Digit,
    /// The image for a model, row by row, 0 for background and 255 for ink.
    pub image: Vec<u8>,
}

/// Reads a picture's file and makes an image of `side` × `side` pixels of each digit on it, in reading
/// order. There is at least one.
///
/// # Errors
///
/// If the file cannot be read, is no picture, is too large, or shows nothing.
pub fn read(path: &Path, side: usize, wanted: Wanted) -> Result<Vec<Found>, PictureError> {
    laid_out(path, &decode(path)?, side, wanted)
}

/// [`read`] of a file's content: the image of all that is drawn, taken for one digit, and the picture's
/// number of pixels. Messages name `path`.
///
/// # Errors
///
/// Those of [`read`].
pub(super) fn one(path: &Path, content: Vec<u8>, side: usize) -> Result<Pixels, PictureError> {
    let picture = decode::content(path, content)?;
    let size = u64::from(picture.width()) * u64::from(picture.height());
    let mut found = laid_out(path, &picture, side, Wanted::One)?;
    Ok(Pixels { width: side, height: side, values: found.swap_remove(0).image, size })
}

/// The luminance of a picture as it is, transparent parts white.
///
/// # Errors
///
/// If the content is no picture or too large.
pub(super) fn as_is(path: &Path, content: Vec<u8>) -> Result<Pixels, PictureError> {
    let picture = decode::content(path, content)?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let values = grey(&picture, 255).into_raw();
    Ok(Pixels { width, height, values, size: (width * height) as u64 })
}

/// Grey pixels, row by row.
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<u8>,
    /// Number of pixels of the picture that they are of.
    pub(super) size: u64,
}

/// Whether content is text with separators in its first line.
pub(super) fn is_table(content: &[u8]) -> bool {
    decode::is_table(content)
}

/// What a file is that is no picture, by its content.
pub(super) fn described(content: &[u8]) -> String {
    decode::described(content)
}

fn laid_out(
    path: &Path,
    picture: &DynamicImage,
    side: usize,
    wanted: Wanted,
) -> Result<Vec<Found>, PictureError> {
    // White ink on a transparent ground needs a dark background.
    let backgrounds: &[u8] = if picture.color().has_alpha() { &[255, 0] } else { &[255] };
    let mut nothing = Nothing::Blank;
    for &level in backgrounds {
        match find(&grey(picture, level), side, wanted) {
            Ok(found) => return Ok(found),
            Err(why) => nothing = why,
        }
    }
    let (path, width, height) = (path.to_owned(), picture.width(), picture.height());
    Err(match nothing {
        Nothing::Crowded => PictureError::Crowded { path, width, height },
        Nothing::Empty => PictureError::Empty { path, width, height },
        Nothing::Blank => PictureError::NoInk { path, width, height },
    })
}

/// Makes an image of `side` × `side` pixels of each digit on a grey picture, dark on light or light on
/// dark, in reading order. There is at least one.
///
/// ```
/// use image::{GrayImage, Luma};
/// use inkbit::data::picture::{Wanted, find};
/// let mut photo = GrayImage::from_pixel(60, 60, Luma([240]));
/// for row in 10..50 {
///     photo.put_pixel(30, row, Luma([20])); // a stroke of dark ink on light paper
///     photo.put_pixel(31, row, Luma([20]));
/// }
/// let found = find(&photo, 28, Wanted::All).expect("there is something drawn");
/// assert_eq!((found.len(), found[0].place.left, found[0].place.height), (1, 30, 40));
/// assert!(found[0].image[14 * 28 + 14] > 100 && found[0].image[0] == 0);
/// ```
///
/// # Errors
///
/// If there is nothing drawn, or too much.
pub fn find(picture: &GrayImage, side: usize, wanted: Wanted) -> Result<Vec<Found>, Nothing> {
    let size = (picture.width() as usize, picture.height() as usize);
    let (mut bytes, mut labels) = (vec![0; BYTES], vec![0; LABELS]);
    let mut finder = Finder::new(picture.as_raw(), size, wanted, &mut bytes, &mut labels)?;
    let places: Vec<Digit> = finder.digits().collect();
    let found = places.into_iter().enumerate().map(|(number, place)| {
        let mut image = vec![0; side * side];
        finder.image(number, &mut image, side);
        Found { place, image }
    });
    Ok(found.collect())
}
