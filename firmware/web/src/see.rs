//! What the network sees: the image, the values that each layer takes, the logits, and what each input
//! brings to one of them.

use core::ptr;

use inkbit_core::kernel::Active;
use inkbit_core::link::MAX_LOGITS;
use inkbit_core::{
    Frame, Layer, LayerOutput, Layout, MAX_LAYERS, MAX_WIDTH, Model, Sample, argmax,
};

use crate::device;

type Values = [u8; MAX_WIDTH];
type Parts = [f64; MAX_WIDTH];

static mut VALUES: [Values; MAX_LAYERS] = [[0; MAX_WIDTH]; MAX_LAYERS];
static mut LOGITS: [i32; MAX_LOGITS] = [0; MAX_LOGITS];
static mut PARTS: Parts = [0.0; MAX_WIDTH];
static mut FACTORS: Parts = [0.0; MAX_WIDTH];

fn model() -> Option<&'static Model<'static>> {
    device()?.app.engine().model().ok()
}

/// The image that the network has classified, centred, row by row.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn image() -> *const u8 {
    device().and_then(|device| device.app.seen()).map_or(ptr::null(), |(_, image)| image.as_ptr())
}

/// What the model takes: the image's side length, from bit 16 what is cropped, from bit 24 the pool.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn input() -> u32 {
    let input = model().map(Model::input);
    input.map_or(0, |input| {
        u32::from(input.width) | u32::from(input.crop[0]) << 16 | u32::from(input.pool[0]) << 24
    })
}

/// How ink lies in the image: pixels of its longer side if it is centred, 0 if it is fitted, and 65,535 if
/// the whole picture is the image.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ink() -> u32 {
    match model().map(Model::sample) {
        Some(Sample::Image(Frame { layout: Layout::Centred { ink }, .. })) => ink.into(),
        Some(Sample::Image(Frame { layout: Layout::Fitted, .. })) => 0,
        _ => u16::MAX.into(),
    }
}

/// A layer's outputs, and from bit 16 the bits of a weight; 0 if there is no such layer, or if the model
/// asks several networks in turn: what happens is shown of one.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn layer(number: usize) -> u32 {
    let alone = model().filter(|model| model.stages().len() == 1);
    let layer = alone.and_then(|model| model.layers().get(number));
    layer.map_or(0, |layer| (layer.outputs() | layer.bits().bits() << 16) as u32)
}

/// The weight from an input to a unit of the first layer.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn weight(unit: usize, input: usize) -> i32 {
    model().and_then(|model| model.layers().first()).map_or(0, |layer| layer.weight(unit, input))
}

/// Runs the model again on [`image`], for `values` and `logits`; returns the class with the greatest logit.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn see() -> usize {
    let Some((engine, image)) = device().and_then(|device| device.app.seen()) else { return 0 };
    // SAFETY: as in `device`; these are borrowed here alone.
    let (values, logits) = unsafe { (&mut *(&raw mut VALUES), &mut *(&raw mut LOGITS)) };
    values.as_flattened_mut().fill(0);
    let mut put = |layer: usize, active: Active<'_>| {
        let Some(values) = values.get_mut(layer) else { return };
        for (unit, value) in active.iter() {
            values.get_mut(unit).into_iter().for_each(|to| *to = value);
        }
    };
    if let Ok(inputs) = engine.inputs(image) {
        put(0, inputs);
    }
    let found = engine.infer_observed(image, |layer, output| {
        if let LayerOutput::Activations(active) = output {
            put(layer + 1, active);
        }
    });
    let Ok(found) = found else { return 0 };
    logits.iter_mut().zip(found.iter()).for_each(|(to, logit)| *to = *logit);
    argmax(&found)
}

/// The values that a layer takes: of the first layer the inputs, of the others activations.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn values(layer: usize) -> *const u8 {
    // SAFETY: as in `device`.
    unsafe { (*&raw const VALUES).get(layer).map_or(ptr::null(), |values| values.as_ptr()) }
}

/// The logits.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn logits() -> *const i32 {
    (&raw const LOGITS).cast()
}

/// What each input has brought to the logit of a class, after `see`.
///
/// Between two layers is a ReLU, so for one image the network is linear: a unit's activation is its sum
/// times a factor, which is 0 for a unit that is not active. An input brings its value times the sum, over
/// all paths to the logit, of the products of weights and factors. The factor is the activation over the
/// sum as they are for this image: not quite the model's multiplier, by what requantization has rounded
/// off or limited to 255. So what all inputs bring and what the biases bring (each times its factors) add
/// up to the very logit.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn parts(class: usize) -> *const f64 {
    // SAFETY: as in `see`, which does not call this.
    let (values, parts, factors) =
        unsafe { (&*(&raw const VALUES), &mut *(&raw mut PARTS), &mut *(&raw mut FACTORS)) };
    parts.fill(0.0);
    factors.fill(0.0);
    factors.get_mut(class).into_iter().for_each(|factor| *factor = 1.0);
    let layers = model().map_or(&[][..], |model| model.layers());
    let mut layers = layers.iter().zip(values).rev().peekable();
    while let Some((layer, inputs)) = layers.next() {
        bring(layer, inputs, factors, parts);
        if let Some((below, inputs)) = layers.peek() {
            factors.fill(0.0);
            for (unit, (factor, part)) in factors.iter_mut().zip(&*parts).enumerate() {
                if *part != 0.0 {
                    *factor = part / sum(below, inputs, unit);
                }
            }
        }
    }
    parts.as_ptr()
}

/// What each input of a layer brings, if an output's sum counts as often as its factor says.
fn bring(layer: &Layer<'_>, inputs: &Values, factors: &Parts, parts: &mut Parts) {
    for (input, (part, &value)) in parts.iter_mut().zip(inputs).enumerate() {
        *part = 0.0;
        if value != 0 {
            for (output, factor) in factors.iter().take(layer.outputs()).enumerate() {
                if *factor != 0.0 {
                    *part += factor * f64::from(layer.weight(output, input) * i32::from(value));
                }
            }
        }
    }
}

/// A unit's sum, before ReLU.
fn sum(layer: &Layer<'_>, inputs: &Values, unit: usize) -> f64 {
    let mut sum = layer.bias(unit);
    for (input, &value) in inputs.iter().take(layer.inputs()).enumerate() {
        if value != 0 {
            sum += layer.weight(unit, input) * i32::from(value);
        }
    }
    sum.into()
}
