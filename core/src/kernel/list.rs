//! The list of a layer's non-zero inputs: written in order, once, and read for every block.

use core::cell::Cell;
use core::slice;

use super::entry::Entry;
use crate::WeightBits;

/// A list that is being written. Inputs are given in order; zeros are counted and left out.
pub struct List<'c, E: Entry> {
    places: slice::Iter<'c, E::Place>,
    room: usize,
    row: u32,
    end: u32,
    total: u32,
}

/// What is known of a list when all inputs have been given.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Entries.
    length: usize,
    /// Bytes of a block's codes that the inputs given so far cover: no entry's row ends behind it.
    end: u32,
    /// The sum of all values.
    total: u32,
}

impl<'c, E: Entry> List<'c, E> {
    /// An empty list for a layer of such weights, in words that are enough for it.
    #[inline(always)]
    pub(crate) fn new(words: &'c [Cell<i32>], bits: WeightBits) -> Self {
        let places = E::places(words).iter();
        Self { room: places.len(), places, row: bits.row_bytes() as u32, end: 0, total: 0 }
    }

    /// The next input.
    #[inline(always)]
    pub(crate) fn next(&mut self, value: u8) {
        if value != 0
            && let Some(place) = self.places.next()
        {
            E::write(place, self.end, value);
            self.total += u32::from(value);
        }
        self.end += self.row;
    }

    /// So many inputs that are zero.
    #[inline(always)]
    pub(crate) fn skip(&mut self, inputs: u32) {
        self.end += self.row * inputs;
    }

    /// Where entries can be written, and the offset and the length of a row that the first of them
    /// has.
    #[cfg(any(
        inkbit_kernel = "thumbv6m",
        inkbit_kernel = "thumbv7m",
        inkbit_kernel = "x86_64",
        inkbit_kernel = "aarch64"
    ))]
    #[inline(always)]
    pub(super) fn room(&self) -> (&'c [E::Place], u32, u32) {
        (self.places.as_slice(), self.end, self.row)
    }

    /// So many inputs that have been written, of which some were not zero and have this sum.
    #[cfg(any(
        inkbit_kernel = "thumbv6m",
        inkbit_kernel = "thumbv7m",
        inkbit_kernel = "x86_64",
        inkbit_kernel = "aarch64"
    ))]
    #[inline(always)]
    pub(super) fn wrote(&mut self, inputs: usize, entries: usize, total: u32) {
        self.places = self.places.as_slice().get(entries..).unwrap_or_default().iter();
        self.end += self.row * inputs as u32;
        self.total += total;
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> Written {
        let Self { places, room, end, total, .. } = self;
        Written { length: room - places.len(), end, total }
    }
}

/// The non-zero inputs of a layer, in order.
#[derive(Clone, Copy, Debug)]
pub struct Active<'c, E: Entry> {
    cells: &'c [E::Cell],
    #[cfg_attr(any(inkbit_kernel = "portable", inkbit_kernel = "x86_64"), allow(dead_code))]
    end: usize,
    total: u32,
    row: usize,
}

impl<'c, E: Entry> Active<'c, E> {
    /// What has been written to the front of `words`, for a layer of such weights.
    #[inline(always)]
    pub(crate) fn new(words: &'c [i32], written: Written, bits: WeightBits) -> Self {
        let Written { length, end, total } = written;
        let cells = E::cells(words).get(..length).unwrap_or_default();
        Self { cells, end: end as usize, total, row: bits.row_bytes() }
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
    #[cfg_attr(any(inkbit_kernel = "portable", inkbit_kernel = "x86_64"), allow(dead_code))]
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// The sum of all values, at most 4096 · 255.
    #[inline(always)]
    pub(crate) const fn total(&self) -> u32 {
        self.total
    }
}
