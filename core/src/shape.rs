//! The sizes that a model may have: of weights, images and layers.

use crate::wire::wire;

/// The version of layout and arithmetic that this build reads and writes.
pub const VERSION: u16 = 2;
/// Data starts at a multiple of this, if the blob does.
pub const ALIGNMENT: usize = 8;
/// The most layers that a model may have.
pub const MAX_LAYERS: usize = 8;
/// The most inputs or outputs that a layer may have.
pub const MAX_WIDTH: usize = 4096;
/// The greatest side length of an image, in pixels.
pub const MAX_SIDE: u16 = 1024;
/// The greatest absolute value of a bias. With it, no sum can overflow 32 bits.
pub const MAX_BIAS: i32 = 1 << 30;
/// The most outputs whose weights lie together: [`WeightBits::block`] at its greatest.
pub const MAX_BLOCK: usize = 16;

/// The width of a weight code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WeightBits {
    /// Weights −3, −1, 1, 3.
    Two,
    /// The odd weights from −15 to 15.
    Four,
    /// Weights from −127 to 127.
    Eight,
}

impl WeightBits {
    /// The width for a number of bits, if there is one.
    ///
    /// ```
    /// use inkbit_core::WeightBits;
    /// assert_eq!(WeightBits::from_bits(4), Some(WeightBits::Four));
    /// assert_eq!(WeightBits::from_bits(3), None);
    /// ```
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// The number of bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Outputs whose codes lie together.
    #[inline(always)]
    pub const fn block(self) -> usize {
        match self {
            Self::Two => 16,
            Self::Four | Self::Eight => 8,
        }
    }

    /// Bytes of a row: the codes of one input for a [`block`](Self::block) of outputs.
    #[inline(always)]
    pub const fn row_bytes(self) -> usize {
        match self {
            Self::Two | Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// A weight is `step · code − offset`.
    pub const fn step(self) -> i32 {
        match self {
            Self::Eight => 1,
            Self::Two | Self::Four => 2,
        }
    }

    /// A weight is `step · code − offset`.
    pub const fn offset(self) -> i32 {
        match self {
            Self::Eight => 128,
            Self::Four => 15,
            Self::Two => 3,
        }
    }

    /// The greatest weight; the least is its negative.
    pub const fn max_weight(self) -> i32 {
        match self {
            Self::Eight => 127,
            Self::Four => 15,
            Self::Two => 3,
        }
    }

    /// The code that stands for `weight`, if one does.
    ///
    /// ```
    /// use inkbit_core::WeightBits;
    /// assert_eq!(WeightBits::Eight.code(-127), Some(1));
    /// assert_eq!(WeightBits::Four.code(15), Some(15));
    /// assert_eq!(WeightBits::Two.code(-1), Some(1));
    /// assert_eq!(WeightBits::Two.code(0), None); // 4 and 2 bits have only odd weights
    /// ```
    pub const fn code(self, weight: i32) -> Option<u8> {
        let max = self.max_weight();
        if weight < -max || weight > max || (weight + self.offset()) % self.step() != 0 {
            return None;
        }
        Some(((weight + self.offset()) / self.step()) as u8)
    }

    /// Where the code of output `o` of a block lies in a row: byte, and bit of that byte.
    ///
    /// ```
    /// use inkbit_core::WeightBits;
    /// assert_eq!(WeightBits::Eight.place(3), (3, 0));
    /// assert_eq!(WeightBits::Four.place(5), (1, 4)); // the upper half of byte 1
    /// ```
    #[inline(always)]
    pub const fn place(self, o: usize) -> (usize, usize) {
        match self {
            Self::Eight => (o, 0),
            Self::Four => (o % 4, o / 4 * 4),
            Self::Two => (o / 8 + o % 2 * 2, o / 2 % 4 * 2),
        }
    }
}

wire! {
    /// The image that a model takes, and how it becomes the inputs of the first layer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct Input [] {
        /// Side length of the square image in pixels.
        pub side: u16,
        /// Pixels cut off each of the four edges.
        pub crop: u8,
        /// Side length of the square of pixels that is averaged into one input: 1, 2 or 4.
        pub pool: u8,
    } [Read]
}

impl Input {
    /// An image of `side` × `side` pixels, each of them an input.
    pub const fn full(side: u16) -> Self {
        Self { side, crop: 0, pool: 1 }
    }

    /// Inputs per row, or 0 if crop and pool do not fit the image.
    ///
    /// ```
    /// use inkbit_core::Input;
    /// assert_eq!(Input { side: 28, crop: 2, pool: 2 }.width(), 12);
    /// assert_eq!(Input { side: 28, crop: 1, pool: 4 }.width(), 0); // 26 is no multiple of 4
    /// ```
    pub const fn width(self) -> usize {
        let (side, crop) = (self.side as usize, self.crop as usize);
        if side > MAX_SIDE as usize || 2 * crop >= side {
            return 0;
        }
        let Some(shift) = self.pool_shift() else { return 0 };
        let width = (side - 2 * crop) >> shift;
        if width << shift == side - 2 * crop { width } else { 0 }
    }

    /// The logarithm of `pool` to base 2, if it is one that the format knows.
    pub(crate) const fn pool_shift(self) -> Option<u32> {
        match self.pool {
            1 => Some(0),
            2 => Some(1),
            4 => Some(2),
            _ => None,
        }
    }

    /// Inputs of the first layer.
    pub const fn inputs(self) -> usize {
        self.width() * self.width()
    }

    /// Pixels of an image.
    pub const fn pixels(self) -> usize {
        self.side as usize * self.side as usize
    }
}

wire! {
    /// What a blob's layer table says of one layer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct LayerShape [] {
        /// Values that the layer takes.
        pub inputs: u16,
        /// Values that it gives.
        pub outputs: u16,
        /// Width of a weight code: 8, 4 or 2.
        pub bits: u8,
        /// Requantization multipliers: 0 in the last layer, else 1 or `outputs`.
        pub multipliers: u16,
    } [Read]
}

pub(crate) const fn align(bytes: usize) -> usize {
    (bytes + 7) & !7
}

impl LayerShape {
    /// Bytes of the multipliers, biases and weights, without the padding between them, of a shape
    /// within the format's limits.
    ///
    /// ```
    /// use inkbit_core::LayerShape;
    /// let shape = LayerShape { inputs: 16, outputs: 10, bits: 4, multipliers: 1 };
    /// assert_eq!(shape.part_bytes(), [4, 40, 2 * 16 * 4]); // two blocks of eight outputs
    /// assert_eq!(shape.data_bytes(), 8 + 40 + 128);
    /// ```
    pub const fn part_bytes(&self) -> [usize; 3] {
        let weights = match WeightBits::from_bits(self.bits) {
            Some(bits) => {
                let blocks = (self.outputs as usize).div_ceil(bits.block());
                blocks * self.inputs as usize * bits.row_bytes()
            }
            None => 0,
        };
        [self.multipliers as usize * 4, self.outputs as usize * 4, weights]
    }

    /// Bytes that the layer takes in a blob's data, padding included.
    pub const fn data_bytes(&self) -> usize {
        let [multipliers, bias, weights] = self.part_bytes();
        align(multipliers) + align(bias) + align(weights)
    }
}
