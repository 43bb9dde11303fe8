//! Writes the digits that are built into the firmware as paths of the pen:
//!
//! ```text
//! cargo run --release --example samples -- firmware/app/src/samples.bin
//! ```

use std::error::Error;
use std::path::Path;

use inkbit::data::synthetic::{self, Part};

/// Seed whose first ten images are all ten digits.
const SEED: u64 = 6;
/// Longer side of the path on the device's canvas of 28 × 28 pixels, in eighths of a pixel.
const SIZE: f32 = 20.0 * 8.0;
/// Middle of the canvas, in eighths of a pixel.
const MIDDLE: f32 = 13.5 * 8.0;
/// Points are left out while the path stays within this many eighths of a pixel.
const TOLERANCE: f32 = 3.0;

type Point = (f32, f32);

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args().nth(1).ok_or("name the file to write")?;
    let mut digits: Vec<_> =
        (0..10).map(|index| synthetic::path(Part::Test, index, SEED)).collect();
    digits.sort_by_key(|&(digit, _)| digit);
    let mut bytes = Vec::new();
    for (digit, strokes) in digits {
        let strokes: Vec<_> = placed(&strokes).iter().map(|stroke| simplified(stroke)).collect();
        bytes.extend([digit, strokes.len() as u8]);
        for stroke in strokes {
            bytes.push(stroke.len() as u8);
            bytes.extend(stroke.iter().flat_map(|&(x, y)| [x as u8, y as u8]));
        }
    }
    inkbit::support::files::write(Path::new(&out), &bytes)?;
    println!("{out}: {} bytes", bytes.len());
    Ok(())
}

/// The strokes scaled and moved to the middle of the canvas, in whole eighths of a pixel.
fn placed(strokes: &[Vec<Point>]) -> Vec<Vec<Point>> {
    let points = || strokes.iter().flatten();
    let span = |values: &dyn Fn(&Point) -> f32| {
        let low = points().map(values).fold(f32::INFINITY, f32::min);
        let high = points().map(values).fold(f32::NEG_INFINITY, f32::max);
        (high - low, (low + high) / 2.0)
    };
    let ((width, x0), (height, y0)) = (span(&|point| point.0), span(&|point| point.1));
    let scale = SIZE / width.max(height);
    let place = |at: f32, middle: f32| ((at - middle) * scale + MIDDLE).round();
    let moved =
        |stroke: &Vec<Point>| stroke.iter().map(|&(x, y)| (place(x, x0), place(y, y0))).collect();
    strokes.iter().map(moved).collect()
}

/// The path with as few points as the tolerance allows (Ramer–Douglas–Peucker).
fn simplified(path: &[Point]) -> Vec<Point> {
    let (&[first, .., last], 3..) = (path, path.len()) else { return path.to_vec() };
    let distance = |&(x, y): &Point| {
        let (dx, dy) = (last.0 - first.0, last.1 - first.1);
        let length = dx.hypot(dy);
        if length == 0.0 {
            return (x - first.0).hypot(y - first.1);
        }
        ((x - first.0) * dy - (y - first.1) * dx).abs() / length
    };
    let inner = 1..path.len() - 1;
    let farthest = inner.max_by(|&a, &b| distance(&path[a]).total_cmp(&distance(&path[b])));
    match farthest.filter(|&at| distance(&path[at]) > TOLERANCE) {
        Some(at) => {
            let mut points = simplified(&path[..=at]);
            points.pop();
            points.extend(simplified(&path[at..]));
            points
        }
        None => vec![first, last],
    }
}
