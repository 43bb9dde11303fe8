//! A display of greys in memory.

use core::convert::Infallible;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use inkbit_app::{Layout, Touch};

const COLUMNS: usize = Touch::SIZE.width as usize;
const ROWS: usize = Touch::SIZE.height as usize;

/// A byte for each pixel, from 0, black, to 15, row by row.
pub(crate) struct Glass([[u8; COLUMNS]; ROWS]);

impl Glass {
    pub(crate) const BLACK: Self = Self([[0; COLUMNS]; ROWS]);
}

impl OriginDimensions for Glass {
    fn size(&self) -> Size {
        Touch::SIZE
    }
}

impl DrawTarget for Glass {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            let row = usize::try_from(at.y).ok().and_then(|y| self.0.get_mut(y));
            let column = usize::try_from(at.x).ok();
            if let Some(pixel) = row.zip(column).and_then(|(row, x)| row.get_mut(x)) {
                *pixel = colour.luma();
            }
        }
        Ok(())
    }
}
