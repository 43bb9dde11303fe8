//! Built-in digits to look at without drawing: written by the project's own generator, see
//! `firmware/README.md`.

use inkbit_core::link::unpack_pixels;

use crate::canvas::Canvas;

/// For each digit its class, the length of its pixels as a little-endian 16-bit number, and its
/// pixels, packed as on the line.
static PACKED: &[u8] = include_bytes!("samples.bin");

/// A digit of which the truth is known.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The digit that it is.
    pub digit: u8,
    packed: &'static [u8],
}

impl Sample {
    /// Draws it on a canvas.
    pub fn unpack(&self, canvas: &mut Canvas) {
        unpack_pixels(self.packed, canvas.pixels_mut());
    }
}

/// The built-in digits, in order.
pub fn samples() -> impl Iterator<Item = Sample> {
    let mut rest = PACKED;
    core::iter::from_fn(move || {
        let (&[digit, low, high], after) = rest.split_first_chunk()?;
        let (packed, after) = after.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
        rest = after;
        Some(Sample { digit, packed })
    })
}
