//! What is no digit: letters, scribbles and half digits, to measure which of them a model refuses, and
//! to train it to.

use std::sync::LazyLock;

use inkbit_core::Frame;
use inkbit_core::image::lay;

use super::skeletons::{Class, Form, parse};
use super::{Part, Random, SIDE, drawn, hand, images, weighted};
use crate::data::{Images, Shape};

/// What is no digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonDigit {
    /// A letter, or a sign.
    Letter,
    /// A pen that goes anywhere.
    Scribble,
    /// A digit of which a half is missing.
    Half,
}

impl NonDigit {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Letter, Self::Scribble, Self::Half];

    /// Those that belong to none of these classes: only scribbles are never one.
    pub fn beside(classes: &[String]) -> &'static [Self] {
        let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        if classes == digits { &Self::ALL } else { &[Self::Scribble] }
    }

    /// What people call several of them.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Letter => "letters",
            Self::Scribble => "scribbles",
            Self::Half => "half digits",
        }
    }
}

static LETTERS: LazyLock<Vec<Class>> = LazyLock::new(|| {
    parse(include_str!("letters.txt")).expect("a test reads the project's own letters")
});

/// Draws images of one kind, laid out in a frame. Their labels mean nothing.
///
/// ```
/// use inkbit::data::synthetic::{NonDigit, non_digits};
/// use inkbit_core::Frame;
/// let scribbles = non_digits(NonDigit::Scribble, 9, 1, Frame::mnist(28));
/// assert_eq!((scribbles.len(), scribbles.shape.side()), (9, Some(28)));
/// ```
pub fn non_digits(kind: NonDigit, count: usize, seed: u64, frame: Frame) -> Images {
    let random = |index: usize| Random::new(seed, 8 + kind as u64, index as u64);
    let mut all = match kind {
        NonDigit::Letter => drawn(count, |index| {
            let mut random = random(index);
            let class = weighted(&LETTERS, |class| class.forms[0].weight, &mut random);
            (0, LETTERS[class].forms[0].clone(), &hand::USUAL, random)
        }),
        NonDigit::Scribble => drawn(count, |index| {
            let mut random = random(index);
            let form = scribble(&mut random);
            (0, form, &hand::USUAL, random)
        }),
        NonDigit::Half => halves(count, seed),
    };
    let laid = all.pixels.chunks_exact(SIDE * SIDE).flat_map(|drawing| {
        let mut image = vec![0; frame.pixels()];
        lay(drawing, SIDE, SIDE, &mut image, frame);
        image
    });
    all.pixels = laid.collect();
    all.shape = Shape::Image { width: frame.width.into(), height: frame.height.into() };
    all
}

/// A smooth curve through points anywhere.
fn scribble(random: &mut Random) -> Form {
    let strokes = (0..1 + random.below(2)).map(|_| {
        let points = 4 + random.below(7);
        (0..points).map(|_| (random.below(71) as i8, random.below(101) as i8)).collect()
    });
    Form { name: String::new(), weight: 1, strokes: strokes.collect() }
}

/// Digits without their upper, lower, left or right half.
fn halves(count: usize, seed: u64) -> Images {
    let mut digits = images(Part::Test, count, seed);
    for (index, image) in digits.pixels.chunks_exact_mut(SIDE * SIDE).enumerate() {
        let rows = || (0..SIDE * SIDE).map(|place| (place / SIDE, place % SIDE));
        let inked: Vec<_> =
            rows().zip(&*image).filter(|&(_, &ink)| ink > 0).map(|(at, _)| at).collect();
        let along = |(row, column): (usize, usize)| if index % 4 < 2 { row } else { column };
        let (Some(first), Some(last)) =
            (inked.iter().map(|&at| along(at)).min(), inked.iter().map(|&at| along(at)).max())
        else {
            continue;
        };
        let middle = (first + last) / 2;
        for (at, ink) in rows().zip(image) {
            if (along(at) <= middle) == (index % 2 == 0) {
                *ink = 0;
            }
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_letters_are_no_digits_and_have_a_form_each() {
        assert!(LETTERS.len() > 20);
        assert!(LETTERS.iter().all(|class| class.forms.len() == 1));
        assert!(LETTERS.iter().all(|class| class.label.parse::<u8>().is_err()));
    }

    #[test]
    fn every_kind_draws_as_many_images_with_ink_each_of_its_own() {
        let frame = Frame::mnist(20);
        for kind in NonDigit::ALL {
            let images = non_digits(kind, 40, 1, frame);
            assert_eq!(
                (images.shape.side(), images.len(), images.pixels.len()),
                (Some(20), 40, 40 * 400)
            );
            let each: std::collections::BTreeSet<_> = images.pixels.chunks_exact(400).collect();
            assert_eq!(each.len(), 40, "{kind:?}");
            assert!(each.iter().all(|image| image.iter().any(|&ink| ink > 100)), "{kind:?}");
            assert_eq!(images.pixels, non_digits(kind, 40, 1, frame).pixels);
        }
    }
}
