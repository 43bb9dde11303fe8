//! Fraction of non-zero and saturated values in each layer's inputs.
//!
//! A device skips zeros, so these fractions decide how long an inference takes.

use std::ops::Range;

use inkbit_core::{Input, LayerOutput, Model, WeightBits};

use crate::data::{Images, Shape, shrink};
use crate::model::{HostEngine, ImagesError, check_images};
use crate::support::parallel;

/// The inputs of one layer, averaged over the images of which it is asked. Fractions are from 0 to 1.
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

/// The inputs of the layers of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct StageActivity {
    /// Fraction of the images of which the stage is asked: 1 for the first.
    pub asked: f64,
    /// The input shape of its network.
    pub input: Input,
    /// In order of evaluation. The first layer takes pixels, every other one the activations of the
    /// layer before it.
    pub layers: Vec<LayerActivity>,
}

/// The inputs of all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Whether its inputs are features, brought into their ranges first.
    pub is_features: bool,
    /// In order of evaluation.
    pub stages: Vec<StageActivity>,
}

impl Activity {
    /// The layers of all stages, in order of evaluation.
    pub fn layers(&self) -> impl Iterator<Item = &LayerActivity> {
        self.stages.iter().flat_map(|stage| &stage.layers)
    }

    /// Mean number of multiplications with a non-zero input, per image.
    pub fn macs(&self) -> f64 {
        self.macs_of_layers().sum()
    }

    /// The same of each layer: nothing for an image of which its stage is not asked.
    pub fn macs_of_layers(&self) -> impl Iterator<Item = f64> {
        let of_stage = |stage: &StageActivity| {
            let asked = stage.asked;
            stage.layers.iter().map(move |layer| asked * layer.macs()).collect::<Vec<_>>()
        };
        self.stages.iter().flat_map(of_stage)
    }

    /// Number of all multiplications, of every stage.
    pub fn all_macs(&self) -> usize {
        self.layers().map(|layer| layer.inputs * layer.outputs).sum()
    }

    /// Fraction of the multiplications of the stages that are asked that cannot be skipped, from 0 to 1.
    pub fn non_zero(&self) -> f64 {
        let dense = |stage: &StageActivity| {
            stage.layers.iter().map(|layer| layer.inputs * layer.outputs).sum::<usize>() as f64
        };
        let all: f64 = self.stages.iter().map(|stage| stage.asked * dense(stage)).sum();
        self.macs() / all.max(1.0)
    }
}

/// What was counted of images.
struct Counts {
    /// Images of which each stage was asked.
    asked: Vec<usize>,
    /// Non-zero and saturated inputs of each layer.
    layers: Vec<[usize; 2]>,
}

/// Runs the model on every image, on all cores, and averages its activity.
///
/// ```
/// use inkbit::data::synthetic::{Part, images};
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let model = blob.model()?;
/// let found = inkbit::model::activity::activity(&model, &images(Part::Test, 20, 1))?;
/// assert_eq!(found.layers().count(), model.layers().len());
/// assert!(found.non_zero() < 0.8); // at least a fifth of the multiplications is skipped
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn activity(model: &Model<'_>, images: &Images) -> Result<Activity, ImagesError> {
    check_images(images, &Shape::of_model(model), model.classes())?;
    let parts = parallel::split(images.len(), |part| count(model, images, part));
    let mut sums = Counts::none(model);
    for part in parts {
        for (sum, part) in sums.asked.iter_mut().zip(part.asked) {
            *sum += part;
        }
        for (sum, part) in sums.layers.iter_mut().zip(part.layers) {
            *sum = [sum[0] + part[0], sum[1] + part[1]];
        }
    }
    let mut counts = sums.layers.into_iter();
    let stages = sums.asked.into_iter().enumerate().map(|(number, asked)| {
        let layers = model.layers_of(number).iter().zip(&mut counts).map(|(layer, counts)| {
            let values = (layer.inputs() * asked).max(1) as f64;
            let [non_zero, saturated] = counts.map(|count| count as f64 / values);
            let (inputs, outputs, bits) = (layer.inputs(), layer.outputs(), layer.bits());
            LayerActivity { inputs, outputs, bits, non_zero, saturated }
        });
        let layers = layers.collect();
        let asked = asked as f64 / images.len() as f64;
        StageActivity { asked, input: model.input_of(number), layers }
    });
    let stages = stages.collect();
    Ok(Activity { is_features: Shape::of_model(model).is_features(), stages })
}

impl Counts {
    fn none(model: &Model<'_>) -> Self {
        Self { asked: vec![0; model.stages().len()], layers: vec![[0; 2]; model.layers().len()] }
    }
}

fn count(model: &Model<'_>, images: &Images, part: Range<usize>) -> Counts {
    let (mut engine, shape) = (HostEngine::new(model), Shape::of_model(model));
    let mut counts = Counts::none(model);
    let mut inputs = Vec::new();
    for image in part.map(|index| images.image(index)) {
        let mut add = |layer: usize, values: &mut dyn Iterator<Item = u8>| {
            for value in values {
                counts.layers[layer][0] += usize::from(value != 0);
                counts.layers[layer][1] += usize::from(value == 255);
            }
        };
        let stage = engine.infer_observed(image, |layer, output| {
            if let LayerOutput::Activations(active) = output {
                add(layer + 1, &mut active.iter().map(|(_, value)| value));
            }
        });
        let stage = stage.stage();
        let mut first = 0;
        for number in 0..=stage {
            inputs.clear();
            shrink::inputs(&shape, model.input_of(number), image, &mut inputs);
            add(first, &mut inputs.iter().copied());
            first += model.layers_of(number).len();
            counts.asked[number] += 1;
        }
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
        let stage = |asked, layers| StageActivity { asked, input: Input::full(8), layers };
        let first = stage(1.0, vec![layer(8, 4, 0.5), layer(4, 2, 0.25)]);
        let mut activity = Activity { is_features: false, stages: vec![first] };
        assert_eq!((activity.macs(), activity.all_macs()), (18.0, 40));
        assert_eq!(activity.non_zero(), 0.45);
        // One image in four goes on to a second stage.
        activity.stages.push(stage(0.25, vec![layer(8, 5, 1.0)]));
        assert_eq!((activity.macs(), activity.all_macs()), (28.0, 80));
        assert_eq!(activity.non_zero(), 28.0 / 50.0);
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
        let first = found.stages[0].layers[0];
        // The second image has one full square; the others of its row are half full.
        assert_eq!((first.inputs, first.non_zero), (196, 15.0 / 392.0));
        assert_eq!(first.saturated, 1.0 / 392.0);
        assert_eq!((found.stages[0].input, found.stages[0].asked), (model.input(), 1.0));
    }
}
