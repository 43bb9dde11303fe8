//! A checked model: views into a blob that satisfy every limit of the format.

mod layer;
mod mark;
mod provenance;

use heapless::Vec;

pub use layer::Layer;
pub(crate) use layer::{halves, widened, widened_multiplier};
pub use provenance::{MAX_COMMAND, MAX_PROVENANCE, Provenance};

use crate::error::ModelError;
use crate::sample::{Frame, Layout, Range, Sample};
use crate::shape::{
    ALIGNMENT, Input, LayerShape, MAX_BIAS, MAX_BIAS_SHIFT, MAX_LAYERS, MAX_MULTIPLIER_SHIFT,
    MAX_SIDE, MAX_STAGES, MAX_WIDTH, Numbers, PART_ALIGNMENT, Stage, WeightBits, padded,
};
use crate::wire::wire;

/// The longest name of a model, in bytes.
pub const MAX_NAME: usize = 32;
const MAX_LABELS: usize = 65_535;
/// The labels of a model that has none of its own.
const DIGITS: &str = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9";
const DIGIT_COUNT: usize = 10;

wire! {
    /// What a blob says before its parameters.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Header [<'a>] {
        /// The model's name.
        pub name: &'a str,
        /// Class labels, joined by line feeds; empty if they are the digits from 0.
        pub labels: &'a str,
        /// What it takes.
        pub sample: Sample,
        /// The networks that are asked in turn.
        pub stages: Vec<Stage, MAX_STAGES>,
        /// Sizes of the layers of all stages, in order.
        pub layers: Vec<LayerShape, MAX_LAYERS>,
        /// Where it comes from, as [`Provenance::write`] writes it; empty if that is not known. No
        /// device looks into it.
        pub provenance: &'a [u8],
    } [Neither]
}

impl<'a> Header<'a> {
    /// Where the model comes from; `None` if that is not known.
    ///
    /// ```
    /// use inkbit_core::{Model, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let origin = Model::parse(BLOB)?.header().origin()?;
    /// assert!(origin.is_some_and(|origin| origin.correct <= origin.tested));
    /// # Ok::<_, inkbit_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Provenance::read`].
    pub fn origin(&self) -> Result<Option<Provenance<'a>>, ModelError> {
        let is_known = !self.provenance.is_empty();
        is_known.then(|| Provenance::read(self.provenance)).transpose()
    }

    /// Bytes of parameters that ranges and layers need.
    pub fn data_bytes(&self) -> usize {
        self.padded_bytes(PART_ALIGNMENT)
    }

    /// Bytes of parameters if each part of a layer is padded to a multiple of `alignment`.
    fn padded_bytes(&self, alignment: usize) -> usize {
        let layers = self.layers.iter().map(|shape| shape.padded_bytes(alignment));
        self.sample.range_bytes() + layers.sum::<usize>()
    }

    /// The image that a stage takes; one without pixels if there is no such stage.
    pub(crate) fn input(&self, stage: usize) -> Input {
        match self.stages.get(stage) {
            Some(stage) => self.sample.input(stage),
            None => Input { width: 0, height: 0, crop: [0; 2], pool: [1; 2] },
        }
    }

    /// Checks everything that [`Model::new`] checks without the parameters.
    ///
    /// # Errors
    ///
    /// Every way in which a header can fail the format's limits, with the numbers.
    #[inline(never)]
    pub fn check(&self) -> Result<(), ModelError> {
        for (field, found, limit) in [
            ("name", self.name.len(), MAX_NAME),
            ("labels", self.labels.len(), MAX_LABELS),
            ("provenance", self.provenance.len(), MAX_PROVENANCE),
        ] {
            if found > limit {
                return Err(ModelError::Text { field, found, limit });
            }
        }
        self.check_sample()?;
        self.check_stages()
    }

    #[inline(always)]
    fn check_sample(&self) -> Result<(), ModelError> {
        match self.sample {
            Sample::Image(Frame { width, height, layout }) => {
                if let Layout::Centred { ink } = layout
                    && (ink == 0 || ink > width.min(height))
                {
                    return Err(ModelError::Ink { found: ink, limit: width.min(height) });
                }
                Ok(())
            }
            Sample::Features { count, ranges, .. } => {
                if ranges == 1 || ranges == count {
                    return Ok(());
                }
                Err(ModelError::RangeCount { found: ranges, expected: count })
            }
        }
    }

    /// Goes through the layers, and with the first of each stage through the stages.
    #[inline(never)]
    fn check_stages(&self) -> Result<(), ModelError> {
        let Self { stages, layers, .. } = self;
        let (found, limit) = (stages.len(), MAX_STAGES);
        if found == 0 {
            return Err(ModelError::StageCount { found, limit });
        }
        let wrong_count = ModelError::LayerCount { found: layers.len(), limit: MAX_LAYERS };
        let mut stages = stages.iter();
        // Layers to come in this stage; values that the next layer is given; classes of all stages.
        let (mut left, mut given, mut classes) = (0, 0, 0);
        for (layer, shape) in layers.iter().enumerate() {
            if left == 0 {
                let Some(stage) = stages.next() else { return Err(wrong_count) };
                let input = self.sample.input(stage);
                let [columns, rows] = input.size();
                (left, given) = (stage.layers, columns * rows);
                let is_image = matches!(self.sample, Sample::Image(_));
                let is_whole = input.crop == [0; 2] && input.pool == [1; 2];
                let limit = if is_image { MAX_SIDE } else { MAX_WIDTH as u16 };
                let is_legal = input.width.max(input.height) <= limit && (is_image || is_whole);
                if given == 0 || !is_legal {
                    return Err(ModelError::Input(input));
                }
                // Positive, finite and not zero, in terms of its bits: no device needs comparisons
                // of floats.
                if !(1..f32::INFINITY.to_bits()).contains(&stage.logit_scale.to_bits()) {
                    return Err(ModelError::LogitScale);
                }
                if left == 0 {
                    return Err(wrong_count);
                }
            }
            left -= 1;
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
            let expected = if left == 0 { 0 } else { outputs };
            if found != expected && (left == 0 || found != 1) {
                return Err(ModelError::Multipliers { layer, found, expected });
            }
            if let Numbers::Narrow { multiplier_shift, bias_shift } = shape.numbers
                && (multiplier_shift > MAX_MULTIPLIER_SHIFT || bias_shift > MAX_BIAS_SHIFT)
            {
                return Err(ModelError::Shift { layer, multiplier_shift, bias_shift });
            }
            given = outputs;
            if left == 0 {
                if classes != 0 && classes != outputs {
                    return Err(ModelError::Classes { found: outputs, expected: classes });
                }
                classes = outputs;
            }
        }
        if left != 0 || stages.next().is_some() {
            return Err(wrong_count);
        }
        self.check_labels(classes)
    }

    #[inline(never)]
    fn check_labels(&self, expected: usize) -> Result<(), ModelError> {
        if self.labels.is_empty() {
            let found = DIGIT_COUNT;
            let error = ModelError::Labels { found, expected };
            return if expected <= found { Ok(()) } else { Err(error) };
        }
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
        if found != expected {
            return Err(ModelError::Labels { found, expected });
        }
        empty.map_or(Ok(()), |class| Err(ModelError::EmptyLabel { class }))
    }
}

/// The words of a blob's data, part after part.
struct Words<'a> {
    words: &'a [u32],
    /// Bytes so far.
    at: usize,
}

impl<'a> Words<'a> {
    /// The words of the next part, which has `bytes` bytes without its padding; none if fewer are left.
    #[inline(never)]
    fn next(&mut self, bytes: usize, alignment: usize) -> &'a [u32] {
        let start = self.at / 4;
        self.at += padded(bytes, alignment);
        self.words.get(start..start + bytes.div_ceil(4)).unwrap_or_default()
    }
}

/// Checks a header and its parameters, and finds the ranges of features and the parts of each layer.
#[inline(always)]
fn parts<'a>(
    header: &Header<'a>,
    data: &'a [u8],
    alignment: usize,
    layers: &mut Vec<Layer<'a>, MAX_LAYERS>,
) -> Result<&'a [[u32; 2]], ModelError> {
    header.check()?;
    let remainder = (data.as_ptr().addr() % ALIGNMENT) as u8;
    // A multiple of 4 is all that kernels need.
    let words: &[u32] = match bytemuck::try_cast_slice(data.as_chunks::<4>().0) {
        Ok(words) if remainder == 0 => words,
        _ => return Err(ModelError::Misaligned { remainder }),
    };
    let mut parts = Words { words, at: 0 };
    let (ranges, _) = parts.next(header.sample.range_bytes(), alignment).as_chunks();
    for (feature, range) in ranges.iter().enumerate() {
        let Range { offset, .. } = Range::of(range);
        if offset != i32::from(offset as i16) {
            return Err(ModelError::Offset { feature, found: offset });
        }
    }
    for (index, &shape) in header.layers.iter().enumerate() {
        let [multipliers, bias, weights] = shape.part_bytes();
        let [multipliers, bias, weights] =
            [multipliers, bias, weights].map(|bytes| parts.next(bytes, alignment));
        // The header was checked.
        let bits = WeightBits::from_bits(shape.bits).unwrap_or(WeightBits::Eight);
        let layer = Layer { shape, bits, multipliers, bias, weights };
        // Narrow ones cannot be beyond it.
        for (row, &bias) in layer.wide().map_or(&[][..], |(_, bias)| bias).iter().enumerate() {
            let found = i32::from_le(bias);
            if !(-MAX_BIAS..=MAX_BIAS).contains(&found) {
                let found = i64::from(found);
                return Err(ModelError::Bias { layer: index, row, found, limit: MAX_BIAS });
            }
        }
        let _ = layers.push(layer);
    }
    let (found, expected) = (data.len(), parts.at);
    if found != expected {
        return Err(ModelError::Data { found, expected });
    }
    Ok(ranges)
}

/// A model that can be run: every limit of the format holds.
///
/// There is no other way to one than [`Model::parse`] and [`Model::new`], so nothing that takes a
/// `Model` has to check it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<'a> {
    header: Header<'a>,
    data: &'a [u8],
    ranges: &'a [[u32; 2]],
    layers: Vec<Layer<'a>, MAX_LAYERS>,
}

impl<'a> Model<'a> {
    /// Checks a header and the parameters that belong to it, which must begin at a multiple of 8.
    ///
    /// ```
    /// use inkbit_core::blob::pack_layer;
    /// use inkbit_core::{Header, LayerShape, Model, Numbers, Sample, Stage, include_blob};
    /// static BLOB: &[u8] = include_blob!("../golden/one-layer.inkbit");
    /// let origin = Model::parse(BLOB)?;
    /// let shape =
    ///     LayerShape { inputs: 4, outputs: 2, bits: 8, multipliers: 0, numbers: Numbers::Wide };
    /// #[repr(align(8))]
    /// struct Data([u8; 40]);
    /// let mut data = Data([0; 40]); // shape.data_bytes()
    /// let weight = |output: usize, input: usize| if output == input { 5 } else { -5 };
    /// pack_layer(0, shape, &[], &[0, 0], weight, &mut data.0)?;
    /// let header = Header {
    ///     name: "two pixels",
    ///     labels: "left\nright",
    ///     sample: Sample::mnist(2),
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
        let mut place = Err(ModelError::Number);
        Self::padded(&header, data, PART_ALIGNMENT, &mut place);
        place
    }

    /// Checks the model whose parts of a layer are padded to multiples of `alignment`, itself one of
    /// 4, and writes it to `place`.
    #[inline(never)]
    pub(crate) fn padded(
        header: &Header<'a>,
        data: &'a [u8],
        alignment: usize,
        place: &mut Result<Self, ModelError>,
    ) {
        let mut layers = Vec::new();
        *place = match parts(header, data, alignment, &mut layers) {
            Ok(ranges) => Ok(Self { header: header.clone(), data, ranges, layers }),
            Err(error) => Err(error),
        };
    }

    /// What the blob says before its parameters.
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// All parameters, as they lie in the blob. In one of version 2 every part of a layer is padded
    /// to a multiple of 8; [`write`](Self::write) pads them anew.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The stages, in order of evaluation.
    pub fn stages(&self) -> &[Stage] {
        &self.header.stages
    }

    /// The layers of a stage; none if there is no such stage.
    pub fn layers_of(&self, stage: usize) -> &[Layer<'a>] {
        let mut rest = self.layers();
        for (number, &Stage { layers, .. }) in self.header.stages.iter().enumerate() {
            let (own, others) = rest.split_at_checked(layers.into()).unwrap_or_default();
            if number == stage {
                return own;
            }
            rest = others;
        }
        &[]
    }

    /// The layers of all stages, in order of evaluation.
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

    /// What the model takes.
    pub const fn sample(&self) -> Sample {
        self.header.sample
    }

    /// The range of each feature, or one for all; none if the model takes images.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range> {
        self.ranges.iter().map(Range::of)
    }

    pub(crate) const fn raw_ranges(&self) -> &'a [[u32; 2]] {
        self.ranges
    }

    /// What the first stage makes of an image. Features are an image of one row.
    pub fn input(&self) -> Input {
        self.input_of(0)
    }

    /// What a stage makes of an image; one without pixels if there is no such stage.
    pub fn input_of(&self, stage: usize) -> Input {
        self.header.input(stage)
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
        if class >= self.classes() {
            return "";
        }
        let labels = if self.header.labels.is_empty() { DIGITS } else { self.header.labels };
        // `str::split` has a panic in it that no device needs.
        let (mut start, mut left) = (0, class);
        for (place, byte) in labels.bytes().enumerate() {
            if byte == b'\n' {
                if left == 0 {
                    return labels.get(start..place).unwrap_or_default();
                }
                (start, left) = (place + 1, left - 1);
            }
        }
        labels.get(start..).unwrap_or_default()
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
