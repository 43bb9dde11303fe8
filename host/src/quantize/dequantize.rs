//! The float network that a model's integers stand for, to go on training from.

use inkbit_core::Model;

use crate::net::{Dense, Mlp};

/// The network of a model's first stage: its logits are the model's, apart from rounding.
///
/// A blob does not say by how much its activations were scaled, and logits do not depend on it: a
/// hidden layer gets the scale by which its weights are as large as initial weights are, with a mean
/// square of 2 / inputs (He et al., "Delving Deep into Rectifiers", 2015).
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// use inkbit::model::{builtin, int_logits};
/// use inkbit::net::Backend;
/// use inkbit::quantize::dequantized;
/// let blob = &builtin::all()[6]; // nano
/// let (model, digits) = (blob.model()?, images(Part::Test, 50, 1));
/// let small = digits.shrunk(model.input());
/// let floats = dequantized(&model).logits(&small, &Backend::default().device()?);
/// let scale = model.stages()[0].logit_scale;
/// let apart = |(float, int): (&f32, &i32)| (float - *int as f32 * scale).abs();
/// let differences = floats.iter().zip(&int_logits(&model, &digits)?).map(apart).collect::<Vec<_>>();
/// let mean = differences.iter().sum::<f32>() / differences.len() as f32;
/// assert!(mean < 0.2, "{mean}");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn dequantized(model: &Model<'_>) -> Mlp {
    let layers = model.layers_of(0);
    let logit_scale = model.stages().first().map_or(1.0, |stage| f64::from(stage.logit_scale));
    // Pixels of 255 are inputs of 1.
    let mut input_step = 1.0 / 255.0;
    let mut network = Mlp { layers: Vec::new() };
    for (number, layer) in layers.iter().enumerate() {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        let weight = |index: usize| f64::from(layer.weight(index % outputs, index / outputs));
        let mut dense = Dense::zeros(inputs, outputs);
        // What a step of each output's sum stands for, and what is in a bias to round by: half a step of
        // the activation.
        let (sum_steps, half, output_step) = if number + 1 == layers.len() {
            (vec![logit_scale; outputs], 0.0, 1.0)
        } else {
            let multipliers: Vec<f64> = (0..outputs)
                .map(|output| f64::from(layer.multiplier(output)) / 2_f64.powi(32))
                .collect();
            let squares = (0..inputs * outputs)
                .map(|index| (weight(index) * multipliers[index % outputs] / input_step).powi(2));
            let mean = squares.sum::<f64>() / (inputs * outputs) as f64;
            let step = (2.0 / inputs as f64 / mean.max(f64::MIN_POSITIVE)).sqrt();
            (multipliers.iter().map(|multiplier| multiplier * step).collect(), step / 2.0, step)
        };
        for (index, value) in dense.weight.iter_mut().enumerate() {
            *value = (weight(index) * sum_steps[index % outputs] / input_step) as f32;
        }
        for (output, value) in dense.bias.iter_mut().enumerate() {
            *value = (f64::from(layer.bias(output)) * sum_steps[output] - half) as f32;
        }
        network.layers.push(dense);
        input_step = output_step;
    }
    network
}
