//! A model computed with burn's integer tensors: the second of three independent implementations.
//!
//! It skips, packs and blocks nothing, and every sum has 64 bits.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use inkbit_core::{Input, Layer, Model, Sample, Stage};

/// A model as burn integer tensors.
#[derive(Clone, Debug)]
pub struct Reference {
    sample: Sample,
    /// Offset and multiplier of each feature's range.
    ranges: Vec<[i64; 2]>,
    stages: Vec<IntStage>,
    device: Device,
}

#[derive(Clone, Debug)]
struct IntStage {
    input: Input,
    margin: i64,
    prominence: i64,
    layers: Vec<IntLayer>,
}

#[derive(Clone, Debug)]
struct IntLayer {
    /// `[inputs, outputs]`
    weight: Tensor<2, Int>,
    /// `[1, outputs]`
    bias: Tensor<2, Int>,
    /// `[1, outputs]`; `None` in the last layer.
    multiplier: Option<Tensor<2, Int>>,
}

impl IntLayer {
    fn new(layer: &Layer<'_>, device: &Device) -> Self {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        let weights = (0..inputs)
            .flat_map(|input| (0..outputs).map(move |output| layer.weight(output, input).into()));
        let row = |value: &dyn Fn(usize) -> i64| {
            tensor((0..outputs).map(value).collect(), [1, outputs], device)
        };
        Self {
            weight: tensor(weights.collect(), [inputs, outputs], device),
            bias: row(&|output| layer.bias(output).into()),
            multiplier: (layer.shape().multipliers > 0)
                .then(|| row(&|output| layer.multiplier(output).into())),
        }
    }
}

impl IntStage {
    /// Whether an answer stands, as the format defines it.
    fn stands(&self, logits: &[i64]) -> bool {
        let greatest = logits.iter().max().copied().unwrap_or_default();
        let differences: Vec<i64> = logits.iter().map(|logit| greatest - logit).collect();
        // One of them is the greatest logit's own.
        let near = differences.iter().filter(|&&difference| difference < self.margin).count();
        let sum = differences.iter().sum::<i64>().min(u32::MAX.into());
        (self.margin == 0 || near == 1) && sum >= self.prominence
    }
}

fn tensor(values: Vec<i64>, shape: [usize; 2], device: &Device) -> Tensor<2, Int> {
    Tensor::from_data(TensorData::new(values, shape), (device, DType::I64))
}

impl Reference {
    /// Copies a model to a burn device.
    pub fn new(model: &Model<'_>, device: &Device) -> Self {
        let stage = |(number, stage): (usize, &Stage)| IntStage {
            input: model.input_of(number),
            margin: stage.margin.into(),
            prominence: stage.prominence.into(),
            layers: model
                .layers_of(number)
                .iter()
                .map(|layer| IntLayer::new(layer, device))
                .collect(),
        };
        let ranges: Vec<[i64; 2]> =
            model.ranges().map(|range| [range.offset.into(), range.multiplier.into()]).collect();
        let stages = model.stages().iter().enumerate().map(stage).collect();
        Self { sample: model.sample(), ranges, stages, device: device.clone() }
    }

    /// The outputs of every layer for a batch of images: activations of the first stage's hidden layers,
    /// then its logits, then the same of the next stage, whether or not it is asked.
    ///
    /// `pixels` are whole samples of [`Sample::bytes`] bytes. Each element of the result has
    /// `images × outputs` values, image after image.
    ///
    /// ```
    /// use inkbit::net::Backend;
    /// use inkbit::data::synthetic::{Part, images};
    /// use inkbit::model::int_logits;
    /// use inkbit::evaluate::reference::Reference;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let (model, digits) = (blob.model()?, images(Part::Test, 3, 1));
    /// let reference = Reference::new(&model, &Backend::Ndarray.device()?);
    /// let logits = reference.layers(&digits.pixels).pop().expect("the last layer gives logits");
    /// let core: Vec<i64> = int_logits(&model, &digits)?.into_iter().map(i64::from).collect();
    /// assert_eq!(logits, core);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn layers(&self, pixels: &[u8]) -> Vec<Vec<i64>> {
        let images = pixels.len() / self.sample.bytes();
        let mut outputs = Vec::new();
        for stage in &self.stages {
            let mut values = match self.sample {
                Sample::Image(_) => self.inputs(stage.input, pixels, images),
                Sample::Features { signed, .. } => self.features(pixels, images, signed),
            };
            for IntLayer { weight, bias, multiplier } in &stage.layers {
                let acc = values.matmul(weight.clone()) + bias.clone();
                values = match multiplier {
                    Some(multiplier) => (acc.clamp_min(0) * multiplier.clone())
                        .bitwise_right_shift_scalar(32)
                        .clamp_max(255),
                    None => acc,
                };
                // Every tensor here is made with this data type.
                outputs.push(values.to_data().try_into_vec().expect("tensors of i64"));
            }
        }
        outputs
    }

    /// The stage whose answer stands for an image, or the last. `outputs` are those of every layer for
    /// this image alone.
    pub fn deciding(&self, outputs: &[&[i64]]) -> usize {
        let (mut end, last) = (0, self.stages.len() - 1);
        self.stages[..last]
            .iter()
            .position(|stage| {
                end += stage.layers.len();
                stage.stands(outputs[end - 1])
            })
            .unwrap_or(last)
    }

    /// Brings features into the ranges that the format defines. `[samples, inputs]`
    fn features(&self, bytes: &[u8], samples: usize, signed: bool) -> Tensor<2, Int> {
        let values: Vec<i64> = match signed {
            true => {
                bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]).into()).collect()
            }
            false => bytes.iter().map(|&byte| byte.into()).collect(),
        };
        let count = values.len() / samples.max(1);
        let values = tensor(values, [samples, count], &self.device);
        // One range for all, or one for each, spreads over the rows.
        let row = |of: usize| {
            let row: Vec<i64> = self.ranges.iter().map(|range| range[of]).collect();
            let ranges = row.len();
            tensor(row, [1, ranges], &self.device).expand([samples, count])
        };
        let above = (values - row(0)).clamp_min(0);
        (above * row(1) + (1 << 23)).bitwise_right_shift_scalar(24).clamp_max(255)
    }

    /// Crops and pools as the format defines. `[images, inputs]`
    fn inputs(&self, input: Input, pixels: &[u8], images: usize) -> Tensor<2, Int> {
        let [width, height] = [input.width, input.height].map(usize::from);
        let ([columns, rows], [wide, high]) =
            (input.crop.map(usize::from), input.pool.map(usize::from));
        let all = pixels.iter().map(|&pixel| pixel.into()).collect();
        let all = tensor(all, [images, height * width], &self.device);
        let kept = all.reshape([images, height, width]).slice([
            0..images,
            rows..height - rows,
            columns..width - columns,
        ]);
        let [across, down] = input.size();
        let rectangles = kept.reshape([images, down, high, across, wide]);
        let area = (wide * high) as i64;
        let sums = rectangles.sum_dim(2).sum_dim(4).reshape([images, down * across]);
        (sums + area / 2) / area
    }
}
