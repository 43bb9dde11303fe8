//! What an inference costs on a board: counted, or else estimated.
//!
//! The estimate adds up [`Terms`]: so many pixels, rows of weights, outputs and layers, at so many
//! instructions each. What each takes is a [`Fit`] to the counts in `tests/bench/instructions.toml`,
//! and stands there too; `cargo xtask bench --write` renews both, and a test holds the estimates
//! against the counts.

use inkbit_core::{Input, WeightBits};
use serde::{Deserialize, Serialize};

use super::board::Board;
use crate::evaluate::table::Counts;
use crate::model::activity::{Activity, LayerActivity};

/// What an inference costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Instructions that the processor executes.
    pub instructions: f64,
    /// None if they were counted; of an estimate, the share by which others of the same
    /// [`Fit`] have been off at most.
    pub error: Option<f64>,
    /// Clock of the real part in hertz; none of a board that exists only in the emulator.
    pub clock: Option<u32>,
}

impl Cost {
    /// The cost on a board of the model whose blob has this CRC-32: as it was counted, or else
    /// estimated. None for a processor that nothing was counted on.
    ///
    /// ```
    /// use inkbit::model::activity::activity;
    /// use inkbit::data::synthetic::{Part, images};
    /// use inkbit::device::Board;
    /// use inkbit::device::cost::Cost;
    /// use inkbit::evaluate::table::Counts;
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let activity = activity(&blob.model()?, &images(Part::Test, 20, 1))?;
    /// let (board, counts) = (Board::find("microbit")?, Counts::built_in());
    /// let counted = Cost::of(&board, blob.crc(), &activity, &counts).expect("it is a reference model");
    /// let estimate = Cost::estimate(&board, &activity, &counts).expect("there is a fit");
    /// assert_eq!(counted.error, None);
    /// assert!((estimate.instructions / counted.instructions - 1.0).abs() < 0.05);
    /// assert!(estimate.seconds().expect("it has a clock") < 0.005);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(board: &Board, crc: u32, activity: &Activity, counts: &Counts) -> Option<Self> {
        let counted = counts.of(crc).get(&board.name).copied();
        Self::counted(board, counted).or_else(|| Self::estimate(board, activity, counts))
    }

    /// The cost on a board, estimated.
    #[must_use]
    pub fn estimate(board: &Board, activity: &Activity, counts: &Counts) -> Option<Self> {
        let fit = counts.fit(&board.cpu)?;
        let instructions = fit.estimate(activity);
        Some(Self { instructions, error: Some(fit.greatest_error), clock: board.clock })
    }

    fn counted(board: &Board, counted: Option<f64>) -> Option<Self> {
        Some(Self { instructions: counted?, error: None, clock: board.clock })
    }

    /// Seconds that it takes if every instruction takes one cycle, which is the least.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.clock.map(|clock| self.instructions / f64::from(clock))
    }
}

/// What an inference consists of: how much of each there is, or what each costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Pixels of a whole image, each of them an input.
    pub pixel: f64,
    /// Pixels that a cropped image has left, each of them an input.
    pub cropped_pixel: f64,
    /// Pixels of which four make an input.
    pub pixel_of_4: f64,
    /// Pixels of which sixteen make an input.
    pub pixel_of_16: f64,
    /// Rows of 8-bit weights: one for each input that is not zero and each block of outputs.
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
    /// How many kinds there are.
    pub const KINDS: usize = 9;

    /// What makes inputs of an image.
    #[must_use]
    pub fn of_input(input: Input) -> Self {
        let read = input.width() * usize::from(input.pool);
        let (read, mut terms) = ((read * read) as f64, Self::default());
        match input.pool {
            1 if input.crop == 0 => terms.pixel = read,
            1 => terms.cropped_pixel = read,
            2 => terms.pixel_of_4 = read,
            _ => terms.pixel_of_16 = read,
        }
        terms
    }

    /// A layer, by a kernel that takes so many blocks of outputs at once.
    #[must_use]
    pub fn of_layer(layer: &LayerActivity, is_last: bool, blocks: Blocks) -> Self {
        let group = layer.bits.block() * blocks.of(layer.bits);
        let groups = layer.outputs.div_ceil(group);
        let rows = layer.non_zero * (layer.inputs * groups * blocks.of(layer.bits)) as f64;
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

    /// The numbers alone.
    #[must_use]
    pub const fn array(self) -> [f64; Self::KINDS] {
        let Self { pixel, cropped_pixel, pixel_of_4, pixel_of_16, row_8, row_4, row_2, .. } = self;
        let Self { activation, layer, .. } = self;
        [pixel, cropped_pixel, pixel_of_4, pixel_of_16, row_8, row_4, row_2, activation, layer]
    }

    /// The same from the numbers alone.
    #[must_use]
    pub const fn from_array(numbers: [f64; Self::KINDS]) -> Self {
        let [pixel, cropped_pixel, pixel_of_4, pixel_of_16, row_8, row_4, row_2, ..] = numbers;
        let [.., activation, layer] = numbers;
        Self {
            pixel,
            cropped_pixel,
            pixel_of_4,
            pixel_of_16,
            row_8,
            row_4,
            row_2,
            activation,
            layer,
        }
    }

    fn times(self, costs: Self) -> f64 {
        self.array().iter().zip(costs.array()).map(|(count, cost)| count * cost).sum()
    }
}

/// Blocks of outputs that a kernel takes at once, for each width of weights.
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

/// What the terms cost on a processor, fitted to counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The processor.
    pub cpu: String,
    /// The most by which an estimate is off the count that it was fitted to, as a share of it.
    pub greatest_error: f64,
    /// Blocks of outputs that its kernel takes at once.
    pub blocks: Blocks,
    /// Instructions for one of each.
    pub instructions: Terms,
}

impl Fit {
    /// Instructions of an inference.
    #[must_use]
    pub fn estimate(&self, activity: &Activity) -> f64 {
        let last = activity.layers.len().saturating_sub(1);
        let layers = activity.layers.iter().enumerate().map(|(number, layer)| {
            Terms::of_layer(layer, number == last, self.blocks).times(self.instructions)
        });
        Terms::of_input(activity.input).times(self.instructions) + layers.sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    fn activity(non_zero: f64) -> Activity {
        let layer = |inputs, outputs, bits| LayerActivity {
            inputs,
            outputs,
            bits,
            non_zero,
            saturated: 0.0,
        };
        let layers = vec![layer(100, 20, WeightBits::Eight), layer(20, 3, WeightBits::Two)];
        Activity { input: Input { side: 28, crop: 4, pool: 2 }, layers }
    }

    #[test]
    fn terms_are_counted_with_the_empty_places_of_blocks_that_are_taken_at_once() {
        let Activity { input, layers } = activity(0.5);
        let input = Terms::of_input(input);
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

    #[test]
    fn what_was_counted_is_not_estimated() {
        let board = Board::find("lm3s6965evb").unwrap();
        let count = "[[count]]\ncrc = '0000beef'\nboard = 'lm3s6965evb'\nkernel = 'packed'\n\
                     images = '20 synthetic'\nmean = 50000.0";
        let counts = Counts::parse(count).unwrap();
        let cost = Cost::of(&board, 0xBEEF, &activity(0.5), &counts).unwrap();
        assert_eq!((cost.instructions, cost.error, cost.seconds()), (5e4, None, Some(1e-3)));
        assert_eq!(Cost::of(&board, 0xBEE0, &activity(0.5), &counts), None);
    }

    #[test]
    fn every_board_has_an_estimate_that_grows_with_the_work() {
        let counts = Counts::built_in();
        for board in board::all() {
            let cost = |share| Cost::of(&board, 0, &activity(share), &counts).expect(&board.cpu);
            assert!(cost(0.9).instructions > cost(0.1).instructions, "{}", board.name);
            assert!(cost(0.1).error.is_some_and(|error| error > 0.0));
            assert_eq!(cost(0.1).seconds().is_some(), board.clock.is_some());
        }
    }
}
