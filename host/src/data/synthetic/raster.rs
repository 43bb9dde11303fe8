//! Draws the pen's path as pixels: ink with soft edges, scaled and centred as in MNIST.

use super::hand::Hand;
use super::pen::Spot;
use super::random::Random;

/// Side length of an image in pixels.
pub(super) const SIDE: usize = 28;
/// The longer side of the ink in pixels, the pen at its usual pressure included.
const BOX: f32 = 20.0;

/// Draws the strokes into one image of [`SIDE`] × [`SIDE`] pixels.
pub(super) fn draw(strokes: &[Vec<Spot>], hand: &Hand, random: &mut Random, image: &mut [u8]) {
    let pen_radius = hand.pen_radius(random);
    // How much pressure changes the pen along a stroke.
    let pressure = random.uniform(0.0, 0.3);
    // The width of the soft edge in pixels, and the darkest level.
    let edge = random.uniform(0.9, 1.6);
    let darkest = 255.0 - random.uniform(-40.0, 40.0).max(0.0);
    let (scale, left, top) = fit(strokes, BOX - 2.0 * pen_radius);
    let mut ink = [0.0f32; SIDE * SIDE];
    // The corner of the box on the image, with a random phase between pixels.
    let (x0, y0) = (4.0 + random.uniform(-0.5, 0.5), 4.0 + random.uniform(-0.5, 0.5));
    for stroke in strokes {
        let (first, last) = (random.bell(pressure), random.bell(pressure));
        let place = |spot: &Spot| Spot {
            x: (spot.x - left) * scale + pen_radius + x0,
            y: (spot.y - top) * scale + pen_radius + y0,
        };
        for (index, pair) in stroke.windows(2).enumerate() {
            let along = index as f32 / stroke.len() as f32;
            let radius = pen_radius * (1.0 + first + (last - first) * along).clamp(0.6, 1.3);
            line(&mut ink, place(&pair[0]), place(&pair[1]), radius, edge);
        }
    }
    let (dx, dy) = to_centre(&ink);
    for (y, row) in ink.chunks_exact(SIDE).enumerate() {
        for (x, &amount) in row.iter().enumerate() {
            let (x, y) = (x as isize + dx, y as isize + dy);
            let inside = 0..SIDE as isize;
            if inside.contains(&x) && inside.contains(&y) {
                image[y as usize * SIDE + x as usize] = (amount * darkest + 0.5) as u8;
            }
        }
    }
}

/// The scale that makes the longer side of the path `size` pixels, and the left and upper ends of
/// the square around it, with the shorter side centred.
fn fit(strokes: &[Vec<Spot>], size: f32) -> (f32, f32, f32) {
    let mut low = Spot { x: f32::INFINITY, y: f32::INFINITY };
    let mut high = Spot { x: f32::NEG_INFINITY, y: f32::NEG_INFINITY };
    for spot in strokes.iter().flatten() {
        low = Spot { x: low.x.min(spot.x), y: low.y.min(spot.y) };
        high = Spot { x: high.x.max(spot.x), y: high.y.max(spot.y) };
    }
    let (width, height) = (high.x - low.x, high.y - low.y);
    let longer = width.max(height);
    (size / longer, low.x - (longer - width) / 2.0, low.y - (longer - height) / 2.0)
}

/// Inks a straight line: full within `radius`, fading over `edge`. Ink does not add up where
/// strokes cross.
fn line(ink: &mut [f32; SIDE * SIDE], from: Spot, to: Spot, radius: f32, edge: f32) {
    let reach = radius + edge;
    let span = |a: f32, b: f32| {
        let low = (a.min(b) - reach).clamp(0.0, (SIDE - 1) as f32) as usize;
        let high = (a.max(b) + reach).clamp(0.0, (SIDE - 1) as f32) as usize;
        low..high + 1
    };
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let squared = (dx * dx + dy * dy).max(1e-6);
    for y in span(from.y, to.y) {
        for x in span(from.x, to.x) {
            let (px, py) = (x as f32 + 0.5 - from.x, y as f32 + 0.5 - from.y);
            let along = ((px * dx + py * dy) / squared).clamp(0.0, 1.0);
            let (rx, ry) = (px - along * dx, py - along * dy);
            let distance = (rx * rx + ry * ry).sqrt();
            let amount = ((radius - distance) / edge + 0.5).clamp(0.0, 1.0);
            let cell = &mut ink[y * SIDE + x];
            *cell = cell.max(amount);
        }
    }
}

/// The shift in whole pixels that moves the ink's centre of mass to the middle.
fn to_centre(ink: &[f32; SIDE * SIDE]) -> (isize, isize) {
    let (mut mass, mut sum_x, mut sum_y) = (0.0f32, 0.0f32, 0.0f32);
    for (y, row) in ink.chunks_exact(SIDE).enumerate() {
        for (x, &amount) in row.iter().enumerate() {
            mass += amount;
            sum_x += amount * (x as f32 + 0.5);
            sum_y += amount * (y as f32 + 0.5);
        }
    }
    // A conversion truncates, which rounds down only positive numbers.
    let shift = |sum: f32| (SIDE as f32 / 2.0 - sum / mass + 100.5) as isize - 100;
    (shift(sum_x), shift(sum_y))
}
