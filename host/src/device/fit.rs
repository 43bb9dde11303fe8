//! The terms of an inference, and their cost on a processor.

use bytemuck::{Pod, Zeroable};
use inkbit_core::{Input, WeightBits};
use serde::{Deserialize, Serialize};

use crate::model::activity::{Activity, LayerActivity, StageActivity};
use crate::support::visible;

/// The terms of an inference: the number of each, or the instructions for one of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, Pod, Zeroable)]
#[repr(C)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Pixels of a whole image, of which each is an input.
    pub pixel: f64,
    /// Pixels left of a cropped image, of which each is an input.
    pub cropped_pixel: f64,
    /// Pixels of which four make an input.
    pub pixel_of_4: f64,
    /// Pixels of which sixteen make an input.
    pub pixel_of_16: f64,
    /// Rows of 8-bit weights: one for each non-zero input and each block of outputs.
    pub row_8: f64,
    /// Rows of 4-bit weights.
    pub row_4: f64,
    /// Rows of 2-bit weights.
    pub row_2: f64,
    /// Outputs of hidden layers.
    pub activation: f64,
    /// Layers.
    pub layer: f64,
}

impl Terms {
    /// The number of kinds.
    pub const KINDS: usize = 9;

    /// The terms of making inputs from an image.
    pub fn of_input(input: Input) -> Self {
        let [wide, high] = input.pool.map(usize::from);
        let (read, mut terms) = ((input.inputs() * wide * high) as f64, Self::default());
        match wide * high {
            1 if input.crop == [0; 2] => terms.pixel = read,
            1 => terms.cropped_pixel = read,
            2..8 => terms.pixel_of_4 = read,
            _ => terms.pixel_of_16 = read,
        }
        terms
    }

    /// The terms of a layer, with a kernel that computes `blocks` of outputs at once.
    pub fn of_layer(layer: &LayerActivity, is_last: bool, blocks: Blocks) -> Self {
        let group = layer.bits.block().saturating_mul(blocks.of(layer.bits)).max(1);
        let groups = layer.outputs.div_ceil(group);
        let rows = layer.non_zero * (layer.inputs * groups) as f64 * blocks.of(layer.bits) as f64;
        let mut terms = Self {
            activation: if is_last { 0.0 } else { layer.outputs as f64 },
            layer: 1.0,
            ..Self::default()
        };
        match layer.bits {
            WeightBits::Eight => terms.row_8 = rows,
            WeightBits::Four => terms.row_4 = rows,
            WeightBits::Two => terms.row_2 = rows,
        }
        terms
    }

    /// The numbers in the order of the fields.
    pub fn array(self) -> [f64; Self::KINDS] {
        bytemuck::cast(self)
    }

    /// The inverse of [`Terms::array`].
    pub fn from_array(numbers: [f64; Self::KINDS]) -> Self {
        bytemuck::cast(numbers)
    }

    fn times(self, costs: Self) -> f64 {
        self.array().iter().zip(costs.array()).map(|(count, cost)| count * cost).sum()
    }
}

/// Blocks of outputs that a kernel computes at once, for each width of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocks {
    /// Of 8-bit weights.
    pub bits_8: usize,
    /// Of 4-bit weights.
    pub bits_4: usize,
    /// Of 2-bit weights.
    pub bits_2: usize,
}

impl Blocks {
    const fn of(self, bits: WeightBits) -> usize {
        match bits {
            WeightBits::Eight => self.bits_8,
            WeightBits::Four => self.bits_4,
            WeightBits::Two => self.bits_2,
        }
    }
}

/// The cost of the terms on a processor, fitted to counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The processor.
    pub cpu: String,
    /// The greatest relative error of an estimate, over the counts of the fit.
    pub greatest_error: f64,
    /// Blocks of outputs that its kernel computes at once.
    pub blocks: Blocks,
    /// Instructions for one of each kind.
    pub instructions: Terms,
}

/// The most blocks that a kernel may compute at once, far above any that there is.
const MOST_BLOCKS: usize = 1024;

/// The most instructions for one of a kind, far above any that there are.
const MOST_INSTRUCTIONS: f64 = 1e9;

impl Fit {
    /// Finds values that no fit can have.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { cpu, greatest_error, blocks, instructions } = self;
        let cpu = visible::line(cpu);
        let Blocks { bits_8, bits_4, bits_2 } = *blocks;
        if let Some(found) =
            [bits_8, bits_4, bits_2].into_iter().find(|found| !(1..=MOST_BLOCKS).contains(found))
        {
            return Err(format!(
                "the [[fit]] of {cpu} has {found} blocks, but must have from 1 to {MOST_BLOCKS}"
            ));
        }
        let costs = instructions.array().into_iter().chain([*greatest_error]);
        // Costs below 0 come of fits, and not a number is in no range.
        match costs.into_iter().find(|cost| cost.is_nan() || cost.abs() > MOST_INSTRUCTIONS) {
            Some(found) => Err(format!(
                "the [[fit]] of {cpu} has the value {found}, but must be within ±{MOST_INSTRUCTIONS}"
            )),
            None => Ok(()),
        }
    }

    /// Estimates the instructions of an inference.
    pub fn estimate(&self, activity: &Activity) -> f64 {
        activity.stages.iter().map(|stage| stage.asked * self.of_stage(stage)).sum()
    }

    fn of_stage(&self, StageActivity { input, layers, .. }: &StageActivity) -> f64 {
        let last = layers.len().saturating_sub(1);
        let layers = layers.iter().enumerate().map(|(number, layer)| {
            Terms::of_layer(layer, number == last, self.blocks).times(self.instructions)
        });
        Terms::of_input(*input).times(self.instructions) + layers.sum::<f64>()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The activity of a network of two layers with this fraction of non-zero inputs.
    pub(crate) fn activity(non_zero: f64) -> Activity {
        let layer = |inputs, outputs, bits| LayerActivity {
            inputs,
            outputs,
            bits,
            non_zero,
            saturated: 0.0,
        };
        let layers = vec![layer(100, 20, WeightBits::Eight), layer(20, 3, WeightBits::Two)];
        let stage = StageActivity { asked: 1.0, input: Input::square(28, 4, 2), layers };
        Activity { is_features: false, stages: vec![stage] }
    }

    #[test]
    fn terms_are_counted_with_the_empty_places_of_blocks_that_are_taken_at_once() {
        let StageActivity { input, layers, .. } = &activity(0.5).stages[0];
        let input = Terms::of_input(*input);
        assert_eq!(input, Terms { pixel_of_4: 400.0, ..Terms::default() });
        let blocks = Blocks { bits_8: 2, bits_4: 1, bits_2: 1 };
        let first = Terms::of_layer(&layers[0], false, blocks);
        let expected = Terms { row_8: 200.0, activation: 20.0, layer: 1.0, ..input };
        assert_eq!(first, Terms { pixel_of_4: 0.0, ..expected });
        let last = Terms::of_layer(&layers[1], true, blocks);
        assert_eq!((last.row_2, last.activation), (10.0, 0.0));
        assert_eq!(Terms::from_array(first.array()), first);
        assert_eq!(first.times(first), 200.0 * 200.0 + 20.0 * 20.0 + 1.0);
    }
}
