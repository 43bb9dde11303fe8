//! The sizes that a model may have: of weights, images and layers.

use crate::wire::wire;

/// The version of layout and arithmetic that this build writes. It reads [`OLDEST_VERSION`] to this.
pub const VERSION: u16 = 3;
/// The oldest version that this build reads.
pub const OLDEST_VERSION: u16 = 2;
/// Data starts at a multiple of this, if the blob does.
pub const ALIGNMENT: usize = 8;
/// The most layers that a model may have, in all stages together.
pub const MAX_LAYERS: usize = 8;
/// The most stages that a model may have.
pub const MAX_STAGES: usize = 4;
/// The most inputs or outputs that a layer may have.
pub const MAX_WIDTH: usize = 4096;
/// The greatest width or height of an image, in pixels.
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
    /// One of the networks that are asked in turn.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub struct Stage [] {
        /// Pixels cut off the left and the right edge each, and off the top and the bottom edge each.
        pub crop: [u8; 2],
        /// Width and height of the rectangle of pixels that is averaged into one input: 1, 2 or 4.
        pub pool: [u8; 2],
        /// Real value of one step of a logit. For display only.
        pub logit_scale: f32,
        /// By how much the greatest logit must be above the second greatest for the answer to stand.
        pub margin: u32,
        /// By how much it must be above all others together: the sum of the differences.
        pub prominence: u32,
        /// How many of the model's layers are its own.
        pub layers: u8,
    } [Neither]
}

impl Stage {
    /// The stage of a model that has no other, and whose answer always stands.
    pub const fn alone(input: Input, logit_scale: f32, layers: u8) -> Self {
        let (crop, pool) = (input.crop, input.pool);
        Self { crop, pool, logit_scale, margin: 0, prominence: 0, layers }
    }
}

/// How a sample becomes the inputs of a stage's first layer: an image cropped and pooled. Features
/// are an image of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Input {
    /// Pixels of a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Pixels cut off the left and the right edge each, and off the top and the bottom edge each.
    pub crop: [u8; 2],
    /// Width and height of the rectangle of pixels that is averaged into one input: 1, 2 or 4.
    pub pool: [u8; 2],
}

impl Input {
    /// An image of `side` × `side` pixels, cropped and pooled alike along both axes.
    pub const fn square(side: u16, crop: u8, pool: u8) -> Self {
        Self { width: side, height: side, crop: [crop; 2], pool: [pool; 2] }
    }

    /// An image of `side` × `side` pixels, each of them an input.
    pub const fn full(side: u16) -> Self {
        Self::square(side, 0, 1)
    }

    /// Inputs per row and per column; 0 along an axis where crop and pool do not fit the image.
    ///
    /// ```
    /// use inkbit_core::Input;
    /// assert_eq!(Input::square(28, 2, 2).size(), [12, 12]);
    /// assert_eq!(Input { width: 32, ..Input::square(28, 1, 4) }.size(), [0, 0]); // 30, 26: no multiples
    /// ```
    pub const fn size(self) -> [usize; 2] {
        let ([across, down], [wide, high]) = (self.crop, self.pool);
        [shrunk(self.width, across, wide), shrunk(self.height, down, high)]
    }

    /// Inputs of the first layer.
    pub const fn inputs(self) -> usize {
        let [width, height] = self.size();
        width * height
    }

    /// Pixels of an image.
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// Inputs along an axis of `pixels` pixels, or 0 if crop and pool do not fit it.
#[inline(never)] // twice in each of its callers
const fn shrunk(pixels: u16, crop: u8, pool: u8) -> usize {
    let (pixels, crop) = (pixels as usize, crop as usize);
    let shift = match pool {
        1 => 0,
        2 => 1,
        4 => 2,
        _ => return 0,
    };
    if 2 * crop >= pixels {
        return 0;
    }
    let inputs = (pixels - 2 * crop) >> shift;
    if inputs << shift == pixels - 2 * crop { inputs } else { 0 }
}

wire! {
    /// How a layer's multipliers and biases are stored.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    #[cfg_attr(feature = "defmt", derive(defmt::Format))]
    pub enum Numbers [] [] [] {
        /// In 32 bits.
        #[default]
        Wide,
        /// In 16 bits, each of which stands for a number that is shifted to the left.
        Narrow {
            /// Places by which a multiplier is shifted, at most [`MAX_MULTIPLIER_SHIFT`].
            multiplier_shift: u8,
            /// Places by which a bias is shifted, at most [`MAX_BIAS_SHIFT`].
            bias_shift: u8,
        },
    } [Neither]
}

/// The most places that a narrow multiplier is shifted by.
pub const MAX_MULTIPLIER_SHIFT: u8 = 16;
/// The most places that a narrow bias is shifted by.
pub const MAX_BIAS_SHIFT: u8 = 14;

impl Numbers {
    /// Bytes of a multiplier or a bias.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Wide => 4,
            Self::Narrow { .. } => 2,
        }
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
        /// Requantization multipliers: 0 in a stage's last layer, else 1 or `outputs`.
        pub multipliers: u16,
        /// How multipliers and biases are stored.
        pub numbers: Numbers,
    } [Neither]
}

/// The next multiple of a power of two.
pub(crate) const fn padded(bytes: usize, alignment: usize) -> usize {
    (bytes + alignment - 1) & !(alignment - 1)
}

/// What each part of a layer's parameters is padded to.
pub(crate) const PART_ALIGNMENT: usize = 4;

impl LayerShape {
    /// Bytes of the multipliers, biases and weights, without the padding between them, of a shape
    /// within the format's limits.
    ///
    /// ```
    /// use inkbit_core::LayerShape;
    /// use inkbit_core::Numbers::{Narrow, Wide};
    /// let shape = LayerShape { inputs: 16, outputs: 10, bits: 4, multipliers: 1, numbers: Wide };
    /// assert_eq!(shape.part_bytes(), [4, 40, 2 * 16 * 4]); // two blocks of eight outputs
    /// let narrow = LayerShape { numbers: Narrow { multiplier_shift: 9, bias_shift: 1 }, ..shape };
    /// assert_eq!(narrow.data_bytes(), 4 + 20 + 128); // with padding to multiples of 4
    /// ```
    pub const fn part_bytes(&self) -> [usize; 3] {
        let weights = match WeightBits::from_bits(self.bits) {
            Some(bits) => {
                let blocks = (self.outputs as usize).div_ceil(bits.block());
                blocks * self.inputs as usize * bits.row_bytes()
            }
            None => 0,
        };
        let bytes = self.numbers.bytes();
        [self.multipliers as usize * bytes, self.outputs as usize * bytes, weights]
    }

    /// Bytes that the layer takes in a blob's data, padding included.
    pub const fn data_bytes(&self) -> usize {
        self.padded_bytes(PART_ALIGNMENT)
    }

    /// Bytes that the layer takes if each part is padded to a multiple of `alignment`.
    pub(crate) const fn padded_bytes(&self, alignment: usize) -> usize {
        let [multipliers, bias, weights] = self.part_bytes();
        padded(multipliers, alignment) + padded(bias, alignment) + padded(weights, alignment)
    }
}
