//! Separates ink from the background of a picture.

use image::GrayImage;
use inkbit_core::image::normalise;

use super::background::{Background, deviation, shrunk};

/// The longer side, in pixels, that a picture is reduced to first. This keeps enough of a digit
/// that takes up a twentieth of the picture, and removes noise.
const LONGEST: u32 = 1024;

/// The least difference of ink from the background, in levels of grey of 255: less contrast is not
/// meant.
const FAINT: i16 = 16;

/// Ink on a canvas, 0 for background and 255 for full ink.
pub(super) struct Drawing {
    width: usize,
    pixels: Vec<u8>,
}

/// Finds what is drawn on a picture; `None` if it is blank.
pub(super) fn find(picture: &GrayImage) -> Option<Drawing> {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return None;
    }
    let picture = shrunk(picture, LONGEST);
    let width = picture.width() as usize;
    let darker = Background::of(&picture).darker(&picture);
    let mut off: Vec<f64> = darker.iter().map(|level| f64::from(level.abs())).collect();
    let noise = deviation(&mut off).round() as i16;
    let lighter: Vec<i16> = darker.iter().map(|level| -level).collect();
    [darker, lighter]
        .into_iter()
        .filter_map(|levels| strokes(&levels, width, noise))
        .max_by_key(|(mass, _)| *mass)
        .map(|(_, drawing)| drawing)
}

/// The strokes among levels that are positive where there may be ink, and their mass.
fn strokes(levels: &[i16], width: usize, noise: i16) -> Option<(u64, Drawing)> {
    let sure = otsu(levels)?.max(FAINT).max(6 * noise);
    let faintest = background_limit(levels, width, sure).max(sure / 16);
    let regions = regions(levels, width, faintest, sure);
    let kept = meant(&regions, levels.len() / width);
    let full = full_ink(levels, &kept, sure)?;
    // Out-of-focus edges would make a large drawing larger than its ink. In a drawing of the
    // model's own size the faint edges are half-covered pixels and belong to it.
    let blur = sure / 2 * extent(&kept, width).min(160) as i16 / 160;
    let mut pixels = vec![0; levels.len()];
    let mut mass = 0;
    let inked = kept.iter().flat_map(|region| &region.pixels);
    for &at in inked.filter(|&&at| levels[at] >= blur) {
        mass += levels[at] as u64;
        pixels[at] = (i32::from(levels[at]) * 255 / i32::from(full)).min(255) as u8;
    }
    Some((mass, Drawing { width, pixels }))
}

/// The level that nearly all background stays below: noise, ruled lines, smears of a JPEG. Only
/// pixels far from any sure ink count, so that the soft edges of strokes do not.
fn background_limit(levels: &[i16], width: usize, sure: i16) -> i16 {
    let height = levels.len() / width;
    let near = 2 + width.max(height) / 64;
    let mut is_near = vec![false; levels.len()];
    for (row, line) in levels.chunks(width).enumerate() {
        // Columns that the ink before has marked are not marked again.
        let mut done = 0;
        for (column, _) in line.iter().enumerate().filter(|&(_, &level)| level >= sure) {
            let columns = done.max(column.saturating_sub(near))..(column + near + 1).min(width);
            done = columns.end;
            for row in row.saturating_sub(near)..(row + near + 1).min(height) {
                is_near[row * width + columns.start..row * width + columns.end].fill(true);
            }
        }
    }
    let far = levels.iter().zip(is_near).filter(|&(_, near)| !near);
    let background: Vec<i16> = far.map(|(&level, _)| level).collect();
    quantile(background, 99, 100).map_or(0, |level| level + 1)
}

/// The threshold that separates ink from background best (Otsu's method); `None` if there are not
/// two levels.
fn otsu(levels: &[i16]) -> Option<i16> {
    let mut counts = [0_u64; 256];
    for &level in levels {
        counts[level.clamp(0, 255) as usize] += 1;
    }
    let total: u64 = counts.iter().sum();
    let moment = |counts: &[u64]| (0_u64..).zip(counts).map(|(level, n)| level * n).sum::<u64>();
    let all = moment(&counts) as f64;
    let (mut below, mut sum) = (0_u64, 0_u64);
    let mut best = None;
    for (level, &count) in counts.iter().enumerate() {
        below += count;
        sum += level as u64 * count;
        let above = total - below;
        if below == 0 || above == 0 {
            continue;
        }
        let apart = sum as f64 / below as f64 - (all - sum as f64) / above as f64;
        let variance = below as f64 * above as f64 * apart * apart;
        if best.is_none_or(|(most, _)| variance > most) {
            best = Some((variance, level as i16 + 1));
        }
    }
    best.map(|(_, level)| level)
}

/// Connected pixels.
#[derive(Default)]
struct Region {
    pixels: Vec<usize>,
    mass: u64,
    /// How many of them are at the picture's border.
    at_border: usize,
}

/// Regions of at least `faintest` that contain something `sure`, diagonals included.
fn regions(levels: &[i16], width: usize, faintest: i16, sure: i16) -> Vec<Region> {
    let height = levels.len() / width;
    let mut seen: Vec<bool> = levels.iter().map(|&level| level < faintest).collect();
    let mut found = Vec::new();
    for start in 0..levels.len() {
        if levels[start] < sure || seen[start] {
            continue;
        }
        let mut region = Region { pixels: vec![start], ..Region::default() };
        seen[start] = true;
        let mut next = 0;
        while let Some(&at) = region.pixels.get(next) {
            next += 1;
            region.mass += levels[at] as u64;
            let (row, column) = (at / width, at % width);
            region.at_border +=
                usize::from(row == 0 || column == 0 || row == height - 1 || column == width - 1);
            for row in row.saturating_sub(1)..(row + 2).min(height) {
                for column in column.saturating_sub(1)..(column + 2).min(width) {
                    let neighbour = row * width + column;
                    if !seen[neighbour] {
                        seen[neighbour] = true;
                        region.pixels.push(neighbour);
                    }
                }
            }
        }
        found.push(region);
    }
    found
}

/// The regions that are meant: without those that reach in from the picture's border, if any others
/// are left, and without specks.
fn meant(regions: &[Region], height: usize) -> Vec<&Region> {
    // The desk beside the paper or a shadow takes a good part of the border; a stroke that leaves
    // the picture does not.
    let inside = |region: &&Region| region.at_border * 5 < height;
    let mut kept: Vec<&Region> = regions.iter().filter(inside).collect();
    if kept.is_empty() {
        kept = regions.iter().collect();
    }
    let speck = kept.iter().map(|region| region.mass).max().unwrap_or_default() / 50;
    kept.retain(|region| region.mass > speck);
    kept
}

/// The longer side of the area that the regions cover.
fn extent(regions: &[&Region], width: usize) -> usize {
    let length = |place: fn(usize, usize) -> usize| {
        let places = || regions.iter().flat_map(|r| &r.pixels).map(|&at| place(at, width));
        places().max().zip(places().min()).map_or(0, |(last, first)| last - first + 1)
    };
    length(|at, width| at / width).max(length(|at, width| at % width))
}

/// The level of full ink: three quarters of the sure ink are below it.
fn full_ink(levels: &[i16], regions: &[&Region], sure: i16) -> Option<i16> {
    let pixels = regions.iter().flat_map(|region| &region.pixels);
    quantile(pixels.map(|&at| levels[at]).filter(|&level| level >= sure).collect(), 3, 4)
}

/// The value below which `part` of `whole` of the values lie; `None` if there are none.
fn quantile<T: Ord + Copy>(mut values: Vec<T>, part: usize, whole: usize) -> Option<T> {
    let at = values.len() * part / whole;
    (!values.is_empty()).then(|| *values.select_nth_unstable(at).1)
}

/// Thinner strokes are drawn anew, in pixels of a digit that is 20 high: only one in a thousand of
/// MNIST's is thinner.
const THIN: f64 = 1.35;

/// The width that they are drawn with, in the same pixels: the median of MNIST's.
const USUAL: f64 = 2.5;

/// How much larger than 28 × 28 a drawing is while its strokes are drawn anew, so that a radius in
/// whole pixels is fine enough.
const FINER: usize = 4;

impl Drawing {
    /// The drawing as an image of `side` × `side` pixels, in the form that models are trained on.
    pub(super) fn normalised(&self, side: usize) -> Vec<u8> {
        let width = self.stroke_width();
        if width >= THIN {
            return self.scaled(side).pixels;
        }
        let radius = (USUAL - width) / 2.0 * FINER as f64;
        self.scaled(28 * FINER).thickened(radius.round() as usize).scaled(side).pixels
    }

    fn scaled(&self, side: usize) -> Self {
        let mut pixels = vec![0; side * side];
        normalise(&self.pixels, self.width, self.height(), &mut pixels, side);
        Self { width: side, pixels }
    }

    fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    /// Mean width of the strokes if the longer side of the drawing were 20 pixels.
    fn stroke_width(&self) -> f64 {
        let at = |row: usize, column: usize| self.pixels[row * self.width + column];
        let (mut ink, mut steps) = (0_u64, 0_u64);
        let (mut rows, mut columns) = ((usize::MAX, 0), (usize::MAX, 0));
        for row in 0..self.height() {
            for column in 0..self.width {
                let pixel = at(row, column);
                let right = if column + 1 < self.width { at(row, column + 1) } else { 0 };
                let below = if row + 1 < self.height() { at(row + 1, column) } else { 0 };
                steps += u64::from(pixel.abs_diff(right)) + u64::from(pixel.abs_diff(below));
                if pixel > 0 {
                    ink += u64::from(pixel);
                    rows = (rows.0.min(row), row);
                    columns = (columns.0.min(column), columns.1.max(column));
                }
            }
        }
        // A stroke has two edges, so its length is half the sum of all steps in brightness. The
        // count along rows and columns is 4/π too large, averaged over directions.
        let length = steps as f64 / 2.0 * std::f64::consts::FRAC_PI_4;
        let longer = (rows.1 - rows.0).max(columns.1 - columns.0) + 1;
        ink as f64 / length * 20.0 / longer as f64
    }

    /// Gives every pixel the darkest ink within a radius, and scales the strokes back to full ink.
    fn thickened(&self, radius: usize) -> Self {
        let width = self.width + 2 * radius;
        let mut pixels = vec![0_u8; width * (self.height() + 2 * radius)];
        let disc: Vec<(usize, usize)> = (0..=2 * radius)
            .flat_map(|y| (0..=2 * radius).map(move |x| (x, y)))
            .filter(|(x, y)| x.abs_diff(radius).pow(2) + y.abs_diff(radius).pow(2) <= radius.pow(2))
            .collect();
        for (at, &ink) in self.pixels.iter().enumerate().filter(|&(_, &ink)| ink > 0) {
            for &(x, y) in &disc {
                let to = &mut pixels[(at / self.width + y) * width + at % self.width + x];
                *to = ink.max(*to);
            }
        }
        // Scaling has made strokes that are thinner than a pixel faint.
        let inked = pixels.iter().copied().filter(|&ink| ink > 0).collect();
        let full = quantile(inked, 1, 2).unwrap_or(255);
        for ink in &mut pixels {
            *ink = (u16::from(*ink) * 255 / u16::from(full)).min(255) as u8;
        }
        Self { width, pixels }
    }
}
