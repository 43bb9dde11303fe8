//! How often values occur, and their quantiles.

/// Counts of the values below `N`. What is greater counts as the greatest.
#[derive(Clone, Copy)]
pub(super) struct Counts<const N: usize>([u32; N]);

impl<const N: usize> Counts<N> {
    pub(super) fn of<T: Into<usize>>(values: impl Iterator<Item = T>) -> Self {
        let mut counts = Self([0; N]);
        values.for_each(|value| counts.add(value.into()));
        counts
    }

    pub(super) fn add(&mut self, value: usize) {
        let place = value.min(N.saturating_sub(1));
        self.0.get_mut(place).into_iter().for_each(|count| *count += 1);
    }

    /// Each value with its count.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        (0..N).zip(self.0.iter().map(|&count| u64::from(count)))
    }

    pub(super) fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }

    /// The value that `part` of `whole` of the values are below, or the greatest.
    pub(super) fn quantile(&self, part: u64, whole: u64) -> usize {
        let mut left = self.total() * part / whole.max(1);
        for (value, count) in self.iter() {
            if count > left {
                return value;
            }
            left -= count;
        }
        N.saturating_sub(1)
    }
}
