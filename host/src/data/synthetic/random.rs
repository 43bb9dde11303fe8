//! Random numbers of the digits, made of additions and products alone, so that they are the same on
//! every machine.

use crate::support::rng::Rng;

pub(super) struct Random(Rng);

impl Random {
    /// `part` and `index` make it independent of all others.
    pub(super) fn new(seed: u64, part: u64, index: u64) -> Self {
        let next = |state: u64, word: u64| {
            Rng::from_state(state).bits() ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        Self(Rng::from_state(next(next(seed, part), index)))
    }

    /// Uniform in `low..high`.
    pub(super) fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.unit()
    }

    /// Bell-shaped around 0 with this standard deviation, and within 3.5 of them: the sum of four
    /// uniform numbers, because a logarithm differs between machines.
    pub(super) fn bell(&mut self, deviation: f32) -> f32 {
        let sum: f32 = (0..4).map(|_| self.uniform(-1.0, 1.0)).sum();
        // Four uniform numbers in ±1 have the variance 4/3.
        sum * deviation * 0.866_025_4
    }

    /// Uniform in `0..bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        (((self.0.bits() >> 32) * u64::from(bound)) >> 32) as u32
    }
}
