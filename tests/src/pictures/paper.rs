//! Paper with ink on it, and light that falls on it.

use fastrand::Rng;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

/// How dark a line is, from 0 to 1, and its width in pixels.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) tone: f32,
    pub(super) width: f32,
}

/// The light on a picture.
#[derive(Clone, Copy)]
pub(super) enum Light {
    Even,
    Falling,
    Spot,
    Band,
    Half(f32),
    Third(f32),
}

/// A sheet: how much ink each pixel has, from 0 to 1.
pub(super) struct Paper {
    width: u32,
    height: u32,
    rows: usize,
    columns: usize,
    ink: Vec<f32>,
    /// The box of what was written: left, top, right, bottom.
    written: [f32; 4],
}

impl Paper {
    pub(super) fn new(random: &mut Rng, rows: usize, columns: usize, tight: bool) -> Self {
        let cell = if tight { random.u32(40..56) } else { random.u32(150..360) };
        let aspect = if rows * columns == 1 { 0.8 + 0.9 * random.f32() } else { 1.0 };
        let cell = if rows * columns > 7 && !tight { cell / 2 } else { cell };
        let width = (cell as f32 * aspect) as u32 * columns as u32;
        let height = cell * rows as u32;
        Self {
            width,
            height,
            rows,
            columns,
            ink: vec![0.0; (width * height) as usize],
            written: [width as f32, height as f32, 0.0, 0.0],
        }
    }

    pub(super) fn shorter(&self) -> f32 {
        self.width.min(self.height) as f32
    }

    /// The shorter side of a cell.
    pub(super) fn cell(&self) -> f32 {
        (self.width as f32 / self.columns as f32).min(self.height as f32 / self.rows as f32)
    }

    /// Writes a digit into its cell, with a frame of `size` pixels.
    pub(super) fn write(
        &mut self,
        digit: &[u8],
        size: f32,
        ink: f32,
        (row, column): (usize, usize),
        corner: bool,
        random: &mut Rng,
    ) {
        // The frame is 28 pixels, the digit 20.
        let frame = ((size * 1.4) as u32).max(28);
        let image = GrayImage::from_raw(28, 28, digit.to_vec()).expect("28 × 28 pixels");
        let image = imageops::resize(&image, frame, frame, FilterType::CatmullRom);
        let cell = (self.width as f32 / self.columns as f32, self.height as f32 / self.rows as f32);
        let room = |cell: f32| (cell - size * 1.05).max(0.0);
        let mut place = |cell: f32| match corner {
            true => room(cell) * 0.05,
            false => room(cell) * (0.2 + 0.6 * random.f32()),
        };
        let margin = frame as f32 * 4.0 / 28.0;
        let left = column as f32 * cell.0 + place(cell.0) - margin;
        let top = row as f32 * cell.1 + place(cell.1) - margin;
        for (x, y, pixel) in image.enumerate_pixels() {
            // A pen has a sharper edge than the small image, enlarged.
            let amount = ((f32::from(pixel.0[0]) / 255.0 - 0.4) * 2.5 + 0.5).clamp(0.0, 1.0) * ink;
            let (x, y) = (left as i64 + i64::from(x), top as i64 + i64::from(y));
            if amount > 0.0
                && (0..i64::from(self.width)).contains(&x)
                && (0..i64::from(self.height)).contains(&y)
            {
                let at = &mut self.ink[(y * i64::from(self.width) + x) as usize];
                *at = at.max(amount);
                let [l, t, r, b] = &mut self.written;
                (*l, *t) = (l.min(x as f32), t.min(y as f32));
                (*r, *b) = (r.max(x as f32), b.max(y as f32));
            }
        }
    }

    /// Inks what is within half a line's width of a straight line.
    fn line(&mut self, (x0, y0): (f32, f32), (x1, y1): (f32, f32), line: Line) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let squared = (dx * dx + dy * dy).max(1e-6);
        for y in 0..self.height {
            for x in 0..self.width {
                let (px, py) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
                let along = ((px * dx + py * dy) / squared).clamp(0.0, 1.0);
                let distance = (px - along * dx).hypot(py - along * dy);
                let amount = (line.width / 2.0 - distance + 0.5).clamp(0.0, 1.0) * line.tone;
                let at = &mut self.ink[(y * self.width + x) as usize];
                *at = at.max(amount);
            }
        }
    }

    pub(super) fn box_at(&mut self, left: f32, top: f32, right: f32, bottom: f32, line: Line) {
        let (x1, y1) = (self.width as f32 - right, self.height as f32 - bottom);
        self.line((left, top), (x1, top), line);
        self.line((left, y1), (x1, y1), line);
        self.line((left, top), (left, y1), line);
        self.line((x1, top), (x1, y1), line);
    }

    pub(super) fn axes(&mut self, line: Line) {
        let (w, h) = (self.width as f32, self.height as f32);
        let left = (self.written[0] - 0.06 * w).max(2.0);
        let bottom = (self.written[3] + 0.06 * h).min(h - 2.0);
        self.line((left, 0.02 * h), (left, bottom), line);
        self.line((left, bottom), (0.98 * w, bottom), line);
    }

    pub(super) fn cell_around(&mut self, line: Line, wider: f32) {
        let [left, top, right, bottom] = self.written;
        let longer = (right - left).max(bottom - top) * wider;
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let (x0, y0) = ((x - longer / 2.0).max(1.0), (y - longer / 2.0).max(1.0));
        let (x1, y1) = (x + longer / 2.0, y + longer / 2.0);
        let (w, h) = (self.width as f32, self.height as f32);
        self.box_at(x0, y0, (w - x1).max(1.0), (h - y1).max(1.0), line);
    }

    pub(super) fn line_beside(&mut self, line: Line, above: bool) {
        let [left, top, right, bottom] = self.written;
        let (w, h) = (self.width as f32, self.height as f32);
        let wider = 0.35 * (bottom - top);
        let y = if above { (top - 0.08 * h).max(1.0) } else { (bottom + 0.08 * h).min(h - 1.0) };
        self.line(((left - wider).max(0.0), y), ((right + wider).min(w), y + 1.0), line);
    }

    pub(super) fn line_through(&mut self, line: Line, number: usize) {
        let [_, top, _, bottom] = self.written;
        let y = top + (bottom - top) * (0.3 + 0.1 * (number % 5) as f32);
        self.line((0.0, y), (self.width as f32, y), line);
    }

    pub(super) fn ruled(&mut self, line: Line, squared: bool, number: usize) {
        let (w, h) = (self.width as f32, self.height as f32);
        let step = self.shorter() / (4 + number % 7) as f32;
        let mut at = step * 0.4;
        while at < w.max(h) {
            if at < h {
                self.line((0.0, at), (w, at), line);
            }
            if squared && at < w {
                self.line((at, 0.0), (at, h), line);
            }
            at += step;
        }
    }

    /// The sheet as a camera sees it.
    pub(super) fn seen(&self, light: Light, noise: f32, dust: bool, random: &mut Rng) -> GrayImage {
        let (w, h) = (self.width as f32, self.height as f32);
        let white = 215.0 + 30.0 * random.f32();
        let slope = 0.3 + 0.7 * random.f32();
        let [_, _, right, bottom] = self.written;
        let mut picture = GrayImage::from_fn(self.width, self.height, |x, y| {
            let ink = self.ink[(y * self.width + x) as usize];
            let (x, y) = (x as f32, y as f32);
            let (light, more) = match light {
                Light::Even => (1.0, 0.0),
                Light::Falling => (
                    1.0 - 0.5 * ((x / w - 0.4).powi(2) + (y / h - 0.5).powi(2)) - 0.15 * x / w,
                    0.0,
                ),
                Light::Spot => {
                    let away = ((x - w * 0.15) / (0.12 * w)).hypot((y - h * 0.2) / (0.2 * h));
                    (0.75, 80.0 * (1.0 - away).clamp(0.0, 1.0))
                }
                // The band's edge crosses the lowest tenth of the digit.
                Light::Band => (if y > bottom - 0.1 * h.min(bottom) { 0.4 } else { 1.0 }, 0.0),
                Light::Half(dark) => (if x < w / 2.0 { 1.0 } else { 1.0 - dark }, 0.0),
                Light::Third(dark) => {
                    let inside = x - w * 0.62 - slope * (y - h / 2.0) * 0.5;
                    (1.0 - dark * ((inside + 6.0) / 12.0).clamp(0.0, 1.0), 0.0)
                }
            };
            let bell: f32 = (0..4).map(|_| random.f32() - 0.5).sum::<f32>() * 1.73;
            Luma([(white * light * (1.0 - ink) + more + noise * bell).clamp(0.0, 255.0) as u8])
        });
        if dust {
            for _ in 0..(w * h / 2_000.0) as usize {
                let (x, y) = (random.u32(..self.width), random.u32(..self.height));
                picture.put_pixel(x, y, Luma([random.u8(0..120)]));
            }
        }
        if matches!(light, Light::Band) {
            let (x, y) = ((right + 0.1 * w).min(w - 4.0) as u32, (h * 0.2) as u32);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2)] {
                picture.put_pixel(x + dx, y + dy, Luma([30]));
            }
        }
        picture
    }
}
