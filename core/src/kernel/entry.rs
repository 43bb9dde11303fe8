//! How a non-zero input lies in working memory: the trade of memory for instructions.

use core::cell::Cell;
use core::fmt::Debug;

use super::Native;
use crate::Model;
use crate::infer::run;

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
pub trait Entry: sealed::Sealed + Copy + Debug + 'static {
    /// Its memory, in words. They are signed because sums and logits lie there too, in their time.
    #[doc(hidden)]
    type Cell: Copy + Debug;
    /// Its memory while others read what lies behind it.
    #[doc(hidden)]
    type Place;
    #[doc(hidden)]
    const EMPTY: Self::Cell;
    #[doc(hidden)]
    const KIND: Kind;
    #[doc(hidden)]
    const WORDS: usize;

    #[doc(hidden)]
    fn words(cells: &mut [Self::Cell]) -> &mut [i32];
    #[doc(hidden)]
    fn cells(words: &[i32]) -> &[Self::Cell];
    #[doc(hidden)]
    fn places(words: &[Cell<i32>]) -> &[Self::Place];

    /// The memory of places in words.
    #[cfg(inkbit_kernel = "x86_64")]
    #[doc(hidden)]
    fn place_words(places: &[Self::Place]) -> &[Cell<i32>];

    #[doc(hidden)]
    fn write(place: &Self::Place, offset: u32, value: u8);
    /// Offset and value.
    #[doc(hidden)]
    fn read(cell: Self::Cell) -> (usize, u8);

    /// The logits. Not generic, so that it is compiled with this crate, as its profile says.
    #[doc(hidden)]
    fn infer<'c>(model: &Model<'_>, cells: &'c mut [Self::Cell], pixels: &[u8]) -> &'c [i32];
}

/// Four bytes an entry: the offset in the low half of a word, the value in the byte above.
#[derive(Clone, Copy, Debug)]
pub enum Packed {}

/// Eight bytes an entry: a word for the offset and a word for the value, which saves an instruction
/// for each at every block of outputs.
#[derive(Clone, Copy, Debug)]
pub enum Wide {}

macro_rules! entry {
    ($kind:ident, $words:literal, $write:expr, $read:expr) => {
        impl Entry for $kind {
            type Cell = [i32; $words];
            type Place = [Cell<i32>; $words];
            const EMPTY: Self::Cell = [0; $words];
            const KIND: Kind = Kind::$kind;
            const WORDS: usize = $words;

            #[inline(always)]
            fn words(cells: &mut [Self::Cell]) -> &mut [i32] {
                cells.as_flattened_mut()
            }

            #[inline(always)]
            fn cells(words: &[i32]) -> &[Self::Cell] {
                words.as_chunks().0
            }

            #[inline(always)]
            fn places(words: &[Cell<i32>]) -> &[Self::Place] {
                words.as_chunks().0
            }

            #[cfg(inkbit_kernel = "x86_64")]
            #[inline(always)]
            fn place_words(places: &[Self::Place]) -> &[Cell<i32>] {
                places.as_flattened()
            }

            #[inline(always)]
            fn write(place: &Self::Place, offset: u32, value: u8) {
                $write(place, offset, value);
            }

            #[inline(always)]
            fn read(cell: Self::Cell) -> (usize, u8) {
                $read(cell)
            }

            #[inline(never)]
            fn infer<'c>(
                model: &Model<'_>,
                cells: &'c mut [Self::Cell],
                pixels: &[u8],
            ) -> &'c [i32] {
                run::<Native, Self>(model, cells, pixels, |_, _| ())
            }
        }
    };
}

entry!(
    Packed,
    1,
    |[word]: &[Cell<i32>; 1], offset: u32, value: u8| {
        word.set((offset | u32::from(value) << 16).cast_signed());
    },
    |[word]: [i32; 1]| (usize::from(word as u16), (word >> 16) as u8)
);

entry!(
    Wide,
    2,
    |[first, second]: &[Cell<i32>; 2], offset: u32, value: u8| {
        first.set(offset.cast_signed());
        second.set(value.into());
    },
    |[offset, value]: [i32; 2]| (offset.cast_unsigned() as usize, value as u8)
);
