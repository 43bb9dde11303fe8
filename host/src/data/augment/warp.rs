//! Warps images: by an affine map, then by a smooth random field.

/// Points of a [`Field`] along each axis.
pub const GRID: usize = 6;

use super::ROUND;

/// An affine map around the middle of the image: scale, then shear, then rotation, then shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// Clockwise, in degrees.
    pub rotation: f32,
    /// Factors of width and height, not 0.
    pub scale: [f32; 2],
    /// Columns that a pixel moves to the right for each row that it lies above the middle.
    pub shear: f32,
    /// Columns to the right and rows down.
    pub shift: [f32; 2],
}

impl Default for Motion {
    fn default() -> Self {
        Self { rotation: 0.0, scale: [1.0; 2], shear: 0.0, shift: [0.0; 2] }
    }
}

impl Motion {
    /// Columns of the matrix that maps a target place to its source.
    fn inverse(&self) -> [[f32; 2]; 2] {
        let (sin, cos) = self.rotation.to_radians().sin_cos();
        let [width, height] = self.scale;
        let shear = -self.shear;
        // Rotation · shear · scale, rows of [x, y].
        let [a, b] = [cos * width, (cos * shear - sin) * height];
        let [c, d] = [sin * width, (sin * shear + cos) * height];
        let determinant = a * d - b * c;
        [[d / determinant, -c / determinant], [-b / determinant, a / determinant]]
    }
}

/// Displacements in pixels at [`GRID`] × [`GRID`] points, from corner to corner of the image, row
/// by row, interpolated by smooth steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Along the columns.
    pub x: [f32; GRID * GRID],
    /// Along the rows.
    pub y: [f32; GRID * GRID],
}

/// Working memory to warp images of one size.
#[derive(Clone, Debug)]
pub struct Warper {
    side: usize,
    /// The source with a border of background: one pixel before each row and column, two after.
    padded: Vec<f32>,
    /// The weight of each point of a line of the grid for each pixel of a line: `GRID × side`.
    weights: Vec<f32>,
    line: Line,
}

/// One row of the warped image.
#[derive(Clone, Debug)]
struct Line {
    /// The sources of its pixels, in columns and rows of the padded image.
    x: Vec<f32>,
    y: Vec<f32>,
    /// The index of the pixel above and to the left of the source.
    corner: Vec<u32>,
    values: Vec<f32>,
}

impl Warper {
    /// For images of `side` × `side` pixels, `side` from 1 to 1024.
    pub fn new(side: usize) -> Self {
        let stride = side + 3;
        let mut weights = vec![0.0; GRID * side];
        for pixel in 0..side {
            let place = (pixel * (GRID - 1)) as f32 / (side.max(2) - 1) as f32;
            let point = (place as usize).min(GRID - 2);
            let part = place - point as f32;
            let smooth = part * part * (3.0 - 2.0 * part);
            weights[point * side + pixel] = 1.0 - smooth;
            weights[(point + 1) * side + pixel] = smooth;
        }
        let zeros = || vec![0.0; side];
        let line = Line { x: zeros(), y: zeros(), corner: vec![0; side], values: zeros() };
        Self { side, padded: vec![0.0; stride * stride], weights, line }
    }

    /// Warps an image with bilinear sampling. Pixels from outside are background.
    ///
    /// # Panics
    ///
    /// If `source` or `out` does not have `side × side` pixels.
    pub fn warp(&mut self, source: &[u8], motion: &Motion, field: Option<&Field>, out: &mut [u8]) {
        let side = self.side;
        assert_eq!((source.len(), out.len()), (side * side, side * side), "pixels of images");
        let stride = side + 3;
        for (row, to) in source.chunks_exact(side).zip(self.padded.chunks_exact_mut(stride).skip(1))
        {
            for (to, &from) in to[1..].iter_mut().zip(row) {
                *to = f32::from(from);
            }
        }
        let [[xx, yx], [xy, yy]] = motion.inverse();
        let middle = (side - 1) as f32 / 2.0;
        for (row, out) in out.chunks_exact_mut(side).enumerate() {
            let [left, above] = [-middle - motion.shift[0], row as f32 - middle - motion.shift[1]];
            // One more for the padding.
            let start = middle + 1.0 + xx * left + xy * above;
            let down = middle + 1.0 + yx * left + yy * above;
            let Line { x, y, .. } = &mut self.line;
            for (column, (x, y)) in x.iter_mut().zip(y.iter_mut()).enumerate() {
                let column = column as i32 as f32;
                *x = start + xx * column;
                *y = down + yx * column;
            }
            if let Some(field) = field {
                displace(x, &field.x, &self.weights, row);
                displace(y, &field.y, &self.weights, row);
            }
            self.line.sample(&self.padded, stride, out);
        }
    }
}

/// Adds the displacements of one row.
fn displace(places: &mut [f32], field: &[f32; GRID * GRID], weights: &[f32], row: usize) {
    let side = places.len();
    let mut line = [0.0; GRID];
    for (points, weights) in field.chunks_exact(GRID).zip(weights.chunks_exact(side)) {
        let weight = weights[row];
        line.iter_mut().zip(points).for_each(|(sum, point)| *sum += weight * point);
    }
    for (point, weights) in line.iter().zip(weights.chunks_exact(side)) {
        places.iter_mut().zip(weights).for_each(|(place, weight)| *place += weight * point);
    }
}

impl Line {
    fn sample(&mut self, padded: &[f32], stride: usize, out: &mut [u8]) {
        let Self { x, y, corner, values } = self;
        let last = (stride - 2) as f32;
        for ((x, y), corner) in x.iter_mut().zip(y.iter_mut()).zip(corner.iter_mut()) {
            let (from_x, from_y) = (x.clamp(0.0, last), y.clamp(0.0, last));
            // Subtracting a half and rounding rounds down. An integer may come out one less; then
            // the pixel on the other side has the whole weight.
            let left = ((from_x - 0.5) + ROUND) - ROUND;
            let above = ((from_y - 0.5) + ROUND) - ROUND;
            let (left, above) = (left.max(0.0), above.max(0.0));
            (*x, *y) = (from_x - left, from_y - above);
            *corner = (above * stride as f32 + left + ROUND).to_bits() & 0x3f_ffff;
        }
        for ((value, &corner), (&x, &y)) in
            values.iter_mut().zip(corner.iter()).zip(x.iter().zip(y.iter()))
        {
            let corner = corner as usize;
            let above = &padded[corner..corner + 2];
            let below = &padded[corner + stride..corner + stride + 2];
            let left = above[0] + y * (below[0] - above[0]);
            let right = above[1] + y * (below[1] - above[1]);
            *value = left + x * (right - left);
        }
        for (out, value) in out.iter_mut().zip(values.iter()) {
            *out = (value + ROUND).to_bits() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    fn noise(side: usize) -> Vec<u8> {
        let mut rng = Rng::new(1, &[]);
        (0..side * side).map(|_| rng.bits() as u8).collect()
    }

    fn warped(source: &[u8], side: usize, motion: Motion) -> Vec<u8> {
        let mut out = vec![7; side * side];
        Warper::new(side).warp(source, &motion, None, &mut out);
        out
    }

    #[test]
    fn without_motion_every_pixel_stays() {
        for side in [1, 2, 27, 28] {
            let source = noise(side);
            assert_eq!(warped(&source, side, Motion::default()), source);
        }
    }

    #[test]
    fn whole_shifts_move_pixels_right_and_down_and_bring_in_background() {
        let source: Vec<u8> = (1..=16).collect();
        let motion = Motion { shift: [1.0, 2.0], ..Motion::default() };
        let expected = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 5, 6, 7];
        assert_eq!(warped(&source, 4, motion), expected);
        let gone = Motion { shift: [-40.0, 0.0], ..Motion::default() };
        assert_eq!(warped(&source, 4, gone), [0; 16]);
    }

    #[test]
    fn half_a_pixel_is_the_mean_of_two() {
        let motion = Motion { shift: [0.5, 0.0], ..Motion::default() };
        assert_eq!(warped(&[100, 50, 0, 0], 2, motion), [50, 75, 0, 0]);
    }

    #[test]
    fn quarter_turns_are_clockwise() {
        let motion = Motion { rotation: 90.0, ..Motion::default() };
        assert_eq!(warped(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 3, motion), [7, 4, 1, 8, 5, 2, 9, 6, 3]);
    }

    #[test]
    fn shear_leans_the_top_to_the_right_and_scale_enlarges() {
        let bar = [0, 9, 0, 0, 9, 0, 0, 9, 0];
        let shear = Motion { shear: 1.0, ..Motion::default() };
        assert_eq!(warped(&bar, 3, shear), [0, 0, 9, 0, 9, 0, 9, 0, 0]);
        let dot = [0, 0, 0, 0, 90, 0, 0, 0, 0];
        let scale = Motion { scale: [2.0, 1.0], ..Motion::default() };
        assert_eq!(warped(&dot, 3, scale), [0, 0, 0, 45, 90, 45, 0, 0, 0]);
    }

    #[test]
    fn a_field_displaces_what_is_near_its_point() {
        let (side, source) = (28, noise(28));
        let mut field = Field { x: [0.0; 36], y: [0.0; 36] };
        field.x[0] = 1.0;
        let mut out = vec![0; side * side];
        Warper::new(side).warp(&source, &Motion::default(), Some(&field), &mut out);
        assert_eq!(out[0], source[1]);
        assert_ne!(out[..6 * side], source[..6 * side]);
        assert_eq!(out[6 * side..], source[6 * side..]);
    }
}
