//! Handwritten digits without any file: drawn from the project's own skeletons.
//!
//! Every image has its own random stream, so an image depends on the seed, its part and its index
//! alone: not on how many are drawn, nor on the number of threads. Only additions, products,
//! quotients and square roots of `f32` are used, which IEEE 754 rounds alike everywhere, so the
//! same seed gives the same bytes on every machine.

mod pen;
mod random;
mod raster;
mod skeletons;

use super::{Dataset, Images};
use crate::support::parallel;
use random::Random;
use raster::SIDE;

/// Which of the two parts of the data an image belongs to: their streams differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To train on.
    Train,
    /// To test on.
    Test,
}

/// Draws a data set of the ten digits, 28 × 28 pixels, every class equally often.
///
/// ```
/// use inkbit::data::synthetic::dataset;
/// let data = dataset(100, 20, 1);
/// assert_eq!((data.train.len(), data.test.len(), data.test.side), (100, 20, 28));
/// assert_eq!(data.digest(), dataset(100, 20, 1).digest()); // the seed decides every pixel
/// ```
#[must_use]
pub fn dataset(train: usize, test: usize, seed: u64) -> Dataset {
    Dataset {
        name: "synthetic".to_owned(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        train: images(Part::Train, train, seed),
        test: images(Part::Test, test, seed),
    }
}

/// Draws the first `count` images of a part, on all processors.
#[must_use]
pub fn images(part: Part, count: usize, seed: u64) -> Images {
    let labels: Vec<u8> = (0..count).map(|index| label(part, index, seed)).collect();
    let pixels = parallel::split(count, |indices| {
        let mut pixels = vec![0; indices.len() * SIDE * SIDE];
        for (index, image) in indices.zip(pixels.chunks_exact_mut(SIDE * SIDE)) {
            let mut random = Random::new(seed, part as u64, index as u64);
            let strokes = pen::write(usize::from(labels[index]), &mut random);
            raster::draw(&strokes, &mut random, image);
        }
        pixels
    });
    Images { side: SIDE, pixels: pixels.concat(), labels }
}

/// The digit and the pen's path of an image: for each stroke its points (x, y), y downwards, in no
/// particular unit. For devices that draw a digit themselves.
#[must_use]
pub fn path(part: Part, index: usize, seed: u64) -> (u8, Vec<Vec<(f32, f32)>>) {
    let digit = label(part, index, seed);
    let mut random = Random::new(seed, part as u64, index as u64);
    let strokes = pen::write(usize::from(digit), &mut random);
    let points = |stroke: Vec<pen::Spot>| stroke.iter().map(|spot| (spot.x, spot.y)).collect();
    (digit, strokes.into_iter().map(points).collect())
}

/// The digit of an image: each ten in a row hold every digit once, shuffled.
fn label(part: Part, index: usize, seed: u64) -> u8 {
    // A part of its own, so that the order of the digits says nothing about their shapes.
    let mut random = Random::new(seed, 2 + part as u64, index as u64 / 10);
    let mut digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    for last in (1..digits.len()).rev() {
        digits.swap(last, random.below(last as u32 + 1) as usize);
    }
    digits[index % 10]
}
