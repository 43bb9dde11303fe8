//! Random numbers that are the same on every machine: no global state, no library whose streams
//! may change with its version, and only additions and products.

/// SplitMix64 (Steele, Lea and Flood, 2014): one 64-bit counter, mixed on output.
pub(super) struct Random(u64);

impl Random {
    /// The stream for one image: `part` and `index` make it independent of all others.
    pub(super) fn new(seed: u64, part: u64, index: u64) -> Self {
        let mut random = Self(seed);
        for word in [part, index] {
            random.0 = random.next() ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in `low..high`; 24 bits, which an `f32` holds exactly.
    pub(super) fn uniform(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.next() >> 40) as f32 / (1u32 << 24) as f32;
        low + (high - low) * unit
    }

    /// Bell-shaped around 0 with this standard deviation and nothing beyond 3.5 of them: the sum of
    /// four uniform numbers, since a logarithm differs between machines.
    pub(super) fn bell(&mut self, deviation: f32) -> f32 {
        let sum: f32 = (0..4).map(|_| self.uniform(-1.0, 1.0)).sum();
        // Four uniform numbers in ±1 have the variance 4/3.
        sum * deviation * 0.866_025_4
    }

    /// Uniform in `0..bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }
}
