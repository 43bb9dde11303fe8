//! The background of a picture: its brightness if nothing were drawn on it.

use image::{GrayImage, imageops};

/// Terms of the surface: 1, x, y, x², xy, y².
const TERMS: usize = 6;

/// The longer side of the grid that the surface is fitted to.
const GRID: u32 = 64;

/// A difference from the background that is never ink, in levels of grey of 255.
const NO_INK: f64 = 6.0;

/// Rounds of fitting; it settles after four or five.
const ROUNDS: usize = 8;

/// Brightness of the background as a surface of second order: light that falls off towards the
/// corners or from one side.
pub(super) struct Background {
    terms: [f64; TERMS],
}

impl Background {
    /// Fits the surface to what looks most like background: most of the picture and of its border,
    /// whether the rest is darker or lighter.
    pub(super) fn of(picture: &GrayImage) -> Self {
        let grid = shrunk(picture, GRID);
        let (width, height) = grid.dimensions();
        let border = |x, y| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        // The border counts as much as the area: a digit may fill its picture, but not surround it.
        let border_pixels = grid.enumerate_pixels().filter(|&(x, y, _)| border(x, y)).count();
        let weight = grid.len() as f64 / border_pixels as f64;
        let samples: Vec<_> = grid
            .enumerate_pixels()
            .map(|(x, y, pixel)| Sample {
                terms: terms(x, y, width, height),
                level: f64::from(pixel.0[0]),
                weight: if border(x, y) { 1.0 + weight } else { 1.0 },
            })
            .collect();
        let mut levels: Vec<f64> = samples.iter().map(|sample| sample.level).collect();
        let agreeing = |fit: &Self| {
            let near = samples.iter().filter(|sample| fit.distance(sample) <= 2.0 * NO_INK);
            near.map(|sample| sample.weight).sum::<f64>()
        };
        [0.1, 0.5, 0.9]
            .map(|fraction| Self::fitted(&samples, quantile(&mut levels, fraction)))
            .into_iter()
            .max_by(|a, b| agreeing(a).total_cmp(&agreeing(b)))
            .expect("there are three fits")
    }

    /// Fits the surface to the samples near it, beginning with a background of `level` everywhere.
    fn fitted(samples: &[Sample], level: f64) -> Self {
        let mut fit = Self { terms: [level, 0.0, 0.0, 0.0, 0.0, 0.0] };
        for _ in 0..ROUNDS {
            let mut distances: Vec<_> = samples.iter().map(|sample| fit.distance(sample)).collect();
            let limit = (2.5 * deviation(&mut distances)).max(NO_INK);
            let near = samples.iter().filter(|sample| fit.distance(sample) <= limit);
            let Some(terms) = least_squares(near) else { break };
            fit.terms = terms;
        }
        fit
    }

    /// How far a sample is from the background, in levels.
    fn distance(&self, sample: &Sample) -> f64 {
        (sample.level - self.at(&sample.terms)).abs()
    }

    /// How much darker each pixel of a picture is than the background.
    pub(super) fn darker(&self, picture: &GrayImage) -> Vec<i16> {
        let (width, height) = picture.dimensions();
        let darker = picture.enumerate_pixels().map(|(x, y, pixel)| {
            let background = self.at(&terms(x, y, width, height)).round().clamp(0.0, 255.0);
            background as i16 - i16::from(pixel.0[0])
        });
        darker.collect()
    }

    fn at(&self, terms: &[f64; TERMS]) -> f64 {
        self.terms.iter().zip(terms).map(|(a, b)| a * b).sum()
    }
}

/// The picture itself, or a smaller one whose longer side is `longest`.
pub(super) fn shrunk(picture: &GrayImage, longest: u32) -> GrayImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= longest {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(longest) / u64::from(longer)).max(1);
    imageops::thumbnail(picture, scaled(width) as u32, scaled(height) as u32)
}

/// The terms at the middle of a pixel, in coordinates from −1 to 1.
fn terms(x: u32, y: u32, width: u32, height: u32) -> [f64; TERMS] {
    let place = |at: u32, length: u32| (2.0 * f64::from(at) + 1.0) / f64::from(length) - 1.0;
    let (x, y) = (place(x, width), place(y, height));
    [1.0, x, y, x * x, x * y, y * y]
}

struct Sample {
    terms: [f64; TERMS],
    level: f64,
    weight: f64,
}

/// The value below which this fraction of the values lies.
fn quantile(values: &mut [f64], fraction: f64) -> f64 {
    let at = (values.len() as f64 * fraction) as usize;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

/// The standard deviation of noise from its absolute values, of which up to half may be ink
/// instead: a quarter of normal noise is within 0.3186 standard deviations.
pub(super) fn deviation(absolute: &mut [f64]) -> f64 {
    quantile(absolute, 0.25) / 0.3186
}

/// The surface that is nearest to the samples; `None` if they do not determine one.
fn least_squares<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<[f64; TERMS]> {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for Sample { terms, level, .. } in samples {
        for (row, a) in rows.iter_mut().zip(terms) {
            for (cell, b) in row.iter_mut().zip(terms.iter().chain([level])) {
                *cell += a * b;
            }
        }
    }
    // Gauss-Jordan elimination, the greatest pivot first.
    for at in 0..TERMS {
        let pivot = (at..TERMS).max_by(|&a, &b| rows[a][at].abs().total_cmp(&rows[b][at].abs()))?;
        rows.swap(at, pivot);
        let pivot = rows[at];
        if pivot[at].abs() < 1e-6 {
            return None;
        }
        for (number, row) in rows.iter_mut().enumerate() {
            if number != at {
                let factor = row[at] / pivot[at];
                row.iter_mut().zip(pivot).for_each(|(cell, above)| *cell -= factor * above);
            }
        }
    }
    Some(std::array::from_fn(|at| rows[at][TERMS] / rows[at][at]))
}
