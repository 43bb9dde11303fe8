//! How many pictures of each condition are read right.

use std::fmt;

use image::{GrayImage, imageops};
use inkbit::data::Images;
use inkbit::data::picture::{Wanted, find};
use inkbit::model::{Blob, HostEngine, builtin};
use inkbit::support::parallel;
use inkbit_core::Frame;

use super::{Condition, Digit, draw};

/// The models that read the pictures.
pub const MODELS: [&str; 3] = ["accurate", "tiny", "nano"];

/// Digits of each class.
const PER_CLASS: usize = 4;

/// Plain pictures on which they are read.
const PLAIN: [usize; 3] = [100, 101, 102];

/// The longer sides at which one picture has to give one answer.
const SIZES: [u32; 11] = [300, 398, 496, 594, 692, 790, 888, 986, 1084, 1182, 1280];

/// A condition with what the models have read.
pub struct Row {
    /// The condition.
    pub name: &'static str,
    /// Pictures that each of [`MODELS`] has read right.
    pub right: [usize; MODELS.len()],
    /// Pictures that there were.
    pub of: usize,
    /// The fewest that each has to read right.
    pub least: usize,
}

impl Row {
    /// Whether each model has read enough of them.
    pub fn holds(&self) -> bool {
        self.right.iter().all(|&right| right >= self.least)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} |", self.name)?;
        self.right.iter().try_for_each(|right| write!(f, " {right} |"))?;
        write!(f, " {} | {} |", self.least, self.of)
    }
}

/// What the three models read.
struct Readers<'m>(Vec<HostEngine<'m>>);

impl Readers<'_> {
    fn read(&mut self, image: &[u8]) -> [u8; MODELS.len()] {
        let mut read = [0; MODELS.len()];
        for (to, engine) in read.iter_mut().zip(&mut self.0) {
            *to = inkbit_core::argmax(&engine.infer(image)) as u8;
        }
        read
    }

    /// What each model reads on a picture, in reading order.
    fn read_all(&mut self, picture: &GrayImage) -> [Vec<u8>; MODELS.len()] {
        let mut all = [const { Vec::new() }; MODELS.len()];
        for found in find(picture, Frame::mnist(28), Wanted::All).unwrap_or_default() {
            let read = self.read(&found.image);
            all.iter_mut().zip(read).for_each(|(all, class)| all.push(class));
        }
        all
    }
}

/// Counts for `count` pictures of each condition, of digits that all models read right as they are and on some
/// plain pictures: what is counted is what conditions do to them.
///
/// # Panics
///
/// If the digits are not images of 28 × 28 pixels, or too few are read right.
pub fn rows(images: &Images, count: usize) -> Vec<Row> {
    let blobs = MODELS.map(|name| builtin::find(name).expect("a built-in model"));
    let models = blobs.each_ref().map(|blob: &Blob| blob.model().expect("a model"));
    let readers = || Readers(models.iter().map(HostEngine::new).collect());
    let digits = chosen(images, &mut readers());
    let mut rows = parallel::map(Condition::ALL.len(), |at| {
        row(Condition::ALL[at], count, &digits, &mut readers())
    });
    rows.push(at_sizes(count, &digits, &mut readers()));
    rows
}

/// The first digits of each class that all models read right.
fn chosen<'i>(images: &'i Images, readers: &mut Readers<'_>) -> Vec<Digit<'i>> {
    let mut counts = [0; 10];
    let labelled = (0..images.len()).map(|index| (images.labels[index], images.image(index)));
    let digits: Vec<_> = labelled
        .filter(|&(label, image)| {
            let count = &mut counts[usize::from(label)];
            let is_free = *count < PER_CLASS
                && readers.read(image) == [label; MODELS.len()]
                && PLAIN.into_iter().all(|number| {
                    let picture = draw(Condition::Plain, number, &[(label, image)]);
                    readers.read_all(&picture.grey).iter().all(|read| *read == [label])
                });
            *count += usize::from(is_free);
            is_free
        })
        .collect();
    assert_eq!(digits.len(), 10 * PER_CLASS, "digits that all models read right");
    digits
}

fn row(condition: Condition, count: usize, digits: &[Digit<'_>], readers: &mut Readers<'_>) -> Row {
    let mut right = [0; MODELS.len()];
    for number in 0..count {
        let picture = draw(condition, number, digits);
        for (right, read) in right.iter_mut().zip(readers.read_all(&picture.grey)) {
            *right += usize::from(match condition {
                // Of so many digits, a model misses some.
                Condition::Full => in_order(&read, &picture.shows) * 20 >= picture.shows.len() * 19,
                _ => read == picture.shows,
            });
        }
    }
    let least = if condition == Condition::Through { 32 } else { 38 };
    Row { name: condition.name(), right, of: count, least: (least * count).div_ceil(40) }
}

/// One picture at eleven sizes gives one answer.
fn at_sizes(count: usize, digits: &[Digit<'_>], readers: &mut Readers<'_>) -> Row {
    let mut right = [0; MODELS.len()];
    for number in 0..count {
        let condition = [Condition::Plain, Condition::Desk, Condition::Shadow][number % 3];
        let picture = draw(condition, number, digits);
        let (width, height) = picture.grey.dimensions();
        let at = SIZES.map(|longer| {
            let side = |side: u32| side * longer / width.max(height);
            let filter = imageops::FilterType::Triangle;
            let sized = imageops::resize(&picture.grey, side(width), side(height), filter);
            readers.read_all(&sized)
        });
        for (model, right) in right.iter_mut().enumerate() {
            *right += usize::from(at.iter().all(|read| read[model] == picture.shows));
        }
    }
    let name = "the same at eleven sizes, 300 to 1280 pixels";
    Row { name, right, of: count, least: (38 * count).div_ceil(40) }
}

/// How many of `b` are in `a` in the same order: their longest common subsequence.
fn in_order(a: &[u8], b: &[u8]) -> usize {
    let mut lengths = vec![0; b.len() + 1];
    for x in a {
        let mut corner = 0;
        for (at, y) in b.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if x == y { corner + 1 } else { above.max(lengths[at]) };
            corner = above;
        }
    }
    lengths[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_order_is_counted_though_some_are_missing_or_too_many() {
        assert_eq!(in_order(&[1, 2, 3], &[1, 2, 3]), 3);
        assert_eq!(in_order(&[1, 9, 2, 3], &[1, 2, 3]), 3);
        assert_eq!(in_order(&[2, 3], &[1, 2, 3]), 2);
        assert_eq!(in_order(&[3, 2, 1], &[1, 2, 3]), 1);
        assert_eq!(in_order(&[], &[1]), 0);
    }
}
