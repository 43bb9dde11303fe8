//! What a board tells the app, and the memory that it lends.

use inkbit_core::{Scratch, kernel};

use crate::canvas::Canvas;

/// How inputs that are not zero lie in working memory.
#[cfg(not(feature = "wide"))]
pub type Entry = kernel::Packed;
/// How inputs that are not zero lie in working memory.
#[cfg(feature = "wide")]
pub type Entry = kernel::Wide;

/// The most pixels of an image that a model may take: 32 × 32.
pub const PIXELS: usize = 1024;

/// What the app has to know about its board.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// The board's name, as in its file.
    pub name: &'static str,
    /// Address of the model region.
    pub model_address: u32,
    /// Its length in bytes.
    pub model_bytes: u32,
    /// Measures the stack: its deepest use so far, and its room, in bytes.
    pub stack: fn() -> (u32, u32),
}

/// What of the app's memory is large. All zero, so that it costs no flash.
#[derive(Debug)]
pub struct Buffers<'m, const CELLS: usize> {
    /// For the model.
    pub scratch: Scratch<'m, CELLS, Entry>,
    /// The paper, and the image that the model sees.
    pub pictures: Pictures,
}

/// The paper, and the image that the model sees.
#[derive(Debug)]
pub struct Pictures {
    pub(crate) canvas: Canvas,
    pub(crate) image: [u8; PIXELS],
}

impl<const CELLS: usize> Buffers<'_, CELLS> {
    /// Memory that is not in use.
    #[must_use]
    pub const fn new() -> Self {
        let pictures = Pictures { canvas: Canvas::new(), image: [0; PIXELS] };
        Self { scratch: Scratch::new(), pictures }
    }
}

impl<const CELLS: usize> Default for Buffers<'_, CELLS> {
    fn default() -> Self {
        Self::new()
    }
}
