//! Whether words in memory are still what they were.

/// A sum of words that is another one if any single word differs: each step can be undone.
pub(crate) struct Fingerprint(u32);

impl Fingerprint {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    pub(crate) const fn add(&mut self, word: u32) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9E37_79B1).rotate_left(15);
    }

    /// Adds where a slice lies and how long it is, not what it holds.
    pub(crate) fn place<T>(&mut self, slice: &[T]) {
        for word in [slice.as_ptr().addr() as u64, slice.len() as u64] {
            self.add(word as u32);
            if size_of::<usize>() > 4 {
                self.add((word >> 32) as u32);
            }
        }
    }

    pub(crate) const fn value(&self) -> u32 {
        self.0
    }
}
