//! From the ink of one digit to a model's input.

use super::counts::Counts;
use super::{at, set};
use crate::image::{Bounds, lay};
use crate::sample::Frame;

/// Strokes that are thinner are drawn anew, in 64ths of a pixel of a digit that is 20 high: only one in a
/// thousand of MNIST's is thinner.
const THIN: u64 = 86;

/// The width that they are drawn with, in the same unit: the median of MNIST's.
const USUAL: u64 = 160;

/// Side length of the canvas on which strokes are drawn anew, so that a radius in whole pixels is fine enough.
const FINE: usize = 112;

/// Pixels of that canvas for a pixel of the digit.
const FINER: u64 = 4;

/// Makes an image for a model of a drawing of `width` × `height`, 0 for background and 255 for ink: laid out as
/// the frame says, and with strokes that are not much thinner than MNIST's. `spare` is memory of twice 128 × 128
/// pixels; in less, thin strokes stay thin.
pub fn image(
    drawing: &[u8],
    width: usize,
    height: usize,
    spare: &mut [u8],
    out: &mut [u8],
    frame: Frame,
) {
    // No more rows than there are.
    let height = height.min(drawing.len().div_ceil(width.max(1)));
    let width = width.min(drawing.len());
    let stroke = stroke_width(drawing, width, height);
    let radius = ((USUAL.saturating_sub(stroke)) * FINER + 64) / 128;
    let wide = FINE + 2 * radius as usize;
    let fine = spare
        .split_at_mut_checked(FINE * FINE)
        .and_then(|(small, rest)| Some((small, rest.get_mut(..wide * wide)?)));
    let Some((small, thick)) = fine.filter(|_| stroke < THIN) else {
        return lay(drawing, width, height, out, frame);
    };
    lay(drawing, width, height, small, Frame::mnist(FINE as u16));
    thicken(small, thick, radius as usize);
    lay(thick, wide, wide, out, frame);
}

/// The mean width of the strokes if the longer side of the drawing were 20 pixels, in 64ths of one.
fn stroke_width(drawing: &[u8], width: usize, height: usize) -> u64 {
    let drawing = drawing.get(..width * height).unwrap_or(drawing);
    let Some(bounds) = Bounds::of(drawing, width) else { return 0 };
    let (mut ink, mut steps) = (0_u64, 0_u64);
    for row in 0..height {
        for column in 0..width {
            let place = row * width + column;
            let pixel = at(drawing, place);
            let right = if column + 1 < width { at(drawing, place + 1) } else { 0 };
            let below = if row + 1 < height { at(drawing, place + width) } else { 0 };
            steps += u64::from(pixel.abs_diff(right)) + u64::from(pixel.abs_diff(below));
            ink += u64::from(pixel);
        }
    }
    // A stroke has two edges, so its length is half the sum of all steps in brightness. The count along rows and
    // columns is 4/π too large, averaged over directions: 355/113 is π to six places.
    let longer = bounds.width().max(bounds.height()) as u64;
    ink * 20 * 64 * 2 * 4 * 113 / (steps * 355 * longer).max(1)
}

/// Gives every pixel the darkest ink within a radius, and scales the strokes back to full ink.
fn thicken(small: &[u8], thick: &mut [u8], radius: usize) {
    let wide = FINE + 2 * radius;
    thick.fill(0);
    for (place, &ink) in small.iter().enumerate().filter(|(_, ink)| **ink > 0) {
        let (x, y) = (place % FINE, place / FINE);
        for down in 0..=2 * radius {
            for right in 0..=2 * radius {
                let (dx, dy) = (right.abs_diff(radius), down.abs_diff(radius));
                if dx * dx + dy * dy <= radius * radius {
                    let to = (y + down) * wide + x + right;
                    let ink = ink.max(at(thick, to));
                    set(thick, to, ink);
                }
            }
        }
    }
    // Scaling has made strokes that are thinner than a pixel faint.
    let inked = Counts::<256>::of(thick.iter().copied().filter(|ink| *ink > 0));
    let full = (inked.quantile(1, 2) as u16).max(1);
    for ink in thick {
        *ink = (u16::from(*ink) * 255 / full).min(255) as u8;
    }
}
