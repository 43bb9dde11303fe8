//! A checked model: views into a blob that satisfy every limit of the format.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The most layers that a model may have.
pub const MAX_LAYERS: usize = 8;
/// The most inputs or outputs that a layer may have.
pub const MAX_WIDTH: usize = 4096;
/// The longest edge of an image, in pixels.
pub const MAX_SIDE: u16 = 1024;
/// The greatest absolute value of a bias. With it, no sum can overflow 32 bits.
pub const MAX_BIAS: i32 = 1 << 30;
/// Outputs whose weights lie together.
pub const BLOCK: usize = 8;

const MAX_NAME: usize = 32;
const MAX_TOOL: usize = 64;
const MAX_COMMAND: usize = 512;

/// The width of a weight code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            8 => Some(Self::Eight),
            _ => None,
        }
    }

    /// The number of bits; also the bytes that one input's codes for a [`BLOCK`] take.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// A weight is `step · code − offset`.
    #[must_use]
    pub const fn step(self) -> i32 {
        match self {
            Self::Eight => 1,
            Self::Two | Self::Four => 2,
        }
    }

    /// A weight is `step · code − offset`.
    #[must_use]
    pub const fn offset(self) -> i32 {
        match self {
            Self::Eight => 128,
            Self::Four => 15,
            Self::Two => 3,
        }
    }

    /// The greatest weight; the least is its negative.
    #[must_use]
    pub const fn max_weight(self) -> i32 {
        match self {
            Self::Eight => 127,
            Self::Four => 15,
            Self::Two => 3,
        }
    }

    /// The code that stands for `weight`, if one does.
    #[must_use]
    pub const fn code(self, weight: i32) -> Option<u8> {
        let max = self.max_weight();
        if weight < -max || weight > max || (weight + self.offset()) % self.step() != 0 {
            return None;
        }
        Some(((weight + self.offset()) / self.step()) as u8)
    }

    /// Where the code of output `o` of a block lies among an input's bytes: byte and shift.
    #[inline(always)]
    #[must_use]
    pub const fn place(self, o: usize) -> (usize, usize) {
        (o % self.bits(), o / self.bits() * self.bits())
    }
}

/// The image that a model takes, and how it becomes the inputs of the first layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Edge of the square image in pixels.
    pub side: u16,
    /// Pixels cut off each of the four edges.
    pub crop: u8,
    /// Edge of the square of pixels that is averaged into one input: 1, 2 or 4.
    pub pool: u8,
}

impl Input {
    /// An image of `side` × `side` pixels, each of them an input.
    #[must_use]
    pub const fn full(side: u16) -> Self {
        Self { side, crop: 0, pool: 1 }
    }

    /// Inputs per row, or 0 if crop and pool do not fit the image.
    #[must_use]
    pub const fn width(self) -> usize {
        let (side, crop, pool) = (self.side as usize, self.crop as usize, self.pool as usize);
        if !matches!(pool, 1 | 2 | 4) || side > MAX_SIDE as usize || 2 * crop >= side {
            return 0;
        }
        if (side - 2 * crop) % pool != 0 { 0 } else { (side - 2 * crop) / pool }
    }

    /// Inputs of the first layer.
    #[must_use]
    pub const fn inputs(self) -> usize {
        self.width() * self.width()
    }

    /// Pixels of an image.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.side as usize * self.side as usize
    }
}

/// What a blob's layer table says of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerShape {
    /// Values that the layer takes.
    pub inputs: u16,
    /// Values that it gives.
    pub outputs: u16,
    /// Width of a weight code: 8, 4 or 2.
    pub bits: u8,
    /// Requantization multipliers: 0 in the last layer, else 1 or `outputs`.
    pub multipliers: u16,
}

const fn align(bytes: usize) -> usize {
    (bytes + 7) & !7
}

impl LayerShape {
    /// Bytes of the multipliers, biases and weights, without the padding between them.
    #[must_use]
    pub const fn part_bytes(&self) -> [usize; 3] {
        let blocks = (self.outputs as usize).div_ceil(BLOCK);
        [
            self.multipliers as usize * 4,
            self.outputs as usize * 4,
            blocks * self.inputs as usize * self.bits as usize,
        ]
    }

    /// Bytes that the layer takes in a blob's data.
    #[must_use]
    pub const fn data_bytes(&self) -> usize {
        let [multipliers, bias, weights] = self.part_bytes();
        align(multipliers) + align(bias) + align(weights)
    }
}

/// One layer: views into the blob's data, as long as the shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer<'a> {
    pub(crate) shape: LayerShape,
    pub(crate) bits: WeightBits,
    pub(crate) multipliers: &'a [u8],
    pub(crate) bias: &'a [u8],
    pub(crate) weights: &'a [u8],
}

fn word(bytes: &[u8], index: usize) -> [u8; 4] {
    bytes
        .get(index * 4..index * 4 + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .unwrap_or_default()
}

impl<'a> Layer<'a> {
    /// The sizes.
    #[must_use]
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// Values that the layer takes.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.shape.inputs as usize
    }

    /// Values that the layer gives.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.shape.outputs as usize
    }

    /// Width of the weight codes.
    #[must_use]
    pub const fn bits(&self) -> WeightBits {
        self.bits
    }

    /// Bias of an output, in accumulator steps (0 beyond the last).
    #[inline(always)]
    #[must_use]
    pub fn bias(&self, output: usize) -> i32 {
        i32::from_le_bytes(word(self.bias, output))
    }

    /// Requantization multiplier of an output, times 2³² (0 in the last layer).
    #[inline(always)]
    #[must_use]
    pub fn multiplier(&self, output: usize) -> u32 {
        let index = if self.shape.multipliers == 1 { 0 } else { output };
        u32::from_le_bytes(word(self.multipliers, index))
    }

    /// Weight from an input to an output (0 beyond the last).
    #[must_use]
    pub fn weight(&self, output: usize, input: usize) -> i32 {
        if input >= self.inputs() || output >= self.outputs() {
            return 0;
        }
        let (byte, shift) = self.bits.place(output % BLOCK);
        let start = (output / BLOCK * self.inputs() + input) * self.bits.bits();
        let byte = i32::from(self.weights.get(start + byte).copied().unwrap_or_default());
        let code = byte >> shift & ((1 << self.bits.bits()) - 1);
        self.bits.step() * code - self.bits.offset()
    }

    /// The weight codes, block by block, as the format lays them out.
    #[must_use]
    pub const fn weights(&self) -> &'a [u8] {
        self.weights
    }
}

/// Where a model comes from and how good it was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance<'a> {
    /// Program and version that wrote the blob.
    pub tool: &'a str,
    /// Command that trained it.
    pub command: &'a str,
    /// SHA-256 of the data it was trained and tested on.
    pub digest: [u8; 32],
    /// Seed of the training run.
    pub seed: u64,
    /// Test images that it classifies correctly.
    pub correct: u32,
    /// Test images tried; 0 if it was not measured.
    pub tested: u32,
}

/// What a blob says before its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// The model's name.
    pub name: &'a str,
    /// Class labels, joined by line feeds.
    pub labels: &'a str,
    /// The image it takes.
    pub input: Input,
    /// Real value of one step of a logit. For display only.
    pub logit_scale: f32,
    /// Sizes of the layers.
    pub layers: Vec<LayerShape, MAX_LAYERS>,
    /// Where it comes from.
    #[serde(borrow)]
    pub provenance: Provenance<'a>,
}

impl Header<'_> {
    /// Bytes of parameters that the layers need.
    #[must_use]
    pub fn data_bytes(&self) -> usize {
        self.layers.iter().map(LayerShape::data_bytes).sum()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        for (field, text, limit) in [
            ("name", self.name, MAX_NAME),
            ("tool", self.provenance.tool, MAX_TOOL),
            ("command", self.provenance.command, MAX_COMMAND),
        ] {
            if text.len() > limit {
                return Err(Error::Text { field, found: text.len(), limit });
            }
        }
        let Input { side, crop, pool } = self.input;
        if self.input.width() == 0 {
            return Err(Error::Input { side, crop, pool });
        }
        if !(self.logit_scale.is_finite() && self.logit_scale > 0.0) {
            return Err(Error::LogitScale);
        }
        let Provenance { correct, tested, .. } = self.provenance;
        if correct > tested {
            return Err(Error::Accuracy { correct, tested });
        }
        self.check_layers()
    }

    fn check_layers(&self) -> Result<(), Error> {
        let Some(last) = self.layers.len().checked_sub(1) else {
            return Err(Error::LayerCount { limit: MAX_LAYERS });
        };
        let mut given = self.input.inputs();
        for (layer, shape) in self.layers.iter().enumerate() {
            let (inputs, outputs) = (usize::from(shape.inputs), usize::from(shape.outputs));
            for found in [inputs, outputs] {
                if found == 0 || found > MAX_WIDTH {
                    return Err(Error::Width { layer, found, limit: MAX_WIDTH });
                }
            }
            if inputs != given {
                return Err(Error::Inputs { layer, found: inputs, expected: given });
            }
            if WeightBits::from_bits(shape.bits).is_none() {
                return Err(Error::Bits { layer, found: shape.bits });
            }
            let found = usize::from(shape.multipliers);
            let expected = if layer == last { 0 } else { outputs };
            if found != expected && (layer == last || found != 1) {
                return Err(Error::Multipliers { layer, found, expected });
            }
            given = outputs;
        }
        let found = self.labels.split('\n').filter(|label| !label.is_empty()).count();
        if found != given || self.labels.split('\n').count() != given {
            return Err(Error::Labels { found, expected: given });
        }
        Ok(())
    }
}

/// A model that can be run: every limit of the format holds.
///
/// There is no other way to one than [`Model::parse`] and [`Model::new`], so nothing that takes a
/// `Model` has to check it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<'a> {
    header: Header<'a>,
    data: &'a [u8],
    layers: Vec<Layer<'a>, MAX_LAYERS>,
}

impl<'a> Model<'a> {
    /// Checks a header and the parameters that belong to it.
    ///
    /// # Errors
    ///
    /// Every way in which they can fail the format's limits, with the numbers.
    pub fn new(header: Header<'a>, data: &'a [u8]) -> Result<Self, Error> {
        header.check()?;
        let expected = header.data_bytes();
        if data.len() != expected {
            return Err(Error::Data { found: data.len(), expected });
        }
        let mut layers = Vec::new();
        let mut rest = data;
        for (index, &shape) in header.layers.iter().enumerate() {
            let mut parts = [data; 3];
            for (part, bytes) in parts.iter_mut().zip(shape.part_bytes()) {
                let (taken, after) = rest.split_at_checked(align(bytes)).unwrap_or_default();
                *part = taken.get(..bytes).unwrap_or_default();
                rest = after;
            }
            let [multipliers, bias, weights] = parts;
            let bits = WeightBits::from_bits(shape.bits)
                .ok_or(Error::Bits { layer: index, found: shape.bits })?;
            let layer = Layer { shape, bits, multipliers, bias, weights };
            for row in 0..layer.outputs() {
                let found = layer.bias(row);
                if !(-MAX_BIAS..=MAX_BIAS).contains(&found) {
                    let found = i64::from(found);
                    return Err(Error::Bias { layer: index, row, found, limit: MAX_BIAS });
                }
            }
            layers.push(layer).map_err(|_| Error::LayerCount { limit: MAX_LAYERS })?;
        }
        Ok(Self { header, data, layers })
    }

    /// What the blob says before its parameters.
    #[must_use]
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// All parameters, as they lie in the blob.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The layers, in order of evaluation.
    #[must_use]
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The image that the model takes.
    #[must_use]
    pub const fn input(&self) -> Input {
        self.header.input
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, Layer::outputs)
    }

    /// The label of a class, empty if there is no such class.
    #[must_use]
    pub fn label(&self, class: usize) -> &'a str {
        self.header.labels.split('\n').nth(class).unwrap_or_default()
    }

    /// Cells of working memory that [`infer`](crate::infer) needs for this model.
    #[must_use]
    pub fn scratch_cells(&self) -> usize {
        self.layers.iter().map(|layer| layer.inputs() + layer.outputs()).max().unwrap_or_default()
    }
}
