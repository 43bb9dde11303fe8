//! The list of a layer's non-zero inputs: written in order, once, and read for every block.

use core::marker::PhantomData;

use super::entry::Entry;
use crate::WeightBits;

/// A list that is being written. Inputs are given in order; zeros are counted and left out.
pub struct List<'c, E: Entry> {
    cells: &'c mut [E::Cell],
    row: u32,
    written: Written,
}

/// What is known of a list when all inputs have been given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// Entries.
    length: usize,
    /// Bytes of a block's codes that the inputs given so far cover: no entry's row ends behind it.
    end: u32,
    /// The sum of all values.
    total: u32,
}

impl<'c, E: Entry> List<'c, E> {
    /// An empty list for a layer of such weights, in cells that are enough for it.
    #[inline(always)]
    pub(crate) fn new(cells: &'c mut [E::Cell], bits: WeightBits) -> Self {
        Self { cells, row: bits.row_bytes() as u32, written: Written::default() }
    }

    /// The next input.
    #[inline(always)]
    pub(crate) fn next(&mut self, value: u8) {
        let Written { length, end, total } = &mut self.written;
        if value != 0
            && let Some(place) = self.cells.get_mut(*length)
        {
            *place = E::cell(*end, value);
            *length += 1;
            *total += u32::from(value);
        }
        *end += self.row;
    }

    /// So many inputs that are zero.
    #[inline(always)]
    pub(crate) fn skip(&mut self, inputs: u32) {
        self.written.end += self.row * inputs;
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> Written {
        self.written
    }
}

/// The non-zero inputs of a layer, in order.
#[derive(Clone, Copy, Debug)]
pub struct Active<'c, E: Entry> {
    cells: &'c [E::Cell],
    #[cfg_attr(inkbit_kernel = "portable", allow(dead_code))]
    end: usize,
    total: u32,
    row: usize,
    kind: PhantomData<E>,
}

impl<'c, E: Entry> Active<'c, E> {
    /// What has been written to the front of `cells`, for a layer of such weights.
    #[inline(always)]
    pub(crate) fn new(cells: &'c [E::Cell], written: Written, bits: WeightBits) -> Self {
        let Written { length, end, total } = written;
        let cells = cells.get(..length).unwrap_or_default();
        Self { cells, end: end as usize, total, row: bits.row_bytes(), kind: PhantomData }
    }

    /// Index and value of each input.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u8)> + 'c {
        let row = self.row;
        self.cells.iter().map(move |&cell| {
            let (offset, value) = E::read(cell);
            (offset / row, value)
        })
    }

    /// The entries.
    #[inline(always)]
    pub(crate) const fn cells(&self) -> &'c [E::Cell] {
        self.cells
    }

    /// A block has to have so many bytes of codes: behind them there is no entry's row.
    #[inline(always)]
    #[cfg_attr(inkbit_kernel = "portable", allow(dead_code))]
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// The sum of all values, at most 4096 · 255.
    #[inline(always)]
    pub(crate) const fn total(&self) -> u32 {
        self.total
    }
}
