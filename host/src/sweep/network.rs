//! What a configuration makes of data: input, layers, and what they are called.

use inkbit_core::{Input, LayerShape, MAX_COMMAND, MAX_NAME};

use crate::config::TrainConfig;
use crate::quantize::{Description, Granularity};
use crate::run::DataInfo;

/// The image that the network takes; checked when the sweep is planned.
pub(super) fn input(config: &TrainConfig, data: &DataInfo) -> Input {
    config.shrunk(data.side).unwrap_or(Input::full(data.side as u16))
}

/// Widths of all layers, inputs first.
pub(super) fn widths(config: &TrainConfig, data: &DataInfo) -> Vec<usize> {
    config.widths(data.side, data.classes.len())
}

/// Width of each layer's weights; checked when the sweep is planned.
pub(super) fn bits(config: &TrainConfig) -> Vec<u8> {
    let widths = config.layer_bits().unwrap_or_default();
    widths.into_iter().map(|width| width.bits() as u8).collect()
}

/// The layers of its blob, if no unit is removed.
pub(super) fn shapes(config: &TrainConfig, data: &DataInfo) -> Vec<LayerShape> {
    let bits = bits(config);
    let shape = |(number, pair): (usize, &[usize])| {
        let hidden = number < config.hidden.len();
        LayerShape {
            inputs: pair[0] as u16,
            outputs: pair[1] as u16,
            bits: bits[number],
            multipliers: match config.scales {
                _ if !hidden => 0,
                Granularity::Layer => 1,
                Granularity::Output => pair[1] as u16,
            },
        }
    };
    widths(config, data).windows(2).enumerate().map(shape).collect()
}

/// What its blob says of itself.
pub(super) fn description(config: &TrainConfig, data: &DataInfo) -> Description {
    let mut digest = [0; 32];
    for (byte, digits) in digest.iter_mut().zip(data.digest.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default() as u8;
        *byte = digit(digits[0]) << 4 | digit(digits[1]);
    }
    Description {
        name: shortened(widths_text(config, data), MAX_NAME),
        classes: data.classes.clone(),
        input: input(config, data),
        command: shortened(config.command(&data.name, None), MAX_COMMAND),
        digest,
        seed: config.seed,
    }
}

/// Widths of all layers: `784-256-128-10`.
pub(super) fn widths_text(config: &TrainConfig, data: &DataInfo) -> String {
    joined(&widths(config, data), "-")
}

/// Width of the weights: `8`, or `8/4/4` where layers differ.
pub(super) fn bits_text(config: &TrainConfig) -> String {
    let bits = bits(config);
    match &bits[..] {
        [first, rest @ ..] if rest.iter().all(|width| width == first) => first.to_string(),
        _ => joined(&bits, "/"),
    }
}

/// The network in words.
pub(super) fn label(config: &TrainConfig, data: &DataInfo) -> String {
    format!("{} at {} bits", widths_text(config, data), bits_text(config))
}

/// A name for its files, with the seed; differs for every network of a sweep.
pub(super) fn id(config: &TrainConfig, data: &DataInfo) -> String {
    let bits = bits_text(config).replace('/', "");
    format!("{}-{bits}bit-seed{}", widths_text(config, data), config.seed)
}

fn joined<T: ToString>(values: &[T], by: &str) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(by)
}

/// The beginning of a text, so much of it as the format has room for.
fn shortened(mut text: String, bytes: usize) -> String {
    while text.len() > bytes {
        text.pop();
    }
    text
}
