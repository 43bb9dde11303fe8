//! A checked model: views into a blob that satisfy every limit of the format.

mod mark;

use heapless::Vec;

use crate::error::ModelError;
use crate::shape::{
    ALIGNMENT, Input, LayerShape, MAX_BIAS, MAX_LAYERS, MAX_WIDTH, WeightBits, align,
};
use crate::wire::wire;

/// The longest name of a model, in bytes.
pub const MAX_NAME: usize = 32;
const MAX_LABELS: usize = 65_535;
const MAX_TOOL: usize = 64;
/// The longest command in [`Provenance`], in bytes.
pub const MAX_COMMAND: usize = 512;

/// One layer: views into the blob's data, as long as the shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer<'a> {
    pub(crate) shape: LayerShape,
    pub(crate) bits: WeightBits,
    // Numbers of the blob: little-endian, whatever the machine.
    pub(crate) multipliers: &'a [u32],
    pub(crate) bias: &'a [i32],
    pub(crate) weights: &'a [u32],
}

impl<'a> Layer<'a> {
    /// The sizes.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// Values that the layer takes.
    pub const fn inputs(&self) -> usize {
        self.shape.inputs as usize
    }

    /// Values that the layer gives.
    pub const fn outputs(&self) -> usize {
        self.shape.outputs as usize
    }

    /// Width of the weight codes.
    pub const fn bits(&self) -> WeightBits {
        self.bits
    }

    /// Bias of an output, in accumulator steps (0 beyond the last).
    #[inline(always)]
    pub fn bias(&self, output: usize) -> i32 {
        i32::from_le(self.bias.get(output).copied().unwrap_or_default())
    }

    /// Requantization multiplier of an output, times 2³² (0 in the last layer).
    #[inline(always)]
    pub fn multiplier(&self, output: usize) -> u32 {
        let index = if self.shape.multipliers == 1 { 0 } else { output };
        u32::from_le(self.multipliers.get(index).copied().unwrap_or_default())
    }

    /// The biases, little-endian whatever the machine.
    pub const fn biases(&self) -> &'a [i32] {
        self.bias
    }

    /// The multipliers, one for all outputs or one for each, none in the last layer; little-endian
    /// whatever the machine.
    pub const fn multipliers(&self) -> &'a [u32] {
        self.multipliers
    }

    /// Weight from an input to an output (0 beyond the last).
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// let layer = &model.layers()[0];
    /// let greatest = layer.bits().max_weight();
    /// assert!((0..layer.inputs()).all(|input| layer.weight(0, input).abs() <= greatest));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn weight(&self, output: usize, input: usize) -> i32 {
        if input >= self.inputs() || output >= self.outputs() {
            return 0;
        }
        let block = self.bits.block();
        let (byte, shift) = self.bits.place(output % block);
        let start = (output / block * self.inputs() + input) * self.bits.row_bytes();
        let word = self.weights.get((start + byte) / 4).copied().unwrap_or_default();
        let byte = word.to_ne_bytes().get(byte % 4).copied().unwrap_or_default();
        let code = i32::from(byte) >> shift & ((1 << self.bits.bits()) - 1);
        self.bits.step() * code - self.bits.offset()
    }

    /// The weight codes, block by block, as the format lays them out, in little-endian words.
    pub const fn weights(&self) -> &'a [u32] {
        self.weights
    }
}

wire! {
    /// Where a model comes from and how good it was found to be.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Provenance [<'a>] {
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
    } [Read]
}

wire! {
    /// What a blob says before its parameters.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Header [<'a>] {
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
    } [Read]
}

impl Header<'_> {
    /// Bytes of parameters that the layers need.
    pub fn data_bytes(&self) -> usize {
        self.layers.iter().map(LayerShape::data_bytes).sum()
    }

    /// Checks everything that [`Model::new`] checks without the parameters.
    ///
    /// # Errors
    ///
    /// Every way in which a header can fail the format's limits, with the numbers.
    pub fn check(&self) -> Result<(), ModelError> {
        const LIMITS: [(&str, usize); 4] = [
            ("name", MAX_NAME),
            ("labels", MAX_LABELS),
            ("tool", MAX_TOOL),
            ("command", MAX_COMMAND),
        ];
        let Provenance { tool, command, .. } = self.provenance;
        let lengths = [self.name.len(), self.labels.len(), tool.len(), command.len()];
        for (found, (field, limit)) in lengths.into_iter().zip(LIMITS) {
            if found > limit {
                return Err(ModelError::Text { field, found, limit });
            }
        }
        let Input { side, crop, pool } = self.input;
        if self.input.width() == 0 {
            return Err(ModelError::Input { side, crop, pool });
        }
        // Positive, finite and not zero, in terms of its bits: no device needs comparisons of floats.
        if !(1..f32::INFINITY.to_bits()).contains(&self.logit_scale.to_bits()) {
            return Err(ModelError::LogitScale);
        }
        let Provenance { correct, tested, .. } = self.provenance;
        if correct > tested {
            return Err(ModelError::Accuracy { correct, tested });
        }
        self.check_layers()
    }

    fn check_layers(&self) -> Result<(), ModelError> {
        let Some(last) = self.layers.len().checked_sub(1) else {
            return Err(ModelError::LayerCount { found: 0, limit: MAX_LAYERS });
        };
        let mut given = self.input.inputs();
        for (layer, shape) in self.layers.iter().enumerate() {
            let (inputs, outputs) = (usize::from(shape.inputs), usize::from(shape.outputs));
            for found in [inputs, outputs] {
                if found == 0 || found > MAX_WIDTH {
                    return Err(ModelError::Width { layer, found, limit: MAX_WIDTH });
                }
            }
            if inputs != given {
                return Err(ModelError::Inputs { layer, found: inputs, expected: given });
            }
            if WeightBits::from_bits(shape.bits).is_none() {
                return Err(ModelError::Bits { layer, found: shape.bits });
            }
            let found = usize::from(shape.multipliers);
            let expected = if layer == last { 0 } else { outputs };
            if found != expected && (layer == last || found != 1) {
                return Err(ModelError::Multipliers { layer, found, expected });
            }
            given = outputs;
        }
        self.check_labels(given)
    }

    fn check_labels(&self, expected: usize) -> Result<(), ModelError> {
        let (mut found, mut length) = (0, 0);
        let mut empty = None;
        for byte in self.labels.bytes().chain([b'\n']) {
            if byte == b'\n' {
                if length == 0 {
                    empty = empty.or(Some(found));
                }
                (found, length) = (found + 1, 0);
            } else {
                length += 1;
            }
        }
        if self.labels.is_empty() {
            found = 0;
        }
        if found != expected {
            return Err(ModelError::Labels { found, expected });
        }
        empty.map_or(Ok(()), |class| Err(ModelError::EmptyLabel { class }))
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
    /// Checks a header and the parameters that belong to it, which must begin at a multiple of 8.
    ///
    /// ```
    /// use inkbit_core::blob::pack_layer;
    /// use inkbit_core::{Header, Input, LayerShape, Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let origin = Model::parse(BLOB)?;
    /// let shape = LayerShape { inputs: 4, outputs: 2, bits: 8, multipliers: 0 };
    /// #[repr(align(8))]
    /// struct Data([u8; 40]);
    /// let mut data = Data([0; 40]); // shape.data_bytes()
    /// let weight = |output: usize, input: usize| if output == input { 5 } else { -5 };
    /// pack_layer(0, shape, &[], &[0, 0], weight, &mut data.0)?;
    /// let header = Header {
    ///     name: "two pixels",
    ///     labels: "left\nright",
    ///     input: Input::full(2),
    ///     layers: [shape].into_iter().collect(),
    ///     ..origin.header().clone()
    /// };
    /// let model = Model::new(header, &data.0)?;
    /// let mut blob = vec![0; model.max_blob_bytes()];
    /// let blob = model.write(&mut blob)?; // what a device runs
    /// assert_eq!(inkbit_core::blob::stated_length(blob)?, blob.len());
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Every way in which they can fail the format's limits, with the numbers;
    /// [`ModelError::Misaligned`].
    pub fn new(header: Header<'a>, data: &'a [u8]) -> Result<Self, ModelError> {
        header.check()?;
        let expected = header.data_bytes();
        if data.len() != expected {
            return Err(ModelError::Data { found: data.len(), expected });
        }
        let remainder = (data.as_ptr().addr() % ALIGNMENT) as u8;
        // A multiple of 4 is all that kernels need.
        let words = match bytemuck::try_cast_slice(data) {
            Ok(words) if remainder == 0 => words,
            _ => return Err(ModelError::Misaligned { remainder }),
        };
        let mut layers = Vec::new();
        let mut rest: &[u32] = words;
        for (index, &shape) in header.layers.iter().enumerate() {
            let mut parts = [words; 3];
            for (part, bytes) in parts.iter_mut().zip(shape.part_bytes()) {
                let (taken, after) = rest.split_at_checked(align(bytes) / 4).unwrap_or_default();
                *part = taken.get(..bytes / 4).unwrap_or_default();
                rest = after;
            }
            let [multipliers, bias, weights] = parts;
            let bias = bytemuck::try_cast_slice(bias).unwrap_or_default();
            let bits = WeightBits::from_bits(shape.bits)
                .ok_or(ModelError::Bits { layer: index, found: shape.bits })?;
            let layer = Layer { shape, bits, multipliers, bias, weights };
            for row in 0..layer.outputs() {
                let found = layer.bias(row);
                if !(-MAX_BIAS..=MAX_BIAS).contains(&found) {
                    let found = i64::from(found);
                    return Err(ModelError::Bias { layer: index, row, found, limit: MAX_BIAS });
                }
            }
            let (found, limit) = (header.layers.len(), MAX_LAYERS);
            layers.push(layer).map_err(|_| ModelError::LayerCount { found, limit })?;
        }
        Ok(Self { header, data, layers })
    }

    /// What the blob says before its parameters.
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// All parameters, as they lie in the blob.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The layers, in order of evaluation.
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// let [layer] = model.layers() else { panic!("it has one layer") };
    /// assert_eq!((layer.inputs(), layer.outputs()), (model.input().inputs(), model.classes()));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The image that the model takes.
    pub const fn input(&self) -> Input {
        self.header.input
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, Layer::outputs)
    }

    /// The label of a class, empty if there is no such class.
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// assert_eq!((model.label(0), model.label(99)), ("c0", ""));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn label(&self, class: usize) -> &'a str {
        // `str::split` has a panic in it that no device needs.
        let (mut start, mut left) = (0, class);
        for (place, byte) in self.header.labels.bytes().enumerate() {
            if byte == b'\n' {
                if left == 0 {
                    return self.header.labels.get(start..place).unwrap_or_default();
                }
                (start, left) = (place + 1, left - 1);
            }
        }
        if left > 0 {
            return "";
        }
        self.header.labels.get(start..).unwrap_or_default()
    }

    /// Cells of [`Scratch`](crate::Scratch) that an inference of this model needs.
    ///
    /// ```
    /// use inkbit_core::{Engine, Model, Scratch, ScratchError, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let model = Model::parse(BLOB)?;
    /// assert_eq!(model.scratch_cells(), 36 + model.classes());
    /// let error = Engine::new(model, Scratch::<8>::new()).unwrap_err();
    /// assert_eq!(error, ScratchError { found: 8, needed: 46 });
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    pub fn scratch_cells(&self) -> usize {
        self.layers.iter().map(|layer| layer.inputs() + layer.outputs()).max().unwrap_or_default()
    }
}
