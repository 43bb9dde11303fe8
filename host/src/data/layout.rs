//! How the ink lies in images: measured on those that a model is trained on, so that pictures can be
//! laid out alike.

use std::fmt;
use std::str::FromStr;

use inkbit_core::Layout;
use inkbit_core::image::centre_of_mass;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Images, Shape};

/// The most images that are looked at, evenly spread.
const LOOKED_AT: usize = 2000;
/// The fraction of the images that have to lie in a way.
const MOST: f64 = 0.8;
/// By how much of the side length the longer side of the ink may differ from the usual one.
const NEAR: f64 = 1.5 / 28.0;
/// How far from the middle, in side lengths, the centre of mass of usual ink is at the most.
const MIDDLE: f64 = 3.0 / 28.0;

/// Width, height, and centre of mass of an image's ink.
struct Ink {
    width: usize,
    height: usize,
    centre: [usize; 2],
    /// By how much the rows below it are more or fewer than those above it, and the same of columns.
    off: [usize; 2],
}

impl Ink {
    fn of(image: &[u8], [across, down]: [usize; 2]) -> Option<Self> {
        let (row, column) = centre_of_mass(image, across)?;
        let inked = |&at: &usize| image[at] > 0;
        let rows: Vec<usize> = (0..image.len()).filter(inked).map(|at| at / across).collect();
        let columns = (0..image.len()).filter(inked).map(|at| at % across);
        let (left, right) =
            columns.fold((across, 0), |(low, high), at| (low.min(at), high.max(at)));
        let (top, bottom) = (*rows.first()?, *rows.last()?);
        let off = [top.abs_diff(down - 1 - bottom), left.abs_diff(across - 1 - right)];
        let (width, height) = (right - left + 1, bottom - top + 1);
        Some(Self { width, height, centre: [row, column], off })
    }

    fn longer(&self) -> usize {
        self.width.max(self.height)
    }
}

/// How most of the images lie. Features are as they are.
///
/// If the longer side of the ink is nearly the same in most of them, they were fitted: to the frame if
/// it is as long, else to a square of that size, if the centre of mass is near the middle too.
/// Otherwise they are taken as they are.
///
/// ```
/// use inkbit::data::{layout, synthetic};
/// let digits = synthetic::images(synthetic::Part::Train, 100, 1);
/// assert_eq!(layout::measure(&digits), inkbit_core::Layout::Centred { ink: 21 });
/// ```
pub fn measure(images: &Images) -> Layout {
    let Shape::Image { width: across, height: down } = images.shape else { return Layout::AsItIs };
    let side = across.min(down);
    let step = images.len().div_ceil(LOOKED_AT).max(1);
    let inks: Vec<Ink> = (0..images.len())
        .step_by(step)
        .filter_map(|index| Ink::of(images.image(index), [across, down]))
        .collect();
    let mut longer: Vec<usize> = inks.iter().map(Ink::longer).collect();
    longer.sort_unstable();
    let Some(&usual) = longer.get(longer.len() / 2) else { return Layout::AsItIs };
    let most = |holds: &dyn Fn(&Ink) -> bool| {
        inks.iter().filter(|ink| holds(ink)).count() as f64 >= MOST * inks.len() as f64
    };
    let is_near = |ink: &Ink| ink.longer().abs_diff(usual) as f64 <= NEAR * side as f64;
    // Where ink fills the frame along both axes, as grey paper does, nothing was fitted.
    let is_full = |ink: &Ink| ink.width == across && ink.height == down;
    if !most(&is_near) || most(&is_full) {
        return Layout::AsItIs;
    }
    // Fitted ink fills one of the two axes.
    let fills = |ink: &Ink| ink.width + 1 >= across || ink.height + 1 >= down;
    let is_filled = if across == down { usual + 1 >= side } else { most(&fills) };
    if is_filled {
        let is_amid = |ink: &Ink| ink.off.iter().all(|&off| off <= 2);
        return if most(&is_amid) { Layout::Fitted } else { Layout::AsItIs };
    }
    let is_central = |ink: &Ink| {
        let middles = [down / 2, across / 2];
        ink.centre
            .iter()
            .zip(middles)
            .all(|(at, middle)| at.abs_diff(middle) as f64 <= (MIDDLE * side as f64).max(1.0))
    };
    if usual <= side && most(&is_central) {
        Layout::Centred { ink: usual as u16 }
    } else {
        Layout::AsItIs
    }
}

/// A layout in words: `as it is`, `fitted`, or `centred, 20 pixels`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Layout);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Layout::AsItIs => f.write_str("as it is"),
            Layout::Fitted => f.write_str("fitted"),
            Layout::Centred { ink } => write!(f, "centred, {ink} pixels"),
        }
    }
}

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pixels = || text.strip_prefix("centred, ")?.strip_suffix(" pixels")?.parse().ok();
        match (text, pixels()) {
            ("as it is", _) => Ok(Self(Layout::AsItIs)),
            ("fitted", _) => Ok(Self(Layout::Fitted)),
            (_, Some(ink)) => Ok(Self(Layout::Centred { ink })),
            _ => Err(format!(
                "{text:?} is no layout: it is `as it is`, `fitted`, or such as `centred, 20 pixels`"
            )),
        }
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use inkbit_core::Frame;
    use inkbit_core::image::lay;

    use super::*;
    use crate::data::synthetic::{Part, images};

    /// Synthetic digits, laid out anew.
    fn laid(layout: Layout, side: usize) -> Images {
        let digits = images(Part::Train, 200, 3);
        let mut found = Images {
            shape: Shape::square(side),
            pixels: Vec::new(),
            labels: digits.labels.clone(),
        };
        for index in 0..digits.len() {
            let mut out = vec![0; side * side];
            let frame = Frame { layout, ..Frame::mnist(side as u16) };
            lay(digits.image(index), 28, 28, &mut out, frame);
            found.pixels.extend(out);
        }
        found
    }

    #[test]
    fn a_layout_that_images_were_given_is_measured() {
        for side in [14, 20, 28, 40] {
            for layout in [Layout::Fitted, Layout::mnist(side as u16)] {
                assert_eq!(measure(&laid(layout, side)), layout, "{side}");
            }
        }
    }

    #[test]
    fn images_that_lie_anyhow_or_that_are_full_are_as_they_are() {
        let mut digits = laid(Layout::mnist(28), 28);
        for index in 0..digits.len() {
            let by = index * 37 % 784;
            digits.pixels[index * 784..(index + 1) * 784].rotate_right(by);
        }
        assert_eq!(measure(&digits), Layout::AsItIs);
        let full = Images { shape: Shape::square(8), pixels: vec![3; 640], labels: vec![0; 10] };
        assert_eq!(measure(&full), Layout::AsItIs);
        assert_eq!(
            measure(&Images { shape: Shape::square(8), ..Images::default() }),
            Layout::AsItIs
        );
    }

    #[test]
    fn the_words_of_a_layout_say_which_it_is() {
        for layout in [Layout::AsItIs, Layout::Fitted, Layout::Centred { ink: 20 }] {
            assert_eq!(Words(layout).to_string().parse(), Ok(Words(layout)));
        }
        let error = "centred".parse::<Words>().unwrap_err();
        assert!(error.contains("is no layout"), "{error}");
    }
}
