//! Handwritten digits without files: drawn from the project's own skeletons.
//!
//! Every image has a random stream of its own, so it depends on the seed, its part and its index
//! alone: neither on the number of images nor on the number of threads. Only additions, products,
//! quotients and square roots of `f32` are used, which IEEE 754 rounds alike everywhere, so the
//! same seed gives the same bytes on every machine.

mod pen;
mod random;
mod raster;
mod skeletons;

use super::{Dataset, Images};
use crate::support::parallel;
use pen::Spot;
use random::Random;
use raster::SIDE;

/// A part of the data; their random streams differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training images.
    Train,
    /// Test images.
    Test,
}

/// Draws a data set of the ten digits, 28 × 28 pixels, with every class equally frequent.
///
/// ```
/// use inkbit::data::synthetic::dataset;
/// let data = dataset(100, 20, 1);
/// assert_eq!((data.train.len(), data.test.len(), data.test.side), (100, 20, 28));
/// assert_eq!(data.digest(), dataset(100, 20, 1).digest()); // the seed decides every pixel
/// ```
pub fn dataset(train: usize, test: usize, seed: u64) -> Dataset {
    Dataset {
        name: "synthetic".to_owned(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        train: images(Part::Train, train, seed),
        test: images(Part::Test, test, seed),
    }
}

/// Draws the first `count` images of a part, on all processors.
pub fn images(part: Part, count: usize, seed: u64) -> Images {
    let labels: Vec<u8> = (0..count).map(|index| label(part, index, seed)).collect();
    let pixels = parallel::split(count, |indices| {
        let mut pixels = vec![0; indices.len() * SIDE * SIDE];
        for (index, image) in indices.zip(pixels.chunks_exact_mut(SIDE * SIDE)) {
            let (strokes, mut random) = strokes(labels[index], part, index, seed);
            raster::draw(&strokes, &mut random, image);
        }
        pixels
    });
    Images { side: SIDE, pixels: pixels.concat(), labels }
}

/// The digit and the pen's path of an image: for each stroke its points (x, y), y downwards, in no
/// particular unit. For devices that draw a digit themselves.
pub fn path(part: Part, index: usize, seed: u64) -> (u8, Vec<Vec<(f32, f32)>>) {
    let digit = label(part, index, seed);
    let (strokes, _) = strokes(digit, part, index, seed);
    let points = |stroke: Vec<Spot>| stroke.iter().map(|spot| (spot.x, spot.y)).collect();
    (digit, strokes.into_iter().map(points).collect())
}

/// The pen's path of an image, and the state of its random stream after it.
fn strokes(digit: u8, part: Part, index: usize, seed: u64) -> (Vec<Vec<Spot>>, Random) {
    let mut random = Random::new(seed, part as u64, index as u64);
    (pen::write(usize::from(digit), &mut random), random)
}

/// The digit of an image: every ten in a row are the ten digits, shuffled.
fn label(part: Part, index: usize, seed: u64) -> u8 {
    // A stream of its own, so that the order of the digits does not correlate with their shapes.
    let mut random = Random::new(seed, 2 + part as u64, index as u64 / 10);
    let mut digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    for last in (1..digits.len()).rev() {
        digits.swap(last, random.below(last as u32 + 1) as usize);
    }
    digits[index % 10]
}
