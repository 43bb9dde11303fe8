//! The cost of an inference on a board: counted, or else estimated.
//!
//! The estimate adds up [`Terms`](super::fit::Terms): numbers of pixels, rows of weights, outputs
//! and layers, times the instructions for one of each. These are a [`Fit`](super::fit::Fit) to the
//! counts in `host/models/counts.toml`, and stand there too; `cargo xtask count --write` renews
//! both, and a test compares the estimates with the counts.

use serde::Serialize;

use super::board::Board;
use super::counts::Counts;
use crate::model::activity::Activity;

/// The cost of an inference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Instructions that the processor executes.
    pub instructions: f64,
    /// The greatest relative error among the counts of the same [`Fit`](super::fit::Fit), from 0 to
    /// 1; `None` if the instructions were counted.
    pub error: Option<f64>,
    /// Clock of the real part in hertz; `None` for a board that exists only in the emulator.
    pub clock: Option<u32>,
}

impl Cost {
    /// The cost on a board of the model whose blob has this CRC-32: counted, or else estimated.
    /// `None` for a processor without counts.
    ///
    /// ```
    /// use inkbit::model::activity::activity;
    /// use inkbit::data::synthetic::{Part, images};
    /// use inkbit::device::Board;
    /// use inkbit::device::cost::Cost;
    /// use inkbit::device::counts::Counts;
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
    pub fn of(board: &Board, crc: u32, activity: &Activity, counts: &Counts) -> Option<Self> {
        match counts.of(crc).get(&board.name) {
            Some(&instructions) => Some(Self { instructions, error: None, clock: board.clock }),
            None => Self::estimate(board, activity, counts),
        }
    }

    /// The estimated cost on a board; `None` for a processor without counts, and for features: what
    /// their ranges take was never counted.
    pub fn estimate(board: &Board, activity: &Activity, counts: &Counts) -> Option<Self> {
        if activity.is_features {
            return None;
        }
        let fit = counts.fit(&board.cpu)?;
        let instructions = fit.estimate(activity);
        Some(Self { instructions, error: Some(fit.greatest_error), clock: board.clock })
    }

    /// The least time in seconds: every instruction takes at least one cycle.
    pub fn seconds(&self) -> Option<f64> {
        self.clock.map(|clock| self.instructions / f64::from(clock))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit::tests::activity;
    use super::*;
    use crate::device::board;

    #[test]
    fn what_was_counted_is_not_estimated() {
        let board = Board::find("lm3s6965evb").unwrap();
        let count = "[[count]]\ncrc = '0000beef'\nboard = 'lm3s6965evb'\nkernel = 'default'\n\
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
            let cost =
                |non_zero| Cost::of(&board, 0, &activity(non_zero), &counts).expect(&board.cpu);
            assert!(cost(0.9).instructions > cost(0.1).instructions, "{}", board.name);
            assert!(cost(0.1).error.is_some_and(|error| error > 0.0));
            assert_eq!(cost(0.1).seconds().is_some(), board.clock.is_some());
        }
    }
}
