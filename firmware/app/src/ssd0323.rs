//! The Solomon Systech SSD0323: 128 × 64 OLEDs of 16 greys, over SPI and a data/command pin.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::SpiBus;

const WIDTH: usize = 128;
const HEIGHT: usize = 64;
/// The left pixel of two is in the upper half.
const ROW_BYTES: usize = WIDTH / 2;

/// Start-up of OSRAM's 128 × 64 Pictiva panel, which uses 64 of the controller's 80 rows. The
/// panel's application note (AN018) gives the electrical values.
const START: &[u8] = &[
    0xAE, // display off
    0x81, 50,   // contrast
    0x85, // half of the current range
    0xA0,
    0x52, // rows split and reversed, left pixel in the upper nibble, columns as they come
    0xA1, 0, // first row of memory
    0xA2, 0x4C, // first row of the panel
    0xA4, // pixels as in memory
    0xA8, 63, // last of the 64 rows
    0xB1, 0x22, // phase lengths
    0xB2, 70, // row period
    0xB3, 0xF1, // clock divider and frequency
    0xBF, 0x0D, // segment low voltage
    0xBE, 0x02, // common high voltage
    0xBC, 0x10, // precharge voltage
    0xB8, 0x01, 0x11, 0x22, 0x32, 0x43, 0x54, 0x65, 0x76, // grey levels
    0xAD, 0x03, // DC-DC converter on
    0xAF, // display on
];

/// A picture in memory: two pixels a byte, row by row.
pub type FrameBuffer = [[u8; ROW_BYTES]; HEIGHT];

/// A display and its picture in memory.
#[derive(Debug)]
pub struct Ssd0323<'b, S, P> {
    spi: S,
    data: P,
    buffer: &'b mut FrameBuffer,
    dirty: Option<Span>,
}

/// Rows and bytes of rows, both ends included.
#[derive(Clone, Copy, Debug)]
struct Span {
    rows: (u8, u8),
    columns: (u8, u8),
}

/// The display has not taken what was sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSent;

impl<'b, S: SpiBus, P: OutputPin> Ssd0323<'b, S, P> {
    /// A display on a bus of its own (chip select is the board's business); `data` is its D/C pin.
    /// `buffer` is the picture; all of it is sent with the first flush.
    pub const fn new(spi: S, data: P, buffer: &'b mut FrameBuffer) -> Self {
        let dirty = Some(Span { rows: (0, HEIGHT as u8 - 1), columns: (0, ROW_BYTES as u8 - 1) });
        Self { spi, data, buffer, dirty }
    }

    /// Switches the display on, and clears it.
    ///
    /// # Errors
    ///
    /// If the bus or the pin fails.
    pub fn start(&mut self) -> Result<(), NotSent> {
        self.command(START)?;
        self.flush()
    }

    /// Sends what has changed.
    ///
    /// # Errors
    ///
    /// If the bus or the pin fails.
    pub fn flush(&mut self) -> Result<(), NotSent> {
        let Some(Span { rows: (top, bottom), columns: (left, right) }) = self.dirty.take() else {
            return Ok(());
        };
        self.command(&[0x15, left, right, 0x75, top, bottom])?;
        self.data.set_high().map_err(|_| NotSent)?;
        let height = usize::from(bottom - top) + 1;
        for row in self.buffer.iter().skip(usize::from(top)).take(height) {
            let bytes = row.get(usize::from(left)..=usize::from(right)).unwrap_or_default();
            self.spi.write(bytes).map_err(|_| NotSent)?;
        }
        self.spi.flush().map_err(|_| NotSent)
    }

    fn command(&mut self, bytes: &[u8]) -> Result<(), NotSent> {
        self.data.set_low().map_err(|_| NotSent)?;
        self.spi.write(bytes).map_err(|_| NotSent)?;
        // The pin must not change before the last bit is out.
        self.spi.flush().map_err(|_| NotSent)
    }

    fn set(&mut self, at: Point, grey: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y)) else { return };
        let (row, column) = (y as u8, (x / 2) as u8);
        let Some(byte) = self.buffer.get_mut(y).and_then(|row| row.get_mut(x / 2)) else { return };
        let new = if x % 2 == 0 { *byte & 0x0F | grey << 4 } else { *byte & 0xF0 | grey };
        if core::mem::replace(byte, new) != new {
            let Span { rows, columns } =
                self.dirty.unwrap_or(Span { rows: (row, row), columns: (column, column) });
            self.dirty = Some(Span {
                rows: (rows.0.min(row), rows.1.max(row)),
                columns: (columns.0.min(column), columns.1.max(column)),
            });
        }
    }
}

impl<S: SpiBus, P: OutputPin> DrawTarget for Ssd0323<'_, S, P> {
    type Color = Gray4;
    type Error = NotSent;

    /// Draws into memory; [`flush`](Ssd0323::flush) sends it.
    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), NotSent> {
        for Pixel(at, grey) in pixels {
            self.set(at, grey.luma());
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, grey: Gray4) -> Result<(), NotSent> {
        let end = area.top_left + area.size;
        for y in area.top_left.y..end.y {
            for x in area.top_left.x..end.x {
                self.set(Point::new(x, y), grey.luma());
            }
        }
        Ok(())
    }
}

impl<S, P> OriginDimensions for Ssd0323<'_, S, P> {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, HEIGHT as u32)
    }
}
