//! Pictures of any size as the input of a model.
//!
//! [`read`] decodes a file to grey and finds the digits in it with [`inkbit_core::picture`].

mod container;
mod decode;
mod grey;
mod jpeg;
mod memory;
pub(crate) mod sheet;

use std::path::Path;

use image::{GrayImage, imageops};
use inkbit_core::image::{MAX_CANVAS, lay};
use inkbit_core::picture::{BYTES, Digit, Finder, LABELS, Nothing};
use inkbit_core::{Frame, Layout};

pub use inkbit_core::picture::Wanted;

use decode::decode;
pub use decode::{MAX_PIXELS, PictureError};
use grey::Grey;

/// A digit that was found on a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is, in pixels of the picture.
    pub place: Digit,
    /// The image for a model, row by row, 0 for background and 255 for ink.
    pub image: Vec<u8>,
}

/// Reads a picture's file and makes an image for a model of each digit on it, in reading order. There
/// is at least one.
///
/// For a model whose images are [as they are](Layout::AsItIs) it is one image of the whole picture: of
/// its very pixels if it is as large as the model's images, else scaled, and bright paper becomes
/// background. A picture that is as large as any model's images and whose border is dark is taken for
/// such an image too.
///
/// # Errors
///
/// If the file cannot be read, is no picture, is too large, or shows nothing.
pub fn read(path: &Path, frame: Frame, wanted: Wanted) -> Result<Vec<Found>, PictureError> {
    let decoded = decode(path)?;
    laid_out(path, decoded.grey, frame, wanted)
}

/// Reads a picture's file and makes one image for a model of all of it: bright is ink, and nothing is
/// looked for, moved or inverted.
///
/// # Errors
///
/// If the file cannot be read, is no picture or is too large.
pub fn whole(path: &Path, frame: Frame) -> Result<Vec<Found>, PictureError> {
    Ok(vec![as_a_whole(&decode(path)?.grey.on_white, frame)])
}

/// The number of pixels of a picture by the beginning of its file, and how many decoding it goes through:
/// those of a JPEG of many scans several times. 0 if it is no picture.
pub(super) fn pixels(content: &[u8]) -> [u64; 2] {
    decode::pixels(content)
}

/// [`read`] of a file's content: the image of all that is drawn, taken for one digit. Messages name `path`.
///
/// # Errors
///
/// Those of [`read`].
pub(super) fn one(path: &Path, content: Vec<u8>, frame: Frame) -> Result<Pixels, PictureError> {
    let decoded = decode::content(path, content)?;
    let mut found = laid_out(path, decoded.grey, frame, Wanted::One)?;
    let (width, height) = (frame.width.into(), frame.height.into());
    Ok(Pixels { width, height, values: found.swap_remove(0).image })
}

/// The luminance of a picture as it is, transparent parts white.
///
/// # Errors
///
/// If the content is no picture or too large.
pub(super) fn as_is(path: &Path, content: Vec<u8>) -> Result<Pixels, PictureError> {
    let decoded = decode::content(path, content)?;
    let picture = decoded.grey.on_white;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let values = picture.into_raw();
    Ok(Pixels { width, height, values })
}

/// Grey pixels, row by row.
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<u8>,
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
    Grey { on_white: mut whole, on_black }: Grey,
    frame: Frame,
    wanted: Wanted,
) -> Result<Vec<Found>, PictureError> {
    let (width, height) = whole.dimensions();
    let as_large = (width, height) == (frame.width.into(), frame.height.into());
    let is_bright = border(&whole) >= MIDDLE_GREY;
    let is_image = as_large && !is_bright && whole.iter().any(|&grey| grey > 0);
    if frame.layout == Layout::AsItIs || is_image {
        if !as_large {
            if is_bright {
                whole.iter_mut().for_each(|grey| *grey = 255 - *grey);
            }
            let first = whole.iter().next().copied();
            if whole.iter().all(|&grey| Some(grey) == first) {
                return Err(PictureError::NoInk { path: path.to_owned(), width, height });
            }
        }
        return Ok(vec![as_a_whole(&whole, frame)]);
    }
    let mut nothing = Nothing::Blank;
    // White ink on a transparent ground needs a dark background.
    for plane in [Some(whole), on_black].into_iter().flatten() {
        match find(&plane, frame, wanted) {
            Ok(found) => return Ok(found),
            Err(why) => nothing = why,
        }
    }
    let path = path.to_owned();
    Err(match nothing {
        Nothing::Crowded => PictureError::Crowded { path, width, height },
        Nothing::Empty => PictureError::Empty { path, width, height },
        Nothing::Blank => PictureError::NoInk { path, width, height },
    })
}

/// The middle of black and white.
const MIDDLE_GREY: u8 = 128;

/// The brightness of a picture's border: its median.
fn border(picture: &GrayImage) -> u8 {
    let (right, bottom) = (picture.width().saturating_sub(1), picture.height().saturating_sub(1));
    let edges = picture
        .enumerate_pixels()
        .filter(|&(x, y, _)| x == 0 || y == 0 || x == right || y == bottom);
    let mut edges: Vec<u8> = edges.map(|(_, _, pixel)| pixel.0[0]).collect();
    let middle = edges.len() / 2;
    if edges.is_empty() { 0 } else { *edges.select_nth_unstable(middle).1 }
}

/// The image of a whole picture: its pixels, if there are as many, else scaled.
fn as_a_whole(picture: &GrayImage, frame: Frame) -> Found {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let place = Digit { left: 0, top: 0, width, height };
    let mut image = vec![0; frame.pixels()];
    let frame = Frame { layout: Layout::AsItIs, ..frame };
    if width.max(height) > MAX_CANVAS {
        let most = MAX_CANVAS as u32;
        let [width, height] = [picture.width(), picture.height()].map(|side| side.min(most));
        let smaller = imageops::thumbnail(picture, width, height);
        lay(&smaller, width as usize, height as usize, &mut image, frame);
    } else {
        lay(picture, width, height, &mut image, frame);
    }
    Found { place, image }
}

/// Makes an image for a model of each digit on a grey picture, dark on light or light on dark, in
/// reading order. There is at least one.
///
/// ```
/// use image::{GrayImage, Luma};
/// use inkbit::data::picture::{Wanted, find};
/// use inkbit_core::Frame;
/// let mut photo = GrayImage::from_pixel(60, 60, Luma([240]));
/// for row in 10..50 {
///     photo.put_pixel(30, row, Luma([20])); // a stroke of dark ink on light paper
///     photo.put_pixel(31, row, Luma([20]));
/// }
/// let found = find(&photo, Frame::mnist(28), Wanted::All).expect("there is something drawn");
/// assert_eq!((found.len(), found[0].place.left, found[0].place.height), (1, 30, 40));
/// assert!(found[0].image[14 * 28 + 14] > 100 && found[0].image[0] == 0);
/// ```
///
/// # Errors
///
/// If there is nothing drawn, or too much.
pub fn find(picture: &GrayImage, frame: Frame, wanted: Wanted) -> Result<Vec<Found>, Nothing> {
    let size = (picture.width() as usize, picture.height() as usize);
    let (mut bytes, mut labels) = (vec![0; BYTES], vec![0; LABELS]);
    let mut finder = Finder::new(picture.as_raw(), size, wanted, &mut bytes, &mut labels)?;
    let places: Vec<Digit> = finder.digits().collect();
    let found = places.into_iter().enumerate().map(|(number, place)| {
        let mut image = vec![0; frame.pixels()];
        finder.image(number, &mut image, frame);
        Found { place, image }
    });
    Ok(found.collect())
}
