//! The digits on a picture: found on paper of any tone, in any light, and made into images as models
//! are trained on. Integers only, in memory that the caller gives.
//!
//! A picture is bytes row by row, 0 for black and 255 for white. What is found does not depend on its
//! size: it is reduced to [`LONGEST`] pixels first. Then
//!
//! 1. *ground*: the paper's brightness at every pixel, by a morphological closing along rows and columns,
//!    which keeps the edge of a shadow and removes whatever is thinner than a stroke may be (Serra, *Image
//!    Analysis and Mathematical Morphology*, 1982);
//! 2. *ink*: how much darker than its ground a pixel is, in parts of 255, so that a stroke in a shadow has
//!    as much of it as one in the light, and the threshold of Otsu's method;
//! 3. *lines*: frames, rulings and axes are straight, and longer or thinner than a digit's strokes;
//! 4. *regions*: connected ink, joined into digits, in reading order.

mod counts;
mod digits;
mod ground;
mod groups;
mod ink;
mod lines;
mod pen;
mod regions;

use core::fmt;

pub use digits::{Digit, MAX_DIGITS};
pub use pen::image;

use digits::Digits;

use crate::sample::Frame;

/// The longer side, in pixels, that a picture is reduced to. A digit that takes up a twentieth of it still
/// has as many pixels as a model's image.
pub const LONGEST: usize = 768;

/// The shorter side, in pixels, below which a picture is that of one digit: an image as a model takes it, or
/// little more.
const SMALL: usize = 48;

/// Bytes of memory for a picture of any size.
pub const BYTES: usize = 3 * LONGEST * LONGEST + SPARE;

/// Numbers of memory for a picture of any size.
pub const LABELS: usize = LONGEST * LONGEST;

/// What [`image`] needs, which also holds a line of pixels with room on both sides for a window.
const SPARE: usize = 2 * 128 * 128;

/// Why there is no digit on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// It has no pixels, or fewer than its size says.
    Empty,
    /// All pixels are paper.
    Blank,
    /// There are marks everywhere, or more digits than [`MAX_DIGITS`].
    Crowded,
}

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the picture has no pixels, or fewer than its size says",
            Self::Blank => "the picture is blank",
            Self::Crowded => "the picture has marks everywhere, or too many digits",
        })
    }
}

impl core::error::Error for Nothing {}

/// Which digits of a picture are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Each one that is found.
    All,
    /// The one that all ink belongs to.
    One,
}

/// A picture's width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Size {
    const fn pixels(self) -> usize {
        self.width.saturating_mul(self.height)
    }

    const fn shorter(self) -> usize {
        if self.width < self.height { self.width } else { self.height }
    }

    const fn longer(self) -> usize {
        if self.width < self.height { self.height } else { self.width }
    }

    /// The size that a picture of this size is reduced to.
    fn reduced(self) -> Self {
        let longer = self.longer().max(1);
        if longer <= LONGEST {
            return self;
        }
        let scaled = |side: usize| (side.saturating_mul(LONGEST) / longer).max(1);
        Self { width: scaled(self.width), height: scaled(self.height) }
    }
}

/// A pixel, or background if there is none.
fn at<T: Copy + Default>(plane: &[T], place: usize) -> T {
    plane.get(place).copied().unwrap_or_default()
}

/// Sets a pixel, if there is one.
fn set<T>(plane: &mut [T], place: usize, value: T) {
    if let Some(pixel) = plane.get_mut(place) {
        *pixel = value;
    }
}

/// What is found on a picture.
#[derive(Debug)]
pub struct Finder<'m> {
    source: Size,
    size: Size,
    ink: &'m mut [u8],
    labels: &'m mut [u16],
    drawing: &'m mut [u8],
    spare: &'m mut [u8],
    digits: Digits,
}

impl<'m> Finder<'m> {
    /// Looks for digits, dark on light or light on dark, on a picture of `width` × `height` pixels, with
    /// [`BYTES`] and [`LABELS`] of memory. On a picture of under 48 pixels, all that is drawn
    /// is one digit.
    ///
    /// # Errors
    ///
    /// If there is nothing; also if the memory is too small.
    pub fn new(
        grey: &[u8],
        (width, height): (usize, usize),
        wanted: Wanted,
        bytes: &'m mut [u8],
        labels: &'m mut [u16],
    ) -> Result<Self, Nothing> {
        let source = Size { width, height };
        let size = source.reduced();
        let pixels = size.pixels();
        if source.pixels() == 0 || grey.len() < source.pixels() {
            return Err(Nothing::Empty);
        }
        let (picture, rest) = bytes.split_at_mut_checked(pixels).ok_or(Nothing::Empty)?;
        let (ground, rest) = rest.split_at_mut_checked(pixels).ok_or(Nothing::Empty)?;
        let (ink, spare) = rest.split_at_mut_checked(pixels).ok_or(Nothing::Empty)?;
        let labels = labels.get_mut(..pixels).ok_or(Nothing::Empty)?;
        shrink(grey, source, picture, size);
        let noise = ground::smooth(picture, ground, size);
        ground::find(picture, ground, ink, spare, size);
        let found = ink::levels(picture, ground, ink, noise)?;
        // The picture's plane has the marks of lines from here on.
        lines::remove(ink, picture, size, found);
        let regions = regions::find(ink, labels, size, found)?;
        let one = wanted == Wanted::One || size.shorter() < SMALL;
        let digits = Digits::of(regions, size, one)?;
        if digits.is_empty() {
            return Err(Nothing::Blank);
        }
        digits.deepen(ink, labels, size, found);
        Ok(Self { source, size, ink, labels, drawing: ground, spare, digits })
    }

    /// The digits in reading order.
    pub fn digits(&self) -> impl ExactSizeIterator<Item = Digit> + '_ {
        self.digits.iter().map(|digit| digit.scaled(self.size, self.source))
    }

    /// Makes an image for a model, 0 for background and 255 for ink, of digit number `number`: laid out
    /// as the frame says, and with strokes as wide as those that models are trained on.
    pub fn image(&mut self, number: usize, out: &mut [u8], frame: Frame) {
        out.fill(0);
        let Some(digit) = self.digits.iter().nth(number).copied() else { return };
        let mut length = 0;
        for y in digit.top..digit.top + digit.height {
            for x in digit.left..digit.left + digit.width {
                let place = y * self.size.width + x;
                let own = self.digits.owner(at(self.labels, place)) == Some(number);
                set(self.drawing, length, if own { at(self.ink, place) } else { 0 });
                length += 1;
            }
        }
        pen::image(self.drawing, digit.width, digit.height, self.spare, out, frame);
    }
}

/// Reduces a picture. Each new pixel is the mean of the old pixels in its place.
fn shrink(from: &[u8], source: Size, to: &mut [u8], size: Size) {
    if source == size {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        return;
    }
    let range = |at: usize, old: usize, new: usize| {
        let start = at * old / new.max(1);
        start..((at + 1) * old / new.max(1)).max(start + 1)
    };
    for y in 0..size.height {
        for x in 0..size.width {
            let (mut sum, mut count) = (0_u64, 0_u64);
            for row in range(y, source.height, size.height) {
                let columns = range(x, source.width, size.width);
                let line = row * source.width;
                for &pixel in from.get(line + columns.start..line + columns.end).unwrap_or(&[]) {
                    sum += u64::from(pixel);
                    count += 1;
                }
            }
            set(to, y * size.width + x, ((sum + count / 2) / count.max(1)) as u8);
        }
    }
}
