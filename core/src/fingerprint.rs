//! Whether words in memory are still what they were.

/// A sum of words that is another one if any single word differs: each step can be undone.
pub(crate) struct Fingerprint(u32);

impl Fingerprint {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    // Not inlined, for the flash of small boards: it is called for each field of a model.
    #[inline(never)]
    pub(crate) const fn add(&mut self, word: u32) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9E37_79B1).rotate_left(15);
    }

    /// Adds where a slice lies and how long it is, not what it holds.
    pub(crate) fn place<T>(&mut self, slice: &[T]) {
        self.bounds(slice.as_ptr().addr(), slice.len());
    }

    #[inline(never)]
    fn bounds(&mut self, start: usize, length: usize) {
        for word in [start as u64, length as u64] {
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
