//! What a sample of a data set is: an image, or features.

use std::fmt;

use inkbit_core::{Frame, Input, Layout, Model, Range, Sample};
use sha2::{Digest, Sha256};

/// The width and height of the chart that features are drawn as.
const CHART: [usize; 2] = [64, 48];

/// What a sample of a data set is. Its bytes are those that a model takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An image: a byte for each pixel, row by row, 0 for background and 255 for foreground.
    Image {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Features: numbers, each of a byte, or of two bytes, little-endian, if they are signed.
    Features {
        /// How many.
        count: usize,
        /// Whether they are signed numbers of 16 bits.
        signed: bool,
        /// What of them becomes inputs: one range for all features, or one each.
        ranges: Vec<Range>,
    },
}

impl Default for Shape {
    fn default() -> Self {
        Self::square(0)
    }
}

impl Shape {
    /// Images of `side` × `side` pixels.
    pub const fn square(side: usize) -> Self {
        Self::Image { width: side, height: side }
    }

    /// What a model takes.
    pub fn of_model(model: &Model<'_>) -> Self {
        match model.sample() {
            Sample::Image(frame) => {
                Self::Image { width: frame.width.into(), height: frame.height.into() }
            }
            Sample::Features { count, signed, .. } => {
                Self::Features { count: count.into(), signed, ranges: model.ranges().collect() }
            }
        }
    }

    /// What a model takes of these samples, images laid out so. Sizes beyond the format's become its
    /// greatest.
    pub fn sample(&self, layout: Layout) -> Sample {
        let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        match self {
            Self::Image { width, height } => {
                Sample::Image(Frame { width: narrow(*width), height: narrow(*height), layout })
            }
            Self::Features { count, signed, ranges } => Sample::Features {
                count: narrow(*count),
                signed: *signed,
                ranges: narrow(ranges.len()),
            },
        }
    }

    /// Bytes of a sample.
    pub const fn bytes(&self) -> usize {
        match self {
            Self::Image { width, height } => *width * *height,
            Self::Features { count, signed, .. } => *count << *signed as usize,
        }
    }

    /// The side length of square images.
    pub const fn side(&self) -> Option<usize> {
        match self {
            Self::Image { width, height } if *width == *height => Some(*width),
            _ => None,
        }
    }

    /// Width and height of images; features are one row.
    pub const fn size(&self) -> [usize; 2] {
        match self {
            Self::Image { width, height } => [*width, *height],
            Self::Features { count, .. } => [*count, 1],
        }
    }

    /// Whether samples are features.
    pub const fn is_features(&self) -> bool {
        matches!(self, Self::Features { .. })
    }

    /// Whether the samples of two shapes have the same bytes, whatever becomes of them.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Features { count, signed, .. },
                Self::Features { count: others, signed: is_signed, .. },
            ) => (count, signed) == (others, is_signed),
            _ => self == other,
        }
    }

    /// The values of features in a sample of them, in order; the pixels of an image.
    pub fn values(&self, sample: &[u8]) -> Vec<i16> {
        match self {
            Self::Features { signed: true, .. } => {
                sample.as_chunks().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect()
            }
            _ => sample.iter().copied().map(i16::from).collect(),
        }
    }

    /// Appends the inputs of features: their values in the steps of their ranges.
    ///
    /// # Panics
    ///
    /// If there are neither one range nor as many as values.
    pub fn scale(&self, sample: &[u8], out: &mut Vec<u8>) {
        let Self::Features { ranges, .. } = self else {
            return out.extend_from_slice(sample);
        };
        let values = self.values(sample);
        assert!(ranges.len() == 1 || ranges.len() == values.len(), "ranges of the features");
        let ranges = ranges.iter().cycle();
        out.extend(values.into_iter().zip(ranges).map(|(value, range)| range.input(value)));
    }

    /// A sample as people look at it, with its width: an image as it is, of features a chart of their
    /// inputs from left to right.
    pub fn picture(&self, sample: &[u8]) -> (usize, Vec<u8>) {
        let Self::Features { count, .. } = self else { return (self.size()[0], sample.to_vec()) };
        let mut inputs = Vec::new();
        self.scale(sample, &mut inputs);
        let [width, height] = CHART;
        let mut pixels = vec![0; width * height];
        let row_of = |column: usize| {
            let at = column * count.saturating_sub(1) / (width - 1);
            inputs.get(at).map(|&input| (255 - usize::from(input)) * (height - 1) / 255)
        };
        for column in 0..width {
            // Down or up to the row of the column before, so that the line has no gaps.
            let (Some(row), Some(from)) = (row_of(column), row_of(column.saturating_sub(1))) else {
                continue;
            };
            for row in row.min(from)..=row.max(from) {
                pixels[row * width + column] = 255;
            }
        }
        (width, pixels)
    }

    /// Adds it to a hash: of square images the side length, else a mark and the sizes.
    pub(super) fn hash_into(&self, hash: &mut Sha256) {
        let mark = u64::MAX;
        let numbers = match *self {
            Self::Image { width, height } if width == height => vec![width as u64],
            Self::Image { width, height } => vec![mark, width as u64, height as u64],
            Self::Features { count, signed, .. } => vec![mark, count as u64, mark, signed.into()],
        };
        numbers.into_iter().for_each(|number| hash.update(number.to_le_bytes()));
    }

    /// The input shape of a network that takes each pixel or feature as it is; none if there are too
    /// many along an axis.
    pub fn whole(&self) -> Option<Input> {
        let [width, height] = self.size();
        let (width, height) = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
        Some(Input { width, height, ..Input::full(1) })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image { width, height } => write!(f, "{width}×{height} pixels"),
            Self::Features { count, signed, .. } => {
                let features = if *count == 1 { "feature" } else { "features" };
                let of = if *signed { "16 bits" } else { "a byte" };
                write!(f, "{count} {features} of {of}")
            }
        }
    }
}

/// The ranges that hold all values of features, the least as 0 and the greatest as 255: one for each
/// of `count` features, or one for all. `samples` are rows of values.
pub fn ranges(samples: impl Iterator<Item = Vec<i16>>, count: usize, is_one: bool) -> Vec<Range> {
    let mut limits = vec![(i16::MAX, i16::MIN); count];
    for sample in samples {
        for ((least, greatest), value) in limits.iter_mut().zip(sample) {
            (*least, *greatest) = ((*least).min(value), (*greatest).max(value));
        }
    }
    if is_one {
        let all = limits.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        limits = all.into_iter().collect();
    }
    let range = |(least, greatest): (i16, i16)| {
        let steps = i64::from(greatest) - i64::from(least);
        // Of one value there is nothing to tell: its input is always 0.
        let multiplier = if steps < 1 { 0 } else { ((255 << 24) + steps / 2) / steps };
        Range { offset: least.into(), multiplier: multiplier as u32 }
    };
    limits.into_iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_value_becomes_0_and_the_greatest_255() {
        let rows = [vec![-300, 7, i16::MIN], vec![500, 7, i16::MAX]];
        let each = ranges(rows.clone().into_iter(), 3, false);
        assert_eq!([-300, 500].map(|value| each[0].input(value)), [0, 255]);
        assert_eq!([6, 7, 8].map(|value| each[1].input(value)), [0, 0, 0]);
        assert_eq!([i16::MIN, i16::MAX].map(|value| each[2].input(value)), [0, 255]);
        let one = ranges(rows.into_iter(), 3, true);
        assert_eq!(one, [each[2]]);
    }

    #[test]
    fn features_have_one_byte_or_two_and_a_range_each_or_one_for_all() {
        let range = Range { offset: -1, multiplier: 1 << 24 };
        let shape = Shape::Features { count: 2, signed: true, ranges: vec![range] };
        let mut inputs = Vec::new();
        shape.scale(&[0xFF, 0xFF, 4, 1], &mut inputs);
        assert_eq!((shape.bytes(), inputs), (4, vec![0, 255]));
        let ranges = vec![range, Range { offset: 4, ..range }];
        let shape = Shape::Features { count: 2, signed: false, ranges };
        let mut inputs = Vec::new();
        shape.scale(&[3, 9], &mut inputs);
        assert_eq!((shape.bytes(), inputs), (2, vec![4, 5]));
    }
}
