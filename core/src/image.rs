//! From drawn ink to the input that a model was trained on, as MNIST was made: the ink scaled into
//! a box of 20/28 of the image and moved until its centre of mass is the middle. Integers only.
//!
//! Every image here is bytes row by row, 0 for background and 255 for ink. A slice that is too short is
//! completed with background and one that is too long is cut: nothing can fail.

use core::ops::Range;

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
    centre(out, side);
}

/// Makes an image of `side` × `side` pixels out of the ink on a canvas of any size: scaled, with
/// its proportions kept, until its longer side is 20/28 of `side`, and centred as by [`recentre`].
///
/// A canvas without ink gives an image without ink. Shrinking takes the exact mean over the area
/// of each pixel, enlarging interpolates linearly, and both round to nearest. The canvas may have
/// up to 2¹⁵ pixels a side.
///
/// ```
/// use inkbit_core::image::normalise;
/// let canvas = [0, 0, 80, 0, 80, 0]; // three rows of two
/// let mut out = [0; 28 * 28];
/// normalise(&canvas, 2, 3, &mut out, 28);
/// assert_eq!(out.chunks(28).filter(|row| row.iter().any(|&ink| ink > 0)).count(), 20);
/// ```
pub fn normalise(canvas: &[u8], width: usize, height: usize, out: &mut [u8], side: usize) {
    out.fill(0);
    let canvas = canvas.get(..width.saturating_mul(height)).unwrap_or(canvas);
    let Some(out) = out.get_mut(..side.saturating_mul(side)) else { return };
    let Some(ink) = Bounds::of(canvas, width) else { return };
    let longer = ink.width().max(ink.height());
    let scale = Scale { from: longer, to: ((20 * side + 14) / 28).max(1) };
    for row in 0..scale.length(ink.height()) {
        for column in 0..scale.length(ink.width()) {
            let mut sum = 0;
            for y in scale.window(row, ink.height()) {
                let height = scale.part(row, y);
                let start = (ink.top + y) * width + ink.left;
                for x in scale.window(column, ink.width()) {
                    let width = scale.part(column, x);
                    let ink = canvas.get(start + x).copied().unwrap_or_default();
                    sum += u64::from(u32::from(ink) * height) * u64::from(width);
                }
            }
            out.get_mut(row * side + column).into_iter().for_each(|to| *to = scale.mean(sum));
        }
    }
    centre(out, side);
}

/// Moves an image's centre of mass to the middle, in place.
fn centre(image: &mut [u8], side: usize) {
    let Some(((row, column), ink)) = centre_of_mass(image, side).zip(Bounds::of(image, side))
    else {
        return;
    };
    // No ink leaves the image, so the pixels that a move along the whole slice carries from one row
    // to the next are background.
    let middle = side / 2;
    let down = middle.saturating_sub(row).min(side - 1 - ink.bottom);
    let right = middle.saturating_sub(column).min(side - 1 - ink.right);
    let up = row.saturating_sub(middle).min(ink.top);
    let left = column.saturating_sub(middle).min(ink.left);
    let forward = down * side + right;
    let back = up * side + left;
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
struct Bounds {
    top: usize,
    bottom: usize,
    left: usize,
    right: usize,
}

impl Bounds {
    fn of(pixels: &[u8], width: usize) -> Option<Self> {
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

    const fn width(&self) -> usize {
        self.right - self.left + 1
    }

    const fn height(&self) -> usize {
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

    /// The mean of a sum over the window's area, rounded.
    fn mean(self, sum: u64) -> u8 {
        let area = (4 * (self.reach() as u64) * (self.reach() as u64)).max(1);
        divide(sum + area / 2, area) as u8
    }
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
mod tests {
    extern crate std;

    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// Rows of digits, each a tenth of full ink or so, separated by spaces.
    fn drawn(picture: &str) -> Vec<u8> {
        picture.bytes().filter(u8::is_ascii_digit).map(|digit| 28 * (digit - b'0')).collect()
    }

    fn normalised(canvas: &[u8], width: usize, side: usize) -> Vec<u8> {
        let mut out = vec![1; side * side];
        normalise(canvas, width, canvas.len().checked_div(width).unwrap_or(0), &mut out, side);
        out
    }

    #[test]
    fn recentring_restores_a_moved_image() {
        let mut image = vec![0; 28 * 28];
        for (row, column) in [(7, 14), (12, 10), (14, 14), (15, 15), (20, 17)] {
            image[row * 28 + column] = 200;
        }
        assert_eq!(centre_of_mass(&image, 28), Some((14, 14)));
        for (down, right) in (-3..=3).flat_map(|down| (-3..=3).map(move |right| (down, right))) {
            let mut moved = image.clone();
            let by: i32 = down * 28 + right;
            moved.rotate_right(by.rem_euclid(784) as usize);
            let mut out = vec![9; 784];
            recentre(&moved, 28, &mut out);
            assert_eq!(out, image, "moved by {down}, {right}");
        }
    }

    #[test]
    fn recentring_stops_before_ink_would_leave() {
        // The mass is at the left, and one faint pixel at the right edge holds it there.
        let image = drawn("00000 00000 90001 00000 00000");
        let mut out = vec![0; 25];
        recentre(&image, 5, &mut out);
        assert_eq!(out, image);
        let image = drawn("90000 90000 90010 00000 00000");
        recentre(&image, 5, &mut out);
        assert_eq!(out, drawn("00000 09000 09000 09001 00000"));
    }

    #[test]
    fn divisions_of_any_size_are_exact() {
        let numbers = [1, 2, 3, 255, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 40) + 7, (1 << 62) - 1];
        for dividend in numbers {
            for divisor in numbers {
                assert_eq!(divide(dividend, divisor), dividend / divisor, "{dividend}/{divisor}");
            }
        }
    }

    #[test]
    fn a_middle_between_two_pixels_is_the_later_one() {
        assert_eq!(centre_of_mass(&drawn("5500 5500"), 4), Some((1, 1)));
        assert_eq!(centre_of_mass(&drawn("0400 0500"), 4), Some((1, 1)));
        assert_eq!(centre_of_mass(&drawn("0500 0400"), 4), Some((0, 1)));
    }

    #[test]
    fn a_picture_of_seventeen_million_rows_has_its_middle_where_it_is() {
        let mut pixels = vec![0; 17_000_000];
        pixels[16_999_998] = 255;
        assert_eq!(centre_of_mass(&pixels, 1), Some((16_999_998, 0)));
        assert_eq!(centre_of_mass(&pixels, usize::MAX), Some((0, 16_999_998)));
    }

    #[test]
    fn no_ink_stays_no_ink_and_odd_sizes_do_no_harm() {
        assert_eq!(normalised(&[0; 64], 8, 28), vec![0; 784]);
        assert_eq!(normalised(&[], 0, 28), vec![0; 784]);
        for (width, height, side) in [(0, 3, 4), (3, 0, 4), (9, 9, 4), (4, 4, 0), (1, 16, 1)] {
            let mut out = [7; 17];
            normalise(&[255; 16], width, height, &mut out, side);
            recentre(&[255; 3], side, &mut out);
        }
        normalise(&[255; 16], usize::MAX, usize::MAX, &mut [0; 4], 2);
        normalise(&[255; 16], 4, 4, &mut [0; 3], usize::MAX);
        normalise(&[255; 16], 4, 4, &mut [], 28);
        assert_eq!(centre_of_mass(&[1, 2], 0), Some((1, 0)));
    }

    #[test]
    fn ink_of_the_right_size_is_only_moved() {
        let mut canvas = vec![0; 28 * 28];
        for step in 0..20 {
            canvas[step * 28 + step] = 1 + 12 * step as u8;
        }
        let mut moved = vec![0; 28 * 28];
        recentre(&canvas, 28, &mut moved);
        assert_eq!(normalised(&canvas, 28, 28), moved);
        assert_ne!(canvas, moved);
    }

    #[test]
    fn one_pixel_fills_the_box_and_is_strongest_in_its_middle() {
        let image = normalised(&[255], 1, 28);
        let peak = image.iter().max();
        for at in [13 * 28 + 13, 13 * 28 + 14, 14 * 28 + 13, 14 * 28 + 14] {
            assert_eq!(image.get(at), peak);
        }
        assert_eq!(Bounds::of(&image, 28).map(|ink| (ink.height(), ink.width())), Some((20, 20)));
    }

    #[test]
    fn proportions_are_kept_and_lines_stay_lines() {
        for length in [1, 2, 19, 20, 21, 40, 64, 333] {
            let line = vec![255; length];
            let ink = Bounds::of(&normalised(&line, length, 28), 28).expect("ink");
            assert_eq!((ink.width(), ink.height()), (20, 20_usize.div_ceil(length)), "{length}");
            let ink = Bounds::of(&normalised(&line, 1, 28), 28).expect("ink");
            assert_eq!((ink.width(), ink.height()), (20_usize.div_ceil(length), 20), "{length}");
        }
    }

    #[test]
    fn shrinking_by_a_whole_factor_is_the_mean_of_squares() {
        // 40 × 40 to 20 × 20 for an image of 28.
        let canvas: Vec<u8> = (0..1600_u32).map(|at| (at * 7919 % 251) as u8 + 1).collect();
        let image = normalised(&canvas, 40, 28);
        let ink = Bounds::of(&image, 28).expect("ink");
        for row in 0..20 {
            for column in 0..20 {
                let square = [0, 1, 40, 41].map(|at| u32::from(canvas[80 * row + 2 * column + at]));
                let mean = (square.iter().sum::<u32>() + 2) / 4;
                let found = image[(ink.top + row) * 28 + ink.left + column];
                assert_eq!(u32::from(found), mean, "{row}, {column}");
            }
        }
    }

    #[test]
    fn shrinking_keeps_the_ink_and_full_ink_stays_full() {
        for (width, height) in [(21, 21), (33, 20), (64, 64), (57, 101)] {
            let image = normalised(&vec![255; width * height], width, 28);
            let inside = image.iter().filter(|&&ink| ink == 255).count();
            let longer = width.max(height);
            assert_eq!(inside, (20 * width / longer) * (20 * height / longer), "{width}x{height}");
        }
    }

    #[test]
    fn other_sides_have_a_box_of_the_same_share() {
        for (side, longer) in [(1, 1), (2, 1), (12, 9), (14, 10), (16, 11), (28, 20), (112, 80)] {
            let ink = Bounds::of(&normalised(&[255; 50 * 50], 50, side), side).expect("ink");
            assert_eq!(ink.width(), longer, "side {side}");
        }
    }

    #[test]
    fn where_the_ink_lies_on_the_canvas_makes_no_difference() {
        let digit = drawn("0990 0900 0990 0090 9990");
        let expected = normalised(&digit, 4, 28);
        for (top, left) in [(0, 0), (0, 20), (25, 0), (25, 20), (13, 7)] {
            let mut canvas = vec![0; 24 * 30];
            for (row, line) in digit.chunks(4).enumerate() {
                let start = (top + row) * 24 + left;
                canvas[start..start + 4].copy_from_slice(line);
            }
            assert_eq!(normalised(&canvas, 24, 28), expected, "at {top}, {left}");
        }
    }
}
