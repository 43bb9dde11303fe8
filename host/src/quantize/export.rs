//! Exports a rounded network as the bytes of a model.

use std::ops::RangeInclusive;

use inkbit_core::blob::pack_layer;
use inkbit_core::{
    Header, LayerShape, MAX_BIAS_SHIFT, MAX_LAYERS, MAX_MULTIPLIER_SHIFT, MAX_PROVENANCE, Model,
    Numbers, Provenance, Stage,
};

use super::scale::{LayerScales, nearest};
use super::{Description, QuantizeError, Quantized};
use crate::data::Shape;
use crate::model::Blob;
use crate::net::{Dense, Mlp};

/// Writes a rounded network as a model. `tested` is (correct, images), or zeros before a test.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// use inkbit::net::Mlp;
/// use inkbit::quantize::{Description, Granularity, Quantized, export};
/// use inkbit::support::rng::Rng;
/// use inkbit_core::{Input, Layout, WeightBits};
/// let net = Mlp::he(&[784, 16, 10], &mut Rng::new(1, &[])); // one that was trained is better
/// let digits = images(Part::Train, 20, 1);
/// let bits = [WeightBits::Eight, WeightBits::Four];
/// let quantized = Quantized::post_training(&net, &digits, &bits, Granularity::Output)?;
/// let description = Description {
///     name: "mine".to_owned(),
///     classes: (0..10).map(|class| class.to_string()).collect(),
///     shape: digits.shape.clone(),
///     input: Input::full(28),
///     layout: Layout::mnist(28),
///     prominence: 0,
///     command: String::new(),
///     digest: [0; 32],
///     seed: 1,
/// };
/// let blob = export(&quantized, &description, (0, 0))?;
/// assert_eq!(blob.model()?.layers()[1].bits(), WeightBits::Four);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn export(
    quantized: &Quantized,
    description: &Description,
    tested: (u32, u32),
) -> Result<Blob, QuantizeError> {
    let Quantized { net, scales } = quantized;
    check(net)?;
    if let Some(label) = description.classes.iter().find(|label| label.contains('\n')) {
        return Err(QuantizeError::Label { label: label.clone() });
    }
    let mut input = 1.0 / 255.0;
    let mut layers = Vec::new();
    let mut data = Vec::new();
    if let Shape::Features { ranges, .. } = &description.shape {
        data.extend(ranges.iter().flat_map(|range| range.to_bytes()));
    }
    for (number, (dense, scales)) in net.layers.iter().zip(scales).enumerate() {
        let (mut multipliers, mut bias) = integers(dense, scales, input);
        let numbers = narrowed(&mut multipliers, &mut bias);
        let shape = LayerShape {
            inputs: dense.inputs as u16,
            outputs: dense.outputs as u16,
            bits: scales.bits.bits() as u8,
            multipliers: multipliers.len() as u16,
            numbers,
        };
        let weight = |output: usize, input: usize| {
            let weight = f64::from(dense.weight[input * dense.outputs + output]);
            nearest(scales.bits, weight / scales.weight(output))
        };
        let start = data.len();
        data.resize(start + shape.data_bytes(), 0);
        pack_layer(number, shape, &multipliers, &bias, weight, &mut data[start..])?;
        layers.push(shape);
        input = scales.activation.unwrap_or(input * scales.weight(0));
    }
    let stage = Stage::alone(description.input, input as f32, layers.len() as u8);
    let mut room = [0; MAX_PROVENANCE];
    let origin = origin(&description.command, description.digest, description.seed, tested);
    let header = Header {
        name: &description.name,
        labels: &description.classes.join("\n"),
        sample: description.shape.sample(description.layout),
        stages: [Stage { prominence: description.prominence, ..stage }].into_iter().collect(),
        layers: layers.into_iter().collect(),
        provenance: origin.write(&mut room)?,
    };
    Ok(Blob::from_model(&Model::new(header, &data)?)?)
}

/// The provenance of a model that this version of Inkbit writes. `tested` is (correct, images).
pub fn origin(command: &str, digest: [u8; 32], seed: u64, tested: (u32, u32)) -> Provenance<'_> {
    let tool = concat!("inkbit ", env!("CARGO_PKG_VERSION"));
    let (correct, tested) = tested;
    Provenance { tool, command, digest, seed, correct, tested }
}

/// Rounds multipliers and biases to 16 bits with a shift for each of both, the smallest that the
/// greatest of them needs, and says how they are stored. Leaves them as they are where the format's
/// shifts are not enough.
fn narrowed(multipliers: &mut [u32], bias: &mut [i64]) -> Numbers {
    let is_enough = |found: &[i64], range: RangeInclusive<i64>, most: u8| {
        (0..=most)
            .find(|&shift| found.iter().all(|&number| range.contains(&shifted(number, shift))))
    };
    let wide: Vec<i64> = multipliers.iter().map(|&multiplier| multiplier.into()).collect();
    let multiplier_shift = is_enough(&wide, 0..=u16::MAX.into(), MAX_MULTIPLIER_SHIFT);
    let bias_shift = is_enough(bias, i16::MIN.into()..=i16::MAX.into(), MAX_BIAS_SHIFT);
    let (Some(multiplier_shift), Some(bias_shift)) = (multiplier_shift, bias_shift) else {
        return Numbers::Wide;
    };
    for (multiplier, wide) in multipliers.iter_mut().zip(wide) {
        *multiplier = (shifted(wide, multiplier_shift) as u32) << multiplier_shift;
    }
    bias.iter_mut().for_each(|bias| *bias = shifted(*bias, bias_shift) << bias_shift);
    Numbers::Narrow { multiplier_shift, bias_shift }
}

/// A number in steps of a power of two, rounded to nearest.
const fn shifted(number: i64, shift: u8) -> i64 {
    (number + (1 << shift >> 1)) >> shift
}

/// Multipliers and biases of a layer; `input` is the real value of one step of the inputs.
fn integers(dense: &Dense, scales: &LayerScales, input: f64) -> (Vec<u32>, Vec<i64>) {
    let multipliers: Vec<u32> = scales.activation.map_or_else(Vec::new, |step| {
        let multiplier = |scale: &f64| (input * scale / step * 2_f64.powi(32)).round();
        // A float beyond u32 becomes u32::MAX: the unit saturates a little late.
        scales.weight.iter().map(|scale| multiplier(scale) as u32).collect()
    });
    let shared = multipliers.len() == 1;
    let bias = (0..dense.outputs).map(|output| {
        let multiplier = multipliers.get(if shared { 0 } else { output });
        let half = multiplier.map_or(0.0, |&m| 2_f64.powi(31) / f64::from(m));
        let steps = f64::from(dense.bias[output]) / (input * scales.weight(output));
        (steps + half).round() as i64
    });
    let bias = bias.collect();
    (multipliers, bias)
}

/// Checks that the format has room for a network, and that its parameters are finite.
pub fn check(net: &Mlp) -> Result<(), QuantizeError> {
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use inkbit_core::{Input, Layout, MAX_BIAS, MAX_WIDTH, WeightBits};

    use super::*;

    fn scales(weight: &[f64], activation: Option<f64>) -> LayerScales {
        LayerScales { bits: WeightBits::Eight, weight: weight.to_vec(), activation }
    }

    #[test]
    fn multipliers_and_biases_are_those_of_the_scales() {
        let dense = Dense { bias: vec![3.0, -2.0], ..Dense::zeros(1, 2) };
        // A bias has half a step of the activations more, so that a floor rounds.
        assert_eq!(
            integers(&dense, &scales(&[0.5, 0.25], Some(2.0)), 0.125),
            (vec![1 << 27, 1 << 26], vec![48 + 16, -64 + 32])
        );
        assert_eq!(
            integers(&dense, &scales(&[0.5], Some(2.0)), 0.125),
            (vec![1 << 27], vec![48 + 16, -32 + 16])
        );
        assert_eq!(integers(&dense, &scales(&[0.5], None), 0.125), (vec![], vec![48, -32]));
    }

    #[test]
    fn numbers_are_rounded_to_16_bits_by_the_smallest_shifts_or_stay_as_they_are() {
        let narrow =
            |multiplier_shift, bias_shift| Numbers::Narrow { multiplier_shift, bias_shift };
        let (mut multipliers, mut bias) = (vec![65_535, 1], vec![32_767, -32_768]);
        assert_eq!(narrowed(&mut multipliers, &mut bias), narrow(0, 0));
        assert_eq!((multipliers, bias), (vec![65_535, 1], vec![32_767, -32_768]));
        let (mut multipliers, mut bias) = (vec![65_536, 3], vec![65_533, -7]);
        assert_eq!(narrowed(&mut multipliers, &mut bias), narrow(1, 1));
        assert_eq!((multipliers, bias), (vec![65_536, 4], vec![65_534, -6]));
        // What would be rounded up to a number of 17 bits.
        let (mut multipliers, mut bias) = (vec![u32::MAX], vec![1]);
        assert_eq!(narrowed(&mut multipliers, &mut bias), Numbers::Wide);
        let (mut multipliers, mut bias) = (vec![1], vec![i64::from(MAX_BIAS)]);
        assert_eq!(narrowed(&mut multipliers, &mut bias), Numbers::Wide);
        assert_eq!((multipliers, bias), (vec![1], vec![i64::from(MAX_BIAS)]));
        let (mut multipliers, mut bias) = (vec![], vec![(1 << 29) - (1 << 14)]);
        assert_eq!(narrowed(&mut multipliers, &mut bias), narrow(0, 14));
    }

    #[test]
    fn a_pixels_step_is_a_255th_and_a_logits_that_of_the_last_layers_products() {
        let first = Dense { weight: vec![1.0], bias: vec![1.0], ..Dense::zeros(1, 1) };
        let last = Dense { weight: vec![2.0, -1.0], ..Dense::zeros(1, 2) };
        let quantized = Quantized {
            net: Mlp { layers: vec![first, last] },
            scales: vec![scales(&[0.03125], Some(1.0 / 255.0)), scales(&[0.5], None)],
        };
        let description = Description {
            name: "test".into(),
            classes: vec!["a".into(), "b".into()],
            shape: Shape::square(1),
            input: Input::full(1),
            layout: Layout::AsItIs,
            prominence: 0,
            command: String::new(),
            digest: [0; 32],
            seed: 0,
        };
        let blob = export(&quantized, &description, (3, 4)).unwrap();
        let model = blob.model().unwrap();
        let [first, last] = model.layers() else { panic!("{model:?}") };
        assert_eq!((first.weight(0, 0), last.weight(0, 0), last.weight(1, 0)), (32, 4, -2));
        assert_eq!((first.multiplier(0), first.bias(0)), (1 << 27, 255 * 32 + 16));
        assert_eq!(first.shape().numbers, Numbers::Narrow { multiplier_shift: 12, bias_shift: 0 });
        assert_eq!(model.stages()[0].logit_scale, (0.5 / 255.0) as f32);
    }

    #[test]
    fn a_network_may_be_as_large_as_the_format_has_room_for() {
        let layers = |count| Mlp { layers: vec![Dense::zeros(1, 1); count] };
        let width = |inputs, outputs| Mlp::zeros(&[inputs, outputs]);
        for net in [layers(MAX_LAYERS), width(MAX_WIDTH, 1), width(1, MAX_WIDTH)] {
            check(&net).unwrap();
        }
        let too_large = |what, found, limit| Err(QuantizeError::TooLarge { what, found, limit });
        let what = "inputs or outputs in a layer";
        assert_eq!(check(&layers(MAX_LAYERS + 2)), too_large("layers", MAX_LAYERS + 2, MAX_LAYERS));
        for net in [width(MAX_WIDTH + 2, 1), width(1, MAX_WIDTH + 2)] {
            assert_eq!(check(&net), too_large(what, MAX_WIDTH + 2, MAX_WIDTH));
        }
    }
}
