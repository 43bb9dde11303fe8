//! How a non-zero input lies in working memory: the trade of memory for instructions.

use core::fmt::Debug;

/// The two kinds of entry, for code that is written once for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Kind {
    /// [`Packed`].
    Packed,
    /// [`Wide`].
    Wide,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Packed {}
    impl Sealed for super::Wide {}
}

/// How a non-zero input lies in working memory: [`Packed`] or [`Wide`].
///
/// An entry is an offset and a value: where the codes of the input begin in every block of the layer
/// that reads it, in bytes from the block's first, and what they are multiplied by. Offsets are below
/// 4096 · 8.
pub trait Entry: sealed::Sealed + Copy + Debug {
    /// Its memory. Words are signed because logits take the place of entries.
    #[doc(hidden)]
    type Cell: Copy + Debug;
    #[doc(hidden)]
    const EMPTY: Self::Cell;
    #[doc(hidden)]
    const KIND: Kind;

    #[doc(hidden)]
    fn cell(offset: u32, value: u8) -> Self::Cell;

    /// Offset and value.
    #[doc(hidden)]
    fn read(cell: Self::Cell) -> (usize, u8);

    #[doc(hidden)]
    fn words(cells: &mut [Self::Cell]) -> &mut [i32];
}

/// Four bytes an entry: the offset in the low half of a word, the value in the byte above.
#[derive(Clone, Copy, Debug)]
pub enum Packed {}

/// Eight bytes an entry: a word for the offset and a word for the value, which saves an instruction
/// for each at every block of outputs.
#[derive(Clone, Copy, Debug)]
pub enum Wide {}

impl Entry for Packed {
    type Cell = [i32; 1];
    const EMPTY: [i32; 1] = [0];
    const KIND: Kind = Kind::Packed;

    #[inline(always)]
    fn cell(offset: u32, value: u8) -> [i32; 1] {
        [(u32::from(offset as u16) | u32::from(value) << 16).cast_signed()]
    }

    #[inline(always)]
    fn read([word]: [i32; 1]) -> (usize, u8) {
        (usize::from(word as u16), (word >> 16) as u8)
    }

    #[inline(always)]
    fn words(cells: &mut [[i32; 1]]) -> &mut [i32] {
        cells.as_flattened_mut()
    }
}

impl Entry for Wide {
    type Cell = [i32; 2];
    const EMPTY: [i32; 2] = [0; 2];
    const KIND: Kind = Kind::Wide;

    #[inline(always)]
    fn cell(offset: u32, value: u8) -> [i32; 2] {
        [offset.cast_signed(), value.into()]
    }

    #[inline(always)]
    fn read([offset, value]: [i32; 2]) -> (usize, u8) {
        (offset.cast_unsigned() as usize, value as u8)
    }

    #[inline(always)]
    fn words(cells: &mut [[i32; 2]]) -> &mut [i32] {
        cells.as_flattened_mut()
    }
}
