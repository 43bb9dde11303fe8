//! The canvas that people draw on.

/// Side length of the canvas in pixels.
pub const SIDE: usize = 28;
/// Positions on the canvas are in units of 1/`STEP` of a pixel.
pub const STEP: i32 = 8;

/// Square of the distance from the pen's middle at which its ink ends, in steps: 1.75 pixels.
const REACH: i32 = (STEP * 7 / 4) * (STEP * 7 / 4);
/// Ink in the pen's middle. More than a pixel holds, so that the pen has a dark core.
const DEPTH: i32 = 320;

/// Pixels that are drawn on: 0 is background, 255 full ink.
#[derive(Clone, Debug)]
pub struct Canvas {
    pixels: [u8; SIDE * SIDE],
}

impl Canvas {
    /// A blank canvas.
    pub const fn new() -> Self {
        Self { pixels: [0; SIDE * SIDE] }
    }

    /// The pixels, row by row.
    pub const fn pixels(&self) -> &[u8; SIDE * SIDE] {
        &self.pixels
    }

    /// Makes it blank.
    pub fn clear(&mut self) {
        self.pixels.fill(0);
    }

    /// Draws a straight line with a soft pen, both ends included. Points are (column, row) in
    /// steps; the middle of pixel (0, 0) is (0, 0). What lies off the canvas is not drawn.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        // Dots half a pixel apart look like a line.
        let dots = (dx.abs().max(dy.abs()) * 2 / STEP).max(1);
        for dot in 0..=dots {
            self.dot(from.0 + dx * dot / dots, from.1 + dy * dot / dots);
        }
    }

    fn dot(&mut self, x: i32, y: i32) {
        let first = |at: i32| (at / STEP - 2).clamp(0, SIDE as i32);
        let end = |at: i32| (at / STEP + 3).clamp(0, SIDE as i32);
        for row in first(y)..end(y) {
            for column in first(x)..end(x) {
                let (dx, dy) = (column * STEP - x, row * STEP - y);
                let ink = DEPTH - (dx * dx + dy * dy) * DEPTH / REACH;
                if let Some(pixel) = self.pixels.get_mut(row as usize * SIDE + column as usize) {
                    *pixel = (*pixel).max(ink.clamp(0, 255) as u8);
                }
            }
        }
    }
}
