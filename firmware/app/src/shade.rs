//! Greys of the screen on displays that have fewer, or colours.

use embedded_graphics::pixelcolor::{BinaryColor, Gray4, GrayColor as _, PixelColor, Rgb565};

/// A display's colours, as far as the screen needs them.
pub trait Shade: PixelColor {
    /// The colour for a grey, of which 0 is the background.
    fn of(grey: Gray4) -> Self;
}

impl Shade for Gray4 {
    fn of(grey: Gray4) -> Self {
        grey
    }
}

/// On two levels the frame and the labels, the darkest greys of the screen, must still be seen. The
/// fringe of a stroke, which is darker, would make it too thick.
impl Shade for BinaryColor {
    fn of(grey: Gray4) -> Self {
        const DARKEST: u8 = 5;
        if grey.luma() >= DARKEST { Self::On } else { Self::Off }
    }
}

impl Shade for Rgb565 {
    fn of(grey: Gray4) -> Self {
        let luma = grey.luma();
        let (odd, even) = (luma << 1 | luma >> 3, luma << 2 | luma >> 2);
        Self::new(odd, even, odd)
    }
}
