//! The list of a layer's non-zero inputs: written once, in order, and read for every block of
//! outputs.
//!
//! An entry is one word: in its lower half the byte offset of the input's row in each block of
//! weights, in the byte above it the value. Offsets stay below 4096 · 8.

use core::cell::Cell;
use core::slice;

use crate::shape::WeightBits;

/// Packs an entry: the row's byte offset in a block, below 2¹⁶, and the input's value.
#[inline(always)]
pub const fn pack_entry(offset: u32, value: u8) -> i32 {
    (offset | (value as u32) << 16).cast_signed()
}

/// The offset and the value of an entry that [`pack_entry`] made.
#[inline(always)]
pub const fn unpack_entry(entry: i32) -> (usize, u8) {
    (entry as u16 as usize, (entry >> 16) as u8)
}

/// A list that is being written. Every input is given once, in order; zeros are counted and left
/// out.
#[derive(Debug)]
pub struct ListWriter<'c> {
    cells: slice::Iter<'c, Cell<i32>>,
    capacity: usize,
    row: u32,
    end: u32,
    total: u32,
}

/// What is known of a list once all inputs are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Entries.
    length: usize,
    /// Bytes of a block that the inputs cover: no entry's row extends past it.
    end: u32,
    /// The sum of all values.
    total: u32,
}

impl<'c> ListWriter<'c> {
    /// An empty list for a layer with such weights, in cells that are enough for it.
    #[inline(always)]
    pub(crate) fn new(cells: &'c [Cell<i32>], bits: WeightBits) -> Self {
        let row = bits.row_bytes() as u32;
        Self { capacity: cells.len(), cells: cells.iter(), row, end: 0, total: 0 }
    }

    /// Gives the next input.
    #[inline(always)]
    pub fn push(&mut self, value: u8) {
        if value != 0
            && let Some(cell) = self.cells.next()
        {
            cell.set(pack_entry(self.end, value));
            self.total += u32::from(value);
        }
        self.end += self.row;
    }

    /// Gives the next inputs, one by one.
    #[inline(never)]
    pub fn push_all(&mut self, values: &[u8]) {
        for &value in values {
            self.push(value);
        }
    }

    /// Gives as many zeros.
    #[inline(always)]
    pub fn skip(&mut self, inputs: u32) {
        self.end += self.row * inputs;
    }

    /// The cells for the next entries, the next input's offset, and the difference between the
    /// offsets of neighbouring inputs.
    #[inline(always)]
    pub fn free(&self) -> (&'c [Cell<i32>], u32, u32) {
        (self.cells.as_slice(), self.end, self.row)
    }

    /// Gives `inputs` inputs, `entries` of them not zero, whose values add up to `total`.
    ///
    /// # Safety
    ///
    /// The first `entries` of the [`free`](Self::free) cells, which are no fewer, hold the entries
    /// of these inputs, in order, as [`pack_entry`] makes them.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub unsafe fn advance(&mut self, inputs: usize, entries: usize, total: u32) {
        // SAFETY: there are as many free cells.
        self.cells = unsafe { self.cells.as_slice().get_unchecked(entries..) }.iter();
        self.end += self.row * inputs as u32;
        self.total += total;
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> Written {
        let Self { cells, capacity, end, total, .. } = self;
        Written { length: capacity - cells.len(), end, total }
    }
}

/// The non-zero inputs of a layer, in order, as a kernel reads them.
///
/// Only the engine makes one, and shows it to kernels alone: an observer gets [`Active`].
#[derive(Clone, Copy, Debug)]
pub struct List<'c> {
    entries: &'c [i32],
    end: usize,
    total: u32,
    bits: WeightBits,
}

impl<'c> List<'c> {
    /// What was written to the front of `cells`, for a layer with such weights.
    #[inline(always)]
    pub(crate) fn new(cells: &'c [i32], written: Written, bits: WeightBits) -> Self {
        let Written { length, end, total } = written;
        let entries = cells.get(..length).unwrap_or_default();
        Self { entries, end: end as usize, total, bits }
    }

    /// The list with these [entries](Self::entries), [end](Self::end) and [total](Self::total).
    #[cfg(inkbit_kernel = "thumbv6m")]
    #[inline(always)]
    pub(super) const fn of_parts(
        entries: &'c [i32],
        end: usize,
        total: u32,
        bits: WeightBits,
    ) -> Self {
        Self { entries, end, total, bits }
    }

    /// The entries, to be read with [`unpack_entry`].
    #[inline(always)]
    pub const fn entries(&self) -> &'c [i32] {
        self.entries
    }

    /// Width of the weights of the layer that the list is for: it decides the offsets.
    #[inline(always)]
    pub const fn bits(&self) -> WeightBits {
        self.bits
    }

    /// Minimum length of a block in bytes: no entry's row extends past it.
    #[inline(always)]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// The sum of all values, at most 4096 · 255.
    #[inline(always)]
    pub const fn total(&self) -> u32 {
        self.total
    }
}

/// The non-zero activations of a layer, in order.
#[derive(Clone, Copy, Debug)]
pub struct Active<'c>(pub(crate) List<'c>);

impl<'c> Active<'c> {
    /// Unit and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u8)> + 'c {
        let row = self.0.bits.row_bytes();
        self.0.entries.iter().map(move |&entry| {
            let (offset, value) = unpack_entry(entry);
            (offset / row, value)
        })
    }
}
