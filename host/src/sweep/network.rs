//! Properties of a network, from its configuration and its data.

use inkbit_core::{Input, LayerShape, MAX_COMMAND, MAX_NAME, Numbers};

use crate::config::TrainConfig;
use crate::quantize::{self, Description, Granularity};
use crate::run::DataInfo;
use crate::support::visible::shortened;

/// The input shape; the sweep has checked it.
pub(super) fn input(config: &TrainConfig, data: &DataInfo) -> Input {
    config.shrunk(&data.shape()).or(data.shape().whole()).unwrap_or(Input::full(1))
}

/// Widths of all layers, inputs first.
pub(super) fn widths(config: &TrainConfig, data: &DataInfo) -> Vec<usize> {
    config.widths(&data.shape(), data.classes.len())
}

/// Bits of a weight, for each layer; the sweep has checked them.
pub(super) fn bits(config: &TrainConfig) -> Vec<u8> {
    let bits = config.layer_bits().unwrap_or_default();
    bits.into_iter().map(|bits| bits.bits() as u8).collect()
}

/// The layers of the blob if no unit is removed.
pub(super) fn shapes(config: &TrainConfig, data: &DataInfo) -> Vec<LayerShape> {
    let bits = bits(config);
    let shape = |(number, pair): (usize, &[usize])| LayerShape {
        inputs: pair[0] as u16,
        outputs: pair[1] as u16,
        bits: bits[number],
        multipliers: match config.scales {
            _ if number == config.hidden.len() => 0,
            Granularity::Layer => 1,
            Granularity::Output => pair[1] as u16,
        },
        // Of the same size whatever the shifts.
        numbers: Numbers::Narrow { multiplier_shift: 0, bias_shift: 0 },
    };
    widths(config, data).windows(2).enumerate().map(shape).collect()
}

/// The description of a model whose threshold is not known yet: it has the longest.
pub(super) fn description(config: &TrainConfig, data: &DataInfo) -> Description {
    Description {
        name: name(config, data),
        classes: data.classes.clone(),
        shape: data.shape(),
        input: input(config, data),
        layout: data.layout(),
        prominence: u32::MAX,
        command: shortened(config.command(&data.name, None) + &data.reading.flags(), MAX_COMMAND),
        digest: digest(data),
        seed: config.seed,
    }
}

/// The name of the model in its blob.
pub(super) fn name(config: &TrainConfig, data: &DataInfo) -> String {
    shortened(widths_text(config, data), MAX_NAME)
}

/// The digest of the data as bytes.
pub(super) fn digest(data: &DataInfo) -> [u8; 32] {
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(data.digest.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
        *byte = digit(digits[0]) << 4 | digit(digits[1]);
    }
    digest
}

/// Widths of all layers: `784-256-128-10`.
pub(super) fn widths_text(config: &TrainConfig, data: &DataInfo) -> String {
    let widths = widths(config, data);
    widths.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}

/// Bits of a weight: `8`, or `8/4/4` where layers differ.
pub(super) fn bits_text(config: &TrainConfig) -> String {
    quantize::bits::label(&bits(config))
}

pub(super) fn label(config: &TrainConfig, data: &DataInfo) -> String {
    format!("{} at {} bits", widths_text(config, data), bits_text(config))
}

/// Name of a cell's folder, unique in a sweep.
pub(super) fn id(config: &TrainConfig, data: &DataInfo) -> String {
    let bits = bits_text(config).replace('/', "");
    format!("{}-{bits}bit-seed{}", widths_text(config, data), config.seed)
}
