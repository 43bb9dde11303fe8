//! From drawn ink to the image that a model was trained on, laid out as its training images were:
//! MNIST's ink is scaled into a box of 20/28 of the image and moved until its centre of mass is the
//! middle. Integers only.
//!
//! Every image here is bytes row by row, 0 for background and 255 for ink. A slice that is too short is
//! completed with background and one that is too long is cut: nothing can fail.

use core::ops::Range;

use crate::sample::{Frame, Layout};
use crate::shape::MAX_SIDE;

/// The most pixels of a canvas along either axis.
pub const MAX_CANVAS: usize = 1 << 15;

/// Where the mass of the ink is, as (row, column) rounded to the nearest pixel, half up; `None` if
/// there is no ink.
///
/// ```
/// use inkbit_core::image::centre_of_mass;
/// assert_eq!(centre_of_mass(&[0, 0, 0, 0, 9, 9], 3), Some((1, 2))); // row 1, column 1.5
/// assert_eq!(centre_of_mass(&[0; 6], 3), None);
/// ```
pub fn centre_of_mass(pixels: &[u8], width: usize) -> Option<(usize, usize)> {
    let (mut mass, mut by_row, mut by_column) = (0_u64, 0_u64, 0_u64);
    let (mut row, mut column) = (0_usize, 0_usize);
    for &ink in pixels {
        if ink > 0 {
            let ink = u64::from(ink);
            mass += ink;
            by_row += ink * row as u64;
            by_column += ink * column as u64;
        }
        column += 1;
        if column >= width {
            (row, column) = (row + 1, 0);
        }
    }
    let rounded = |moment: u64| (mass > 0).then(|| divide(2 * moment + mass, 2 * mass) as usize);
    Some((rounded(by_row)?, rounded(by_column)?))
}

/// Copies an image of `side` × `side` pixels to `out` so that the rounded centre of mass comes to
/// lie on pixel (side / 2, side / 2), or as near as it can without cutting off ink.
///
/// An image from MNIST's test set does not change.
///
/// ```
/// use inkbit_core::image::recentre;
/// let mut out = [0; 9];
/// recentre(&[7, 0, 0, 0, 0, 0, 0, 0, 0], 3, &mut out);
/// assert_eq!(out, [0, 0, 0, 0, 7, 0, 0, 0, 0]);
/// ```
pub fn recentre(source: &[u8], side: usize, out: &mut [u8]) {
    let source = source.iter().copied().chain(core::iter::repeat(0));
    out.iter_mut().zip(source).for_each(|(to, from)| *to = from);
    let Some(out) = out.get_mut(..side.saturating_mul(side)) else { return };
    centre(out, side, side);
}

/// Makes an image for a model out of a canvas of any size, as the frame says that ink lies.
///
/// A canvas without ink gives an image without ink. Shrinking takes the exact mean over the area
/// of each pixel, enlarging interpolates linearly, and both round to nearest. A canvas with more than
/// [`MAX_CANVAS`] pixels a side, or a frame with more than [`MAX_SIDE`], gives an image without ink. Ink that a
/// frame would have larger than itself is as large as its smaller side.
///
/// ```
/// use inkbit_core::{Frame, Layout, image::lay};
/// let canvas = [0, 0, 80, 0, 80, 0]; // three rows of two
/// let mut out = [0; 28 * 28];
/// let rows = |out: &[u8]| out.chunks(28).filter(|row| row.iter().any(|&ink| ink > 0)).count();
/// lay(&canvas, 2, 3, &mut out, Frame::mnist(28));
/// assert_eq!(rows(&out), 20);
/// lay(&canvas, 2, 3, &mut out, Frame { layout: Layout::Fitted, ..Frame::mnist(28) });
/// assert_eq!(rows(&out), 28);
/// ```
pub fn lay(canvas: &[u8], width: usize, height: usize, out: &mut [u8], frame: Frame) {
    out.fill(0);
    let canvas = canvas.get(..width.saturating_mul(height)).unwrap_or(canvas);
    let Some(out) = out.get_mut(..frame.pixels()) else { return };
    let (wide, high) = (usize::from(frame.width), usize::from(frame.height));
    if width.max(height) > MAX_CANVAS || wide.max(high) > usize::from(MAX_SIDE) {
        return;
    }
    let Some(mut ink) = Bounds::of(canvas, width) else { return };
    let mut room = [wide, high];
    match frame.layout {
        Layout::AsItIs => ink = Bounds { top: 0, bottom: height - 1, left: 0, right: width - 1 },
        Layout::Fitted => {}
        Layout::Centred { ink } => room = [usize::from(ink).min(wide).min(high).max(1); 2],
    }
    let mut scales =
        [Scale { from: ink.width(), to: room[0] }, Scale { from: ink.height(), to: room[1] }];
    if frame.layout != Layout::AsItIs {
        // Proportions are kept: by the scale of the axis along which less fits.
        let is_wide = ink.width() * room[1] >= ink.height() * room[0];
        let [across, down] = scales;
        scales = [if is_wide { across } else { down }; 2];
    }
    let [across, down] = scales;
    let left = wide.saturating_sub(across.length(ink.width())) / 2;
    let top = high.saturating_sub(down.length(ink.height())) / 2;
    scaled(canvas, width, &ink, scales, Rows { pixels: out, width: wide }, [left, top]);
    if matches!(frame.layout, Layout::Centred { .. }) {
        centre(out, wide, high);
    }
}

/// Pixels of an image, row by row.
struct Rows<'o> {
    pixels: &'o mut [u8],
    width: usize,
}

/// Scales what lies within `bounds` of a canvas of rows of `width` pixels, along each axis, to the
/// place of an image that begins at `left` and `top`.
fn scaled(
    canvas: &[u8],
    width: usize,
    bounds: &Bounds,
    [across, down]: [Scale; 2],
    Rows { pixels, width: wide }: Rows<'_>,
    [left, top]: [usize; 2],
) {
    for row in 0..down.length(bounds.height()) {
        for column in 0..across.length(bounds.width()) {
            let mut sum = 0;
            for y in down.window(row, bounds.height()) {
                let height = down.part(row, y);
                let start = (bounds.top + y) * width + bounds.left;
                for x in across.window(column, bounds.width()) {
                    let width = across.part(column, x);
                    let ink = canvas.get(start + x).copied().unwrap_or_default();
                    sum += u64::from(u32::from(ink) * height) * u64::from(width);
                }
            }
            let place = (top + row) * wide + left + column;
            pixels.get_mut(place).into_iter().for_each(|to| *to = mean(sum, across, down));
        }
    }
}

/// Moves an image's centre of mass to the middle, in place.
fn centre(image: &mut [u8], width: usize, height: usize) {
    let Some(((row, column), ink)) = centre_of_mass(image, width).zip(Bounds::of(image, width))
    else {
        return;
    };
    // No ink leaves the image, so the pixels that a move along the whole slice carries from one row
    // to the next are background.
    let down = (height / 2).saturating_sub(row).min(height - 1 - ink.bottom);
    let right = (width / 2).saturating_sub(column).min(width - 1 - ink.right);
    let up = row.saturating_sub(height / 2).min(ink.top);
    let left = column.saturating_sub(width / 2).min(ink.left);
    let forward = down * width + right;
    let back = up * width + left;
    let length = image.len();
    for place in 0..length {
        // From the end that nothing is copied to.
        let to = if forward > back { length - 1 - place } else { place };
        copy(image, (to + back).checked_sub(forward), to);
    }
}

/// Copies one pixel, or background if there is none to copy.
fn copy(image: &mut [u8], from: Option<usize>, to: usize) {
    let ink = from.and_then(|from| image.get(from)).copied().unwrap_or_default();
    if let Some(to) = image.get_mut(to) {
        *to = ink;
    }
}

/// The rows and columns that have ink, first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Bounds {
    pub(crate) fn of(pixels: &[u8], width: usize) -> Option<Self> {
        let mut bounds: Option<Self> = None;
        let (mut row, mut column) = (0, 0);
        for &ink in pixels {
            if ink > 0 {
                let so_far =
                    bounds.unwrap_or(Self { top: row, bottom: row, left: column, right: column });
                bounds = Some(Self {
                    bottom: row,
                    left: so_far.left.min(column),
                    right: so_far.right.max(column),
                    ..so_far
                });
            }
            column += 1;
            if column >= width {
                (row, column) = (row + 1, 0);
            }
        }
        bounds
    }

    pub(crate) const fn width(&self) -> usize {
        self.right - self.left + 1
    }

    pub(crate) const fn height(&self) -> usize {
        self.bottom - self.top + 1
    }
}

/// A scaling that makes `to` pixels out of `from`, along either axis.
///
/// Each new pixel is the mean over a window around its own place that is as wide as itself when
/// shrinking, and as wide as an old pixel when enlarging, which is linear interpolation. Positions
/// are counted in parts of which an old pixel has 2 × `to` and a new one 2 × `from`.
///
/// Nothing that is divided by is ever 0. The `max(1)` say so to the compiler, which else has a
/// device panic there.
#[derive(Clone, Copy)]
struct Scale {
    from: usize,
    to: usize,
}

impl Scale {
    /// New pixels that `old` ones reach into.
    fn length(self, old: usize) -> usize {
        (old * self.to).div_ceil(self.from.max(1))
    }

    /// Half the width of a window, in parts.
    const fn reach(self) -> usize {
        if self.from > self.to { self.from } else { self.to }
    }

    /// Where the window of a new pixel begins and ends, in parts.
    const fn ends(self, new: usize) -> (usize, usize) {
        let (middle, reach) = ((2 * new + 1) * self.from, self.reach());
        (middle.saturating_sub(reach), middle + reach)
    }

    /// The old pixels, of `length` in all, in the window of a new one.
    #[inline(never)]
    fn window(self, new: usize, length: usize) -> Range<usize> {
        let pixel = (2 * self.to).max(1);
        let (start, end) = self.ends(new);
        start / pixel..end.div_ceil(pixel).min(length)
    }

    /// How many parts of an old pixel are in the window of a new one.
    #[inline(never)]
    fn part(self, new: usize, old: usize) -> u32 {
        let pixel = 2 * self.to;
        let (start, end) = self.ends(new);
        (end.min((old + 1) * pixel) - start.max(old * pixel)) as u32
    }
}

/// The mean of a sum over the area of a window, rounded.
fn mean(sum: u64, across: Scale, down: Scale) -> u8 {
    let area = (4 * (across.reach() as u64) * (down.reach() as u64)).max(1);
    divide(sum + area / 2, area) as u8
}

/// The quotient, rounded down, of a division by a number that is not 0.
///
/// Numbers of 64 bits are divided bit by bit: images of a device need it never, and the library's
/// quicker division would take a kilobyte of its flash.
fn divide(dividend: u64, divisor: u64) -> u64 {
    if let (Ok(dividend), Ok(divisor)) = (u32::try_from(dividend), u32::try_from(divisor)) {
        return u64::from(dividend / divisor.max(1));
    }
    let (mut quotient, mut rest) = (0, 0);
    for bit in (0..64).rev() {
        // Dividends are below 2⁶³, so this does not overflow.
        rest = rest << 1 | dividend >> bit & 1;
        if rest >= divisor {
            rest -= divisor;
            quotient |= 1 << bit;
        }
    }
    quotient
}

#[cfg(test)]
mod tests;
