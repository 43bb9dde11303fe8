//! Random numbers that are the same on every machine and in every version.

/// SplitMix64 (Steele, Lea and Flood, 2014): a counter and a hash of it, so any number of independent streams costs nothing.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream that belongs to a seed and a place in the program, such as epoch and batch.
    ///
    /// ```
    /// use inkbit::support::rng::Rng;
    /// let (mut one, mut same) = (Rng::new(7, &[1, 2]), Rng::new(7, &[1, 2]));
    /// assert_eq!(one.bits(), same.bits());
    /// assert_ne!(one.bits(), Rng::new(7, &[1, 3]).bits());
    /// assert!(one.below(10) < 10 && (0.0..1.0).contains(&one.unit()));
    /// ```
    pub fn new(seed: u64, place: &[u64]) -> Self {
        let mut rng = Self(seed);
        for &part in place {
            rng.0 = rng.bits() ^ part;
        }
        Self(rng.bits())
    }

    /// The stream that goes on from this state.
    pub(crate) const fn from_state(state: u64) -> Self {
        Self(state)
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but without, 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// A number of mean 0 and variance 1: the sum of four even ones, which is nearly normal and never
    /// beyond 3.5.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum: u32 = (0..4).map(|part| (bits >> (16 * part)) as u32 & 0xffff).sum();
        // Four even numbers from 0 to 65535 have a variance of 4 · 65536² / 12.
        (sum as f32 - 131_070.0) * (1.732_050_8 / 65536.0)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // The bias of the multiplication is limit / 2^64.
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// Puts the elements in random order.
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_pinned_and_differ_by_place() {
        assert_eq!(Rng(0).bits(), 0xe220_a839_7b1d_cdaf);
        assert_ne!(Rng::new(1, &[1, 2]).bits(), Rng::new(1, &[2, 1]).bits());
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut rng = Rng::new(1, &[]);
        let numbers: Vec<f32> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = numbers.iter().sum::<f32>() / 1e5;
        let variance = numbers.iter().map(|n| n * n).sum::<f32>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn a_shuffle_keeps_every_element() {
        let mut elements: Vec<_> = (0..100).collect();
        Rng::new(7, &[]).shuffle(&mut elements);
        assert_ne!(elements, (0..100).collect::<Vec<_>>());
        elements.sort_unstable();
        assert_eq!(elements, (0..100).collect::<Vec<_>>());
    }
}
