//! What is odd about a data set, by counting and by reading it with a built-in model.

use crate::data::check::{self, Oddity};
use crate::data::source::transpose;
use crate::data::{Dataset, Images, Shape};
use crate::evaluate::evaluate_model;
use crate::model::builtin;
use crate::support::numbers::percent;

/// The model that reads digits.
const READER: &str = "nano";
/// The fewest digits by which their way up is told, and how many of a data set are read.
const DIGITS: (usize, usize) = (30, 500);
/// Transposed digits are read right by at least this fraction, and by so much more than as they are.
const READ: (f64, f64) = (0.5, 0.2);

/// All that is odd about data. What is built in is not asked about its way up.
///
/// ```
/// use inkbit::data::{source::transpose, synthetic::dataset};
/// use inkbit::evaluate::data_check::oddities;
/// let mut data = dataset(100, 20, 1);
/// assert_eq!(oddities(&data), []);
/// transpose(&mut data.train);
/// assert!(oddities(&data)[0].text.contains("--transpose"));
/// ```
pub fn oddities(data: &Dataset) -> Vec<Oddity> {
    let mut found: Vec<Oddity> = transposed(data).into_iter().collect();
    found.extend(check::oddities(data));
    found
}

/// Says that digits lie on their side, as EMNIST's do: a model reads them better transposed.
fn transposed(data: &Dataset) -> Option<Oddity> {
    let blob = builtin::find(READER)?;
    let model = blob.model().ok()?;
    let images = if data.train.is_empty() { &data.test } else { &data.train };
    let is_digit = |label: u8| {
        label < 10
            && data.classes.get(usize::from(label)).is_some_and(|name| *name == label.to_string())
    };
    let digits = (0..images.len() as u32).filter(|&index| is_digit(images.labels[index as usize]));
    let digits: Vec<u32> = digits.collect();
    if images.shape != Shape::of_model(&model) || digits.len() < DIGITS.0 {
        return None;
    }
    let step = digits.len().div_ceil(DIGITS.1);
    let digits: Vec<u32> = digits.into_iter().step_by(step).collect();
    let mut chosen = images.chosen(&digits);
    let accuracy = |images: &Images| Some(evaluate_model(&model, images).ok()?.accuracy);
    let upright = accuracy(&chosen)?;
    transpose(&mut chosen);
    let turned = accuracy(&chosen)?;
    (turned >= READ.0 && turned >= upright + READ.1).then(|| {
        Oddity::serious(format!(
            "the digits lie on their side, as EMNIST's: {READER} reads {} of them right, and {} with \
             rows and columns swapped; give --transpose, or leave it out if it was given",
            percent(upright),
            percent(turned)
        ))
    })
}
