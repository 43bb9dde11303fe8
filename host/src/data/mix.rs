//! A mixture of data sets to train on: `mnist+synthetic:0.2`.

use std::collections::HashSet;

use super::source::Loaded;
use super::{Dataset, Images, Shape};
use crate::support::visible;

/// A mixture that cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MixError {
    #[error(
        "`{}` in --data is no source with its fraction: expected a name, a colon and a fraction of \
         the training images between 0 and 1, as in mnist+synthetic:0.2",
        visible::line(.0)
    )]
    Fraction(String),
    #[error("--data names `{}` twice: take one fraction of it", visible::line(.0))]
    Twice(String),
    #[error("--data mixes {0} sources, the limit is {MOST}: mix fewer")]
    Many(usize),
    #[error("the fractions in --data add up to {0}: nothing is left for the first source")]
    Sum(f64),
    #[error(
        "`{}` has {has} images to train on, but a fraction of {fraction} beside the {first} of the \
         first source takes {wanted}: take a fraction of at most {most:.3}",
        visible::line(name)
    )]
    TooFew { name: String, has: usize, fraction: f64, first: usize, wanted: usize, most: f64 },
    #[error("`{}` has samples of {other}, but the first source has {first}", visible::line(name))]
    Shapes { name: String, first: String, other: String },
    #[error(
        "`{}` has the class \"{}\", which the first source has not",
        visible::line(name),
        visible::line(class)
    )]
    Class { name: String, class: String },
}

/// The most sources of a mixture, each of which is loaded whole.
const MOST: usize = 8;

/// A source, and its fraction of the training images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Other<'a> {
    pub(super) name: &'a str,
    pub(super) fraction: f64,
}

/// The first source of a mixture; `None` if `name` is no mixture.
pub(super) fn first(name: &str) -> Option<&str> {
    name.split_once('+').map(|(first, _)| first)
}

/// The other sources of a mixture.
pub(super) fn others(name: &str) -> Result<Vec<Other<'_>>, MixError> {
    let sources = name.split('+').count();
    if sources > MOST {
        return Err(MixError::Many(sources));
    }
    let mut others = Vec::new();
    for part in name.split('+').skip(1) {
        others.push(other(part).ok_or_else(|| MixError::Fraction(part.to_owned()))?);
    }
    let mut known: HashSet<&str> = first(name).into_iter().collect();
    if let Some(twice) = others.iter().find(|other| !known.insert(other.name)) {
        return Err(MixError::Twice(twice.name.to_owned()));
    }
    let sum = others.iter().map(|other| other.fraction).sum();
    if sum < 1.0 { Ok(others) } else { Err(MixError::Sum(sum)) }
}

/// The fraction of the training images that is of the first source: all, if `name` is no mixture.
pub(super) fn left(name: &str) -> f64 {
    let others = others(name).unwrap_or_default();
    1.0 - others.iter().map(|other| other.fraction).sum::<f64>()
}

fn other(part: &str) -> Option<Other<'_>> {
    // The last colon: a path on Windows has one of its own.
    let (name, fraction) = part.rsplit_once(':')?;
    let fraction: f64 = fraction.parse().ok()?;
    (!name.is_empty() && fraction > 0.0 && fraction < 1.0).then_some(Other { name, fraction })
}

/// Adds training images of the other sources to those of the first, until each source has its fraction
/// of all. The added images are spread evenly over their source, and keep the labels of their classes;
/// of a source that has too few, each image is taken several times in succession, which `notes` tell,
/// but no more in all than the first source has. The test images are those of the first source.
pub(super) fn mix<'o, E: From<MixError>>(
    name: &str,
    first: Dataset,
    others: impl Iterator<Item = Result<(Other<'o>, Loaded), E>>,
    notes: &mut Vec<String>,
) -> Result<Dataset, E> {
    let left = left(name);
    let count = first.train.len();
    let mut train = first.train;
    // One after another, so that only one lies beside the mixture.
    for other in others {
        let (Other { name, fraction }, Loaded { data: other, notes: of_other, .. }) = other?;
        let name = name.to_owned();
        notes.extend(of_other);
        if !other.train.shape.is_like(&train.shape) {
            let [first, other] = [&train.shape, &other.train.shape].map(Shape::to_string);
            return Err(MixError::Shapes { name, first, other }.into());
        }
        let wanted = (count as f64 * fraction / left).round() as usize;
        let has = other.train.len();
        let most = has.max(count);
        if wanted > most || has == 0 {
            // The other fractions stay.
            let most = (left + fraction) * most as f64 / (count + most) as f64;
            return Err(MixError::TooFew { name, has, fraction, first: count, wanted, most }.into());
        }
        if wanted > has {
            notes.push(format!(
                "`{}` has {has} images to train on, and each is taken about {:.0} times",
                visible::line(&name),
                wanted as f64 / has as f64
            ));
        }
        let classes = classes(&name, &other.classes, &first.classes)?;
        let chosen: Vec<u32> = (0..wanted).map(|index| (index * has / wanted) as u32).collect();
        let Images { pixels, labels, .. } = other.train.chosen(&chosen);
        train.pixels.extend(pixels);
        train.labels.extend(labels.iter().map(|&label| classes[usize::from(label)]));
    }
    Ok(Dataset { name: name.to_owned(), train, ..first })
}

/// For each class of a source the number of the class with that label.
fn classes(name: &str, labels: &[String], known: &[String]) -> Result<Vec<u8>, MixError> {
    let find = |label: &String| {
        let class = known.iter().position(|known| known == label);
        class
            .map(|class| class as u8)
            .ok_or_else(|| MixError::Class { name: name.to_owned(), class: label.clone() })
    };
    labels.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_named_twice_is_refused() {
        let twice = |name| others(name).unwrap_err();
        assert_eq!(twice("mnist+a:0.1+b:0.1+a:0.2"), MixError::Twice("a".to_owned()));
        assert_eq!(twice("mnist+mnist:0.5"), MixError::Twice("mnist".to_owned()));
    }

    #[test]
    fn what_is_left_for_the_first_source_is_the_rest_of_all_fractions() {
        assert!((left("mnist+synthetic:0.2+mine:0.25") - 0.55).abs() < 1e-9);
        for name in ["mnist", "a folder+2", "a:0.3", "a+b:2"] {
            assert!((left(name) - 1.0).abs() < 1e-9, "{name}");
        }
    }
}
