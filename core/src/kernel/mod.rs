//! Kernels: the sums of weight codes times inputs, which is where the time goes.
//!
//! [`portable`] is the definition. Every other kernel must give the same bits.

pub mod portable;

/// The sums of one block: [`WeightBits::block`](crate::WeightBits::block) of them, then zeros.
pub type Sums = [u32; crate::MAX_BLOCK];

/// A non-zero input as the kernels read it: its index in the upper bits, its value in the lower
/// eight. Never negative.
pub type Cell = i32;

/// Packs a non-zero input.
#[inline(always)]
#[must_use]
pub const fn cell(index: usize, value: u8) -> Cell {
    ((index as u32) << 8 | value as u32).cast_signed()
}

/// The index and value of a packed input.
#[inline(always)]
#[must_use]
pub const fn unpack(cell: Cell) -> (usize, u8) {
    (cell.cast_unsigned() as usize >> 8, cell as u8)
}
