//! What a model takes: images with a layout, or features with ranges.

use crate::shape::{Input, Stage};
use crate::wire::wire;

wire! {
    /// How ink lies in the images that a model was trained on, and so in those that it is given.
    /// [`image::lay`](crate::image::lay) does it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum Layout [] [] [] {
        /// The whole picture, scaled to the frame.
        AsItIs,
        /// The ink scaled to fill the frame, proportions kept, in its middle.
        Fitted,
        /// The ink scaled until its longer side is `ink` pixels, and moved until its centre of mass
        /// is the middle.
        Centred {
            /// Pixels of the longer side.
            ink: u16,
        },
    } [Write]
}

impl Layout {
    /// As MNIST lies in images with this side length: 20 pixels of 28, centred by mass.
    ///
    /// ```
    /// assert_eq!(inkbit_core::Layout::mnist(28), inkbit_core::Layout::Centred { ink: 20 });
    /// ```
    pub const fn mnist(side: u16) -> Self {
        let ink = (20 * side as u32 + 14) / 28;
        Self::Centred { ink: if ink == 0 { 1 } else { ink as u16 } }
    }
}

wire! {
    /// The images that a model takes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct Frame [] {
        /// Pixels of a row.
        pub width: u16,
        /// Rows.
        pub height: u16,
        /// How ink lies in it.
        pub layout: Layout,
    } [Write]
}

impl Frame {
    /// A square image, as MNIST's are laid out.
    pub const fn mnist(side: u16) -> Self {
        Self { width: side, height: side, layout: Layout::mnist(side) }
    }

    /// Pixels of an image.
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }
}

wire! {
    /// What a model takes: a run of bytes that is classified.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum Sample [] [] [] {
        /// An image: a byte for each pixel, row by row, 0 for background and 255 for ink.
        Image(Frame),
        /// Features: numbers, each of a byte, or of two bytes, little-endian, if they are signed.
        Features {
            /// How many.
            count: u16,
            /// Whether they are signed numbers of 16 bits.
            signed: bool,
            /// Ranges that the parameters begin with: 1 for all, or `count`.
            ranges: u16,
        },
    } [Write]
}

impl Sample {
    /// A square image, as MNIST's are laid out.
    pub const fn mnist(side: u16) -> Self {
        Self::Image(Frame::mnist(side))
    }

    /// Bytes of a sample.
    ///
    /// ```
    /// use inkbit_core::Sample;
    /// assert_eq!(Sample::mnist(28).bytes(), 784);
    /// assert_eq!(Sample::Features { count: 96, signed: true, ranges: 1 }.bytes(), 192);
    /// ```
    pub const fn bytes(self) -> usize {
        match self {
            Self::Image(frame) => frame.pixels(),
            Self::Features { count, signed, .. } => (count as usize) << signed as u32,
        }
    }

    /// Bytes of a feature; 1 if there are none.
    #[inline(always)]
    pub(crate) const fn bytes_of_feature(self) -> usize {
        if matches!(self, Self::Features { signed: true, .. }) { 2 } else { 1 }
    }

    /// The image that a stage takes. Features are an image of one row.
    #[inline(always)]
    pub(crate) const fn input(self, stage: &Stage) -> Input {
        let (crop, pool) = (stage.crop, stage.pool);
        match self {
            Self::Image(Frame { width, height, .. }) => Input { width, height, crop, pool },
            Self::Features { count, .. } => Input { width: count, height: 1, crop, pool },
        }
    }

    /// Bytes that its ranges take in a blob's data.
    pub(crate) const fn range_bytes(self) -> usize {
        match self {
            Self::Image(_) => 0,
            Self::Features { ranges, .. } => ranges as usize * Range::BYTES,
        }
    }
}

/// From a feature to an input: (value − `offset`) · `multiplier` / 2²⁴, rounded and held within 0
/// and 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Range {
    /// What becomes 0. A model has only signed numbers of 16 bits.
    pub offset: i32,
    /// Steps of an input, times 2²⁴, for each step of the feature.
    pub multiplier: u32,
}

impl Range {
    /// Bytes that it takes in a blob's data.
    pub const BYTES: usize = 8;

    /// The range as it lies in a blob.
    #[inline(always)]
    pub(crate) const fn of(&[offset, multiplier]: &[u32; 2]) -> Self {
        Self { offset: u32::from_le(offset).cast_signed(), multiplier: u32::from_le(multiplier) }
    }

    /// Its bytes in a blob's data.
    pub const fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d] = self.offset.to_le_bytes();
        let [e, f, g, h] = self.multiplier.to_le_bytes();
        [a, b, c, d, e, f, g, h]
    }

    /// The input that a feature becomes.
    ///
    /// ```
    /// use inkbit_core::Range;
    /// let range = Range { offset: -1000, multiplier: (255 << 24) / 2000 }; // −1000 to 1000
    /// assert_eq!([-1001, 0, 1000].map(|value| range.input(value)), [0, 127, 255]);
    /// ```
    #[inline(always)]
    pub const fn input(self, value: i16) -> u8 {
        let above = (value as i32).saturating_sub(self.offset);
        if above <= 0 {
            return 0;
        }
        let input = (above as u64 * self.multiplier as u64 + (1 << 23)) >> 24;
        if input > 255 { 255 } else { input as u8 }
    }
}
