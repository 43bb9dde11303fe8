//! Handwritten digits without files: drawn from the project's own skeletons.
//!
//! Every image has a random stream of its own, so it depends on the seed, its part and its index
//! alone: neither on the number of images nor on the number of threads. Only additions, products,
//! quotients and square roots of `f32` are used, which IEEE 754 rounds alike everywhere, so the
//! same seed gives the same bytes on every machine.

mod hand;
mod pen;
mod random;
mod raster;
mod skeletons;

use super::{Dataset, Images};
use crate::support::parallel;
use hand::Hand;
use pen::Spot;
use random::Random;
use raster::SIDE;
use skeletons::{DIGITS, Form};

/// A part of the data; their random streams differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training images.
    Train,
    /// Test images.
    Test,
}

/// The seed of [`strangers`], which no training uses.
const STRANGE_SEED: u64 = 2;

/// Draws a data set of the ten digits, 28 × 28 pixels, with every class equally frequent.
///
/// ```
/// use inkbit::data::synthetic::dataset;
/// let data = dataset(100, 20, 1);
/// assert_eq!((data.train.len(), data.test.len(), data.test.side), (100, 20, 28));
/// assert_eq!(data.digest(), dataset(100, 20, 1).digest()); // the seed decides every pixel
/// ```
pub fn dataset(train: usize, test: usize, seed: u64) -> Dataset {
    named("synthetic", images(Part::Train, train, seed), images(Part::Test, test, seed))
}

/// Draws a data set to measure by, not to train on: by other hands and pens than [`dataset`], with
/// every form of a digit equally frequent, also those that few people write.
pub fn strangers(train: usize, test: usize) -> Dataset {
    let draw = |part, count| {
        drawn(count, |index| {
            let (digit, mut random) = start(part, index, STRANGE_SEED);
            let forms = &DIGITS[usize::from(digit)];
            let form = &forms[random.below(forms.len() as u32) as usize];
            (digit, form, &hand::STRANGE, random)
        })
    };
    named("strangers", draw(Part::Train, train), draw(Part::Test, test))
}

fn named(name: &str, train: Images, test: Images) -> Dataset {
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    Dataset { name: name.to_owned(), classes, train, test }
}

/// Draws the first `count` images of a part, on all processors.
pub fn images(part: Part, count: usize, seed: u64) -> Images {
    drawn(count, |index| {
        let (digit, mut random) = start(part, index, seed);
        (digit, choose(digit, &mut random), &hand::USUAL, random)
    })
}

/// The forms of all digits, in order: the digit, what sets the form apart, its relative frequency
/// among the forms of its digit, and `count` images of it.
pub fn forms(count: usize) -> Vec<(usize, &'static str, u32, Images)> {
    let of_digit = |(digit, forms): (usize, &'static Vec<Form>)| {
        forms.iter().enumerate().map(move |(number, form)| {
            let random = |index: usize| Random::new(1, number as u64, (100 * digit + index) as u64);
            let images = drawn(count, |index| (digit as u8, form, &hand::USUAL, random(index)));
            (digit, form.name, form.weight, images)
        })
    };
    DIGITS.iter().enumerate().flat_map(of_digit).collect()
}

/// Draws images of which a function tells the digit, its form, the hand, and the random stream.
fn drawn(
    count: usize,
    image: impl Fn(usize) -> (u8, &'static Form, &'static Hand, Random) + Sync,
) -> Images {
    let parts = parallel::split(count, |indices| {
        let mut images = Images { side: SIDE, ..Images::default() };
        for index in indices {
            let (digit, form, hand, mut random) = image(index);
            let from = images.pixels.len();
            images.pixels.resize(from + SIDE * SIDE, 0);
            let strokes = pen::write(form, hand, &mut random);
            raster::draw(&strokes, hand, &mut random, &mut images.pixels[from..]);
            images.labels.push(digit);
        }
        images
    });
    let mut all = Images { side: SIDE, ..Images::default() };
    for part in parts {
        all.pixels.extend(part.pixels);
        all.labels.extend(part.labels);
    }
    all
}

/// The digit and the pen's path of an image: for each stroke its points (x, y), y downwards, in no
/// particular unit. For devices that draw a digit themselves.
pub fn path(part: Part, index: usize, seed: u64) -> (u8, Vec<Vec<(f32, f32)>>) {
    let (digit, mut random) = start(part, index, seed);
    let strokes = pen::write(choose(digit, &mut random), &hand::USUAL, &mut random);
    let points = |stroke: Vec<Spot>| stroke.iter().map(|spot| (spot.x, spot.y)).collect();
    (digit, strokes.into_iter().map(points).collect())
}

/// The digit of an image, and the random stream that draws it.
fn start(part: Part, index: usize, seed: u64) -> (u8, Random) {
    (label(part, index, seed), Random::new(seed, part as u64, index as u64))
}

/// A form of a digit, by the forms' frequencies.
fn choose(digit: u8, random: &mut Random) -> &'static Form {
    let forms = &DIGITS[usize::from(digit)];
    let mut left = random.below(forms.iter().map(|form| form.weight).sum());
    for form in forms {
        if left < form.weight {
            return form;
        }
        left -= form.weight;
    }
    unreachable!("the draw is below the sum of the weights")
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
