//! What an inference costs on a board: an estimate, where nothing was measured.

use super::board::Board;

/// What an inference is estimated to cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Instructions that the processor executes.
    pub instructions: f64,
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

/// The cost of an inference with so many multiplications with a non-zero input
/// ([`Activity::macs`](crate::activity::Activity::macs)), by what the kernels of the board's
/// processor are designed to stay within. None for a processor without such a figure.
#[must_use]
pub fn estimate(board: &Board, macs: f64) -> Option<Cost> {
    let (each, fixed) = match board.cpu.as_str() {
        "Cortex-M0" => (3.33, 13_000.0),
        "Cortex-M3" | "Cortex-M4F" | "Cortex-M33" => (1.2, 9_000.0),
        "RV32IMC" => (3.0, 22_500.0),
        _ => return None,
    };
    let clock = match board.name.as_str() {
        "lm3s6965evb" => Some(50e6),
        "microbit" => Some(16e6),
        "mps2-an386" => Some(25e6),
        "mps2-an505" => Some(20e6),
        _ => None,
    };
    Some(Cost { instructions: each * macs + fixed, clock })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::board;

    #[test]
    fn every_board_has_an_estimate_that_grows_with_the_work() {
        for board in board::all() {
            let cost = |macs| estimate(&board, macs).unwrap_or_else(|| panic!("{}", board.cpu));
            assert!(cost(50_000.0).instructions > cost(10_000.0).instructions, "{}", board.name);
            assert!(cost(1.0).seconds().is_none_or(|seconds| seconds > 0.0));
        }
    }
}
