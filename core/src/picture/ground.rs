//! The brightness of the paper.

use super::counts::Counts;
use super::{Size, at, set};

/// The noise, in levels, above which a picture is smoothed.
const SMOOTH: u8 = 4;

/// A difference that is never meant, in levels.
const FAINT: u8 = 16;

/// The longest stroke along a row or a column, in quarters of the picture's shorter side: what is longer both
/// ways is paper.
const WIDEST: usize = 3;

/// Makes a picture with noise smoother; returns the noise that is left, in levels.
pub(super) fn smooth(picture: &mut [u8], spare: &mut [u8], size: Size) -> u8 {
    let mut left = noise(picture, size);
    // Two rounds make a window of five pixels, more would close a small digit's loops.
    for _ in 0..2 {
        if left <= SMOOTH || size.shorter() < 64 {
            break;
        }
        for y in 0..size.height {
            for x in 0..size.width {
                let (mut sum, mut count) = (0_u32, 0_u32);
                for row in y.saturating_sub(1)..(y + 2).min(size.height) {
                    for column in x.saturating_sub(1)..(x + 2).min(size.width) {
                        sum += u32::from(at(picture, row * size.width + column));
                        count += 1;
                    }
                }
                set(spare, y * size.width + x, ((sum + count / 2) / count.max(1)) as u8);
            }
        }
        picture.iter_mut().zip(spare.iter()).for_each(|(to, from)| *to = *from);
        // Of nine pixels each, a third; neighbours are alike now, so their difference does not show it.
        left = left.div_ceil(3);
    }
    left
}

/// The standard deviation of noise, nearly: the median difference of two neighbours, of which fewer than half
/// are at an edge.
fn noise(picture: &[u8], size: Size) -> u8 {
    let rows = picture.chunks(size.width.max(1));
    let steps =
        rows.flat_map(|row| row.iter().zip(row.iter().skip(1)).map(|(a, b)| a.abs_diff(*b)));
    Counts::<256>::of(steps).quantile(1, 2) as u8
}

/// Finds the ground. If the ink is lighter than it, the picture is inverted.
pub(super) fn find(
    picture: &mut [u8],
    ground: &mut [u8],
    spare: &mut [u8],
    line: &mut [u8],
    size: Size,
) {
    let window = (size.shorter() * WIDEST / 4).max(3);
    close(picture, ground, line, size, window);
    invert(picture);
    close(picture, spare, line, size, window);
    invert(spare); // the lower envelope
    invert(picture);
    if !is_dark_on_light(picture, ground, spare) {
        invert(picture);
        invert(spare);
        ground.iter_mut().zip(spare.iter()).for_each(|(to, from)| *to = *from);
    }
}

fn invert(plane: &mut [u8]) {
    plane.iter_mut().for_each(|level| *level = 255 - *level);
}

/// Closes a picture: what is dark and shorter than `window` pixels, along its row or its column, takes the
/// brightness of what is around it.
fn close(picture: &[u8], closed: &mut [u8], line: &mut [u8], size: Size, window: usize) {
    let Size { width, height } = size;
    for y in 0..height {
        close_line(picture, line, (y * width, 1, width), window);
        for (x, &level) in line.iter().take(width).enumerate() {
            set(closed, y * width + x, level);
        }
    }
    for x in 0..width {
        close_line(picture, line, (x, width, height), window);
        for (y, &level) in line.iter().take(height).enumerate() {
            let place = y * width + x;
            let level = level.max(at(closed, place));
            set(closed, place, level);
        }
    }
}

/// Closes one line, of `length` pixels from `start` in steps of `step`, into the beginning of `line`.
fn close_line(
    picture: &[u8],
    line: &mut [u8],
    (start, step, length): (usize, usize, usize),
    window: usize,
) {
    // Beyond the border, the paper goes on as it is there: a dark band along it is paper.
    let beside = window - 1;
    let all = length + 2 * beside;
    for (place, to) in line.iter_mut().take(all).enumerate() {
        let from = place.saturating_sub(beside).min(length - 1);
        *to = at(picture, start + from * step);
    }
    let Some(line) = line.get_mut(..all) else { return };
    spread(line, window, u8::max);
    spread(line, window, u8::min);
}

/// Gives each pixel what `pick` chooses among it and those after it, `window` in all.
fn spread(line: &mut [u8], window: usize, pick: fn(u8, u8) -> u8) {
    let mut have = 1;
    while have < window {
        let step = have.min(window - have);
        for place in 0..line.len().saturating_sub(step) {
            let picked = pick(at(line, place), at(line, place + step));
            set(line, place, picked);
        }
        have += step;
    }
}

/// Whether the paper is the upper envelope: what lies around all that is drawn, where both envelopes come
/// together, has its brightness rather than that of the lower one.
fn is_dark_on_light(picture: &[u8], upper: &[u8], lower: &[u8]) -> bool {
    let apart = |upper: u8, lower: u8| upper.saturating_sub(lower);
    let planes =
        || picture.iter().zip(upper).zip(lower).map(|((level, up), low)| (*level, *up, *low));
    let distances = Counts::<256>::of(planes().map(|(_, up, low)| apart(up, low)));
    let drawn = (distances.quantile(998, 1_000) as u8 / 2).max(FAINT);
    let (mut ups, mut lows, mut within, mut beside, mut around) =
        (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    for (level, up, low) in planes() {
        let inside = apart(up, low) >= drawn;
        // On squared paper, something is drawn everywhere, and most of it is paper.
        let weight = if inside { 1 } else { 16 };
        beside += weight * u64::from(level);
        around += weight;
        if inside {
            (ups, lows, within) = (ups + u64::from(up), lows + u64::from(low), within + 1);
        }
    }
    // Means: beside / around against the middle of ups / within and lows / within.
    2 * beside * within >= (ups + lows) * around
}
