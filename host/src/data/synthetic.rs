//! Handwritten digits without files: drawn from the project's own skeletons.
//!
//! Every image has a random stream of its own, so it depends on the seed, its part and its index
//! alone: neither on the number of images nor on the number of threads. Only additions, products,
//! quotients and square roots of `f32` are used, which IEEE 754 rounds alike everywhere, so the
//! same seed gives the same bytes on every machine.

mod hand;
mod non_digits;
mod pen;
mod random;
mod raster;
mod skeletons;

use std::borrow::Borrow;

use super::{Dataset, Images, Shape};
use crate::support::parallel;
use hand::Hand;
pub use non_digits::{NonDigit, non_digits};
use pen::Spot;
use random::Random;
use raster::SIDE;
use skeletons::DIGITS;
pub use skeletons::{Class, Form, FormsError, OWN, is_forms, parse};

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
/// assert_eq!((data.train.len(), data.test.len(), data.test.shape.side()), (100, 20, Some(28)));
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
            let forms = &DIGITS[usize::from(digit)].forms;
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

/// Draws a data set of these classes, as [`dataset`] does of the ten digits, each as frequent as its weight
/// says.
///
/// ```
/// use inkbit::data::synthetic::{of_classes, parse};
/// let ticks = parse("yes 1: 0,50 30,100 100,0\nclass no: 3\nno 1: 0,0 99,99 / 99,0 0,99\n")?;
/// let data = of_classes("ticks", &ticks, 200, 20, 1);
/// assert_eq!(data.classes, ["yes", "no"]);
/// let crosses = data.train.labels.iter().filter(|&&label| label == 1).count();
/// assert!((100..190).contains(&crosses)); // about three in four
/// # Ok::<_, inkbit::data::synthetic::FormsError>(())
/// ```
pub fn of_classes(name: &str, classes: &[Class], train: usize, test: usize, seed: u64) -> Dataset {
    let draw = |part, count| {
        drawn(count, |index| {
            // A stream of its own, as for digits.
            let mut random = Random::new(seed, 2 + part as u64, index as u64);
            let class = weighted(classes, |class| class.weight, &mut random);
            let mut random = Random::new(seed, part as u64, index as u64);
            let forms = &classes[class].forms;
            let form = weighted(forms, |form| form.weight, &mut random);
            (class as u8, &forms[form], &hand::USUAL, random)
        })
    };
    let (train, test) = (draw(Part::Train, train), draw(Part::Test, test));
    let classes = classes.iter().map(|class| class.label.clone()).collect();
    Dataset { name: name.to_owned(), classes, train, test }
}

/// The forms of all classes, in order: the class, the form, and `count` images of it.
pub fn forms(classes: &[Class], count: usize) -> Vec<(&Class, &Form, Images)> {
    let of_class = |(number, class): (usize, &'_ Class)| {
        let drawn = class.forms.iter().enumerate().map(|(of_class, form)| {
            let random = |index| Random::new(1, of_class as u64, (100 * number + index) as u64);
            drawn(count, |index| (number as u8, form, &hand::USUAL, random(index)))
        });
        drawn.collect::<Vec<Images>>()
    };
    let images = classes.iter().enumerate().flat_map(of_class);
    let forms = classes.iter().flat_map(|class| class.forms.iter().map(move |form| (class, form)));
    forms.zip(images).map(|((class, form), images)| (class, form, images)).collect()
}

/// Draws images of which a function tells the digit, its form, the hand, and the random stream.
fn drawn<F: Borrow<Form>>(
    count: usize,
    image: impl Fn(usize) -> (u8, F, &'static Hand, Random) + Sync,
) -> Images {
    let parts = parallel::split(count, |indices| {
        let mut images = Images { shape: Shape::square(SIDE), ..Images::default() };
        for index in indices {
            let (digit, form, hand, mut random) = image(index);
            let from = images.pixels.len();
            images.pixels.resize(from + SIDE * SIDE, 0);
            let strokes = pen::write(form.borrow(), hand, &mut random);
            raster::draw(&strokes, hand, &mut random, &mut images.pixels[from..]);
            images.labels.push(digit);
        }
        images
    });
    let mut all = Images { shape: Shape::square(SIDE), ..Images::default() };
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
    let forms = &DIGITS[usize::from(digit)].forms;
    &forms[weighted(forms, |form| form.weight, random)]
}

/// The index of one of several, by their weights.
fn weighted<T>(of: &[T], weight: impl Fn(&T) -> u32, random: &mut Random) -> usize {
    let mut left = random.below(of.iter().map(&weight).sum());
    for (index, one) in of.iter().enumerate() {
        if left < weight(one) {
            return index;
        }
        left -= weight(one);
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
