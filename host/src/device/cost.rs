//! What an inference costs on a board: counted, or else estimated.

use super::board::Board;

/// What an inference costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Instructions that the processor executes.
    pub instructions: f64,
    /// Whether they were counted, and not estimated.
    pub counted: bool,
    /// Clock of the real part in hertz; none of a board that exists only in the emulator.
    pub clock: Option<f64>,
}

impl Cost {
    /// Seconds that it takes if every instruction takes one cycle, which is the least.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        self.clock.map(|clock| self.instructions / clock)
    }
}

/// The cost of an inference: the instructions that were counted, or else an estimate from its
/// multiplications with a non-zero input
/// ([`Activity::macs`](crate::activity::Activity::macs)), by what the kernels of the board's
/// processor are designed to stay within. None for a processor without such a figure.
#[must_use]
pub fn cost(board: &Board, counted: Option<f64>, macs: f64) -> Option<Cost> {
    let instructions = counted.or_else(|| estimate(board, macs))?;
    let clock = match board.name.as_str() {
        "lm3s6965evb" => Some(50e6),
        "microbit" => Some(16e6),
        "mps2-an386" => Some(25e6),
        "mps2-an505" => Some(20e6),
        _ => None,
    };
    Some(Cost { instructions, counted: counted.is_some(), clock })
}

fn estimate(board: &Board, macs: f64) -> Option<f64> {
    let (each, fixed) = match board.cpu.as_str() {
        "Cortex-M0" => (3.33, 13_000.0),
        "Cortex-M3" | "Cortex-M4F" | "Cortex-M33" => (1.2, 9_000.0),
        "RV32IMC" => (3.0, 22_500.0),
        _ => return None,
    };
    Some(each * macs + fixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    #[test]
    fn what_was_counted_is_not_estimated() {
        let board = Board::find("lm3s6965evb").unwrap();
        let cost = cost(&board, Some(50_000.0), 1.0).unwrap();
        assert_eq!((cost.instructions, cost.counted, cost.seconds()), (5e4, true, Some(1e-3)));
    }

    #[test]
    fn every_board_has_an_estimate_that_grows_with_the_work() {
        for board in board::all() {
            let cost = |macs| cost(&board, None, macs).unwrap_or_else(|| panic!("{}", board.cpu));
            assert!(cost(50_000.0).instructions > cost(10_000.0).instructions, "{}", board.name);
            assert!(!cost(1.0).counted);
            assert!(cost(1.0).seconds().is_none_or(|seconds| seconds > 0.0));
        }
    }
}
