//! Fraction of non-zero and saturated values in each layer's inputs.
//!
//! A device skips zeros, so these fractions decide how long an inference takes.

use std::ops::Range;

use inkbit_core::{Input, LayerOutput, Model, WeightBits};

use crate::data::{Images, Shape, shrink};
use crate::model::{HostEngine, ImagesError, check_images};
use crate::support::parallel;

/// The inputs of one layer, averaged over all images. Fractions are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerActivity {
    /// Inputs of the layer.
    pub inputs: usize,
    /// Outputs of the layer.
    pub outputs: usize,
    /// Bits of a weight.
    pub bits: WeightBits,
    /// Fraction of inputs that are not zero.
    pub non_zero: f64,
    /// Fraction of inputs that are 255, the maximum. Such a pixel is full ink; such an activation may
    /// have been clipped by quantization.
    pub saturated: f64,
}

impl LayerActivity {
    /// Mean number of multiplications with a non-zero input.
    pub fn macs(&self) -> f64 {
        self.non_zero * (self.inputs * self.outputs) as f64
    }
}

/// The inputs of all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The input shape of the network.
    pub input: Input,
    /// Whether its inputs are features, brought into their ranges first.
    pub is_features: bool,
    /// In order of evaluation. The first layer takes pixels, every other one the activations of the
    /// layer before it.
    pub layers: Vec<LayerActivity>,
}

impl Activity {
    /// Mean number of multiplications with a non-zero input, per image.
    pub fn macs(&self) -> f64 {
        self.layers.iter().map(LayerActivity::macs).sum()
    }

    /// Number of all multiplications.
    pub fn all_macs(&self) -> usize {
        self.layers.iter().map(|layer| layer.inputs * layer.outputs).sum()
    }

    /// Fraction of multiplications that cannot be skipped, from 0 to 1.
    pub fn non_zero(&self) -> f64 {
        self.macs() / self.all_macs().max(1) as f64
    }
}

/// Non-zero and saturated values of each layer.
type Counts = Vec<[usize; 2]>;

/// Runs the model on every image, on all cores, and averages its activity.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let model = blob.model()?;
/// let found = inkbit::model::activity::activity(&model, &images(Part::Test, 20, 1))?;
/// assert_eq!(found.layers.len(), model.layers().len());
/// assert!(found.non_zero() < 0.8); // at least a fifth of the multiplications is skipped
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn activity(model: &Model<'_>, images: &Images) -> Result<Activity, ImagesError> {
    check_images(images, &Shape::of_model(model), model.classes())?;
    let parts = parallel::split(images.len(), |part| count(model, images, part));
    let mut counts: Counts = vec![[0; 2]; model.layers().len()];
    for part in parts {
        for (sum, part) in counts.iter_mut().zip(part) {
            *sum = [sum[0] + part[0], sum[1] + part[1]];
        }
    }
    let layer = |(layer, counts): (&inkbit_core::Layer<'_>, [usize; 2])| {
        let values = (layer.inputs() * images.len()) as f64;
        let [non_zero, saturated] = counts.map(|count| count as f64 / values);
        let (inputs, outputs, bits) = (layer.inputs(), layer.outputs(), layer.bits());
        LayerActivity { inputs, outputs, bits, non_zero, saturated }
    };
    let layers = model.layers().iter().zip(counts).map(layer).collect();
    let is_features = Shape::of_model(model).is_features();
    Ok(Activity { input: model.input(), is_features, layers })
}

fn count(model: &Model<'_>, images: &Images, part: Range<usize>) -> Counts {
    let (mut engine, shape) = (HostEngine::new(model), Shape::of_model(model));
    let mut counts: Counts = vec![[0; 2]; model.layers().len()];
    let mut add = |layer: usize, values: &mut dyn Iterator<Item = u8>| {
        for value in values {
            counts[layer][0] += usize::from(value != 0);
            counts[layer][1] += usize::from(value == 255);
        }
    };
    let mut inputs = Vec::with_capacity(model.input().inputs());
    for image in part.map(|index| images.image(index)) {
        inputs.clear();
        shrink::inputs(&shape, model.input(), image, &mut inputs);
        add(0, &mut inputs.iter().copied());
        engine.infer_observed(image, |layer, output| {
            if let LayerOutput::Activations(active) = output {
                add(layer + 1, &mut active.iter().map(|(_, value)| value));
            }
        });
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::builtin;

    #[test]
    fn multiplications_by_zero_are_not_counted() {
        let layer = |inputs, outputs, non_zero| LayerActivity {
            inputs,
            outputs,
            bits: WeightBits::Eight,
            non_zero,
            saturated: 0.0,
        };
        let layers = vec![layer(8, 4, 0.5), layer(4, 2, 0.25)];
        let activity = Activity { input: Input::full(8), is_features: false, layers };
        assert_eq!((activity.macs(), activity.all_macs()), (18.0, 40));
        assert_eq!(activity.non_zero(), 0.45);
    }

    #[test]
    fn non_zero_and_saturated_inputs_are_counted() {
        // Pools 28×28 pixels to 14×14 inputs.
        let blob = builtin::find("tiny").unwrap();
        let model = blob.model().unwrap();
        let mut pixels = vec![0; 2 * 28 * 28];
        // Pooling averages four pixels: a sum of 1 rounds to 0, a sum of 2 to 1.
        pixels[0] = 1;
        pixels[2] = 2;
        pixels[28 * 28 + 28 + 3] = 255;
        pixels[28 * 28..][..30].fill(255);
        let images = Images { shape: Shape::square(28), pixels, labels: vec![0, 1] };
        let found = activity(&model, &images).unwrap();
        let first = found.layers[0];
        // The second image has one full square; the others of its row are half full.
        assert_eq!((first.inputs, first.non_zero), (196, 15.0 / 392.0));
        assert_eq!(first.saturated, 1.0 / 392.0);
        assert_eq!(found.input, model.input());
    }
}
