//! Float parameters to integers: post-training quantization with calibrated activation ranges.
//!
//! Weights are symmetric 8-bit integers with one scale per output (one per layer in the last, whose
//! outputs are compared with each other); activations are unsigned bytes with one scale per layer
//! and zero point 0, after Jacob et al., "Quantization and Training of Neural Networks for
//! Efficient Integer-Arithmetic-Only Inference", 2018.

use inkbit_core::blob::pack_layer;
use inkbit_core::{Error, Header, Input, LayerShape, MAX_LAYERS, Model, Provenance};

use crate::data::Images;
use crate::model_file::Blob;
use crate::net::{Dense, Mlp};

/// What is known of a model besides its parameters.
#[derive(Clone, Debug)]
pub struct Description {
    /// The model's name, at most 32 bytes.
    pub name: String,
    /// Labels of the classes, in order.
    pub classes: Vec<String>,
    /// The image it takes.
    pub input: Input,
    /// The command that trained it, at most 512 bytes.
    pub command: String,
    /// [`Dataset::digest`](crate::data::Dataset::digest) of its data.
    pub digest: [u8; 32],
    /// Seed of its training.
    pub seed: u64,
}

/// A network that cannot be quantized.
#[derive(Debug, thiserror::Error)]
pub enum QuantizeError {
    /// The integers do not fit the format.
    #[error(transparent)]
    Format(#[from] Error),
    /// A weight, bias or activation is not a number.
    #[error(
        "layer {layer} has a {what} of {value}, which is not a finite number; train again with a \
         lower learning rate"
    )]
    NotFinite {
        /// Layer, from 0.
        layer: usize,
        /// "weight", "bias" or "activation".
        what: &'static str,
        /// The value.
        value: f32,
    },
    /// A class label that contains a line feed, which separates labels in a blob.
    #[error("class label {label:?} contains a line feed; rename the class")]
    Label {
        /// The label.
        label: String,
    },
    /// No images to calibrate with.
    #[error("there are no training images to calibrate activation ranges with")]
    NoImages,
    /// More layers or wider ones than the format has room for.
    #[error("the network has {found} {what}; the format has room for {limit}; train a smaller one")]
    TooLarge {
        /// "layers", or "inputs or outputs in a layer".
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// The greatest activation of each hidden layer that is worth a step of its own, over training
/// images: the 99.99th percentile, so that one outlier does not coarsen all other values.
///
/// # Errors
///
/// [`QuantizeError::NoImages`] and [`QuantizeError::NotFinite`].
pub fn calibrate(net: &Mlp, images: &Images) -> Result<Vec<f32>, QuantizeError> {
    /// More images move the percentile by less than a step.
    const IMAGES: usize = 5000;
    if images.is_empty() {
        return Err(QuantizeError::NoImages);
    }
    let step = images.len().div_ceil(IMAGES);
    let chosen: Vec<usize> = (0..images.len()).step_by(step).collect();
    let mut values: Vec<f32> = chosen
        .iter()
        .flat_map(|&index| images.image(index).iter().map(|&pixel| f32::from(pixel) / 255.0))
        .collect();
    let Some((_, hidden)) = net.layers.split_last() else { return Ok(Vec::new()) };
    let mut ranges = Vec::new();
    for (layer, dense) in hidden.iter().enumerate() {
        values = values.chunks_exact(dense.inputs).flat_map(|row| relu_layer(dense, row)).collect();
        if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
            return Err(QuantizeError::NotFinite { layer, what: "activation", value });
        }
        let mut positive: Vec<f32> = values.iter().copied().filter(|&value| value > 0.0).collect();
        positive.sort_unstable_by(f32::total_cmp);
        // A layer that is never alive gives zeros on any scale.
        let rank = (positive.len() as f64 * 0.9999) as usize;
        ranges.push(positive.get(rank).or(positive.last()).copied().unwrap_or(1.0));
    }
    Ok(ranges)
}

fn relu_layer(dense: &Dense, inputs: &[f32]) -> Vec<f32> {
    let mut sums = dense.bias.clone();
    for (&value, row) in inputs.iter().zip(dense.weight.chunks_exact(dense.outputs)) {
        if value != 0.0 {
            sums.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += weight * value);
        }
    }
    sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
    sums
}

/// One layer's integers.
struct IntLayer {
    shape: LayerShape,
    multipliers: Vec<u32>,
    bias: Vec<i64>,
    /// Real value of one weight step, for each output.
    scale: Vec<f64>,
}

impl IntLayer {
    /// `input_scale` is the real value of one step of the inputs; `output_range` the greatest
    /// activation, or none in the last layer.
    fn new(dense: &Dense, input_scale: f64, output_range: Option<f32>) -> Self {
        let greatest = |output: usize| {
            let column = dense.weight.iter().skip(output).step_by(dense.outputs);
            column.fold(0.0_f64, |greatest, &weight| greatest.max(f64::from(weight).abs()))
        };
        let mut scale: Vec<f64> = (0..dense.outputs).map(|j| greatest(j) / 127.0).collect();
        let output_scale = output_range.map(|range| f64::from(range) / 255.0);
        match output_scale {
            // Finer than 2⁻²⁰ of an output step no weight matters, and a multiplier of less than
            // 12 bits would.
            Some(step) => {
                let finest = step / input_scale / f64::from(1 << 20);
                scale.iter_mut().for_each(|scale| *scale = scale.max(finest));
            }
            None => {
                let coarsest = scale.iter().fold(f64::from(f32::MIN_POSITIVE), |a, &b| a.max(b));
                scale.fill(coarsest);
            }
        }
        let multipliers: Vec<u32> = output_scale.map_or_else(Vec::new, |step| {
            let multiplier = |scale: &f64| (input_scale * scale / step * 2_f64.powi(32)).round();
            // A float beyond u32 becomes its greatest value: the unit saturates a little late.
            scale.iter().map(|scale| multiplier(scale) as u32).collect()
        });
        let bias = (0..dense.outputs).map(|output| {
            let half = multipliers.get(output).map_or(0.0, |&m| 2_f64.powi(31) / f64::from(m));
            (f64::from(dense.bias[output]) / (input_scale * scale[output]) + half).round() as i64
        });
        let shape = LayerShape {
            inputs: dense.inputs as u16,
            outputs: dense.outputs as u16,
            bits: 8,
            multipliers: multipliers.len() as u16,
        };
        Self { shape, bias: bias.collect(), multipliers, scale }
    }
}

/// Quantizes a network to 8 bits.
///
/// `ranges` are what [`calibrate`] returned. `tested` is (correct, images) if it has been measured.
///
/// # Errors
///
/// Those of the format, where a row could overflow for one, and parameters that are not finite.
pub fn quantize(
    net: &Mlp,
    ranges: &[f32],
    description: &Description,
    tested: (u32, u32),
) -> Result<Blob, QuantizeError> {
    check(net, description)?;
    let mut input_scale = 1.0 / 255.0;
    let mut layers = Vec::new();
    for (number, dense) in net.layers.iter().enumerate() {
        let range = ranges.get(number).copied();
        layers.push(IntLayer::new(dense, input_scale, range));
        input_scale = match range {
            Some(range) => f64::from(range) / 255.0,
            None => input_scale * layers[number].scale[0],
        };
    }
    let mut data = vec![0; layers.iter().map(|layer| layer.shape.data_bytes()).sum()];
    let mut rest = data.as_mut_slice();
    for (number, (layer, dense)) in layers.iter().zip(&net.layers).enumerate() {
        let weight = |output: usize, input: usize| {
            let weight = f64::from(dense.weight[input * dense.outputs + output]);
            (weight / layer.scale[output]).round() as i32
        };
        let IntLayer { shape, multipliers, bias, .. } = layer;
        rest = pack_layer(number, *shape, multipliers, bias, weight, rest)?;
    }
    let header = Header {
        name: &description.name,
        labels: &description.classes.join("\n"),
        input: description.input,
        logit_scale: input_scale as f32,
        layers: layers.iter().map(|layer| layer.shape).collect(),
        provenance: Provenance {
            tool: concat!("inkbit ", env!("CARGO_PKG_VERSION")),
            command: &description.command,
            digest: description.digest,
            seed: description.seed,
            correct: tested.0,
            tested: tested.1,
        },
    };
    Ok(Blob::from_model(&Model::new(header, &data)?)?)
}

fn check(net: &Mlp, description: &Description) -> Result<(), QuantizeError> {
    let found = net.layers.len();
    if found > MAX_LAYERS {
        return Err(QuantizeError::TooLarge { what: "layers", found, limit: MAX_LAYERS });
    }
    for (layer, dense) in net.layers.iter().enumerate() {
        let (found, limit) = (dense.inputs.max(dense.outputs), inkbit_core::MAX_WIDTH);
        if found > limit {
            let what = "inputs or outputs in a layer";
            return Err(QuantizeError::TooLarge { what, found, limit });
        }
        for (what, values) in [("weight", &dense.weight), ("bias", &dense.bias)] {
            if let Some(&value) = values.iter().find(|value| !value.is_finite()) {
                return Err(QuantizeError::NotFinite { layer, what, value });
            }
        }
    }
    match description.classes.iter().find(|label| label.contains('\n')) {
        Some(label) => Err(QuantizeError::Label { label: label.clone() }),
        None => Ok(()),
    }
}
