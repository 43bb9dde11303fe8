//! The SSD1306 and the SH1106: OLEDs of 128 × 64 pixels that are lit or dark, over I²C. Both take
//! the same commands as long as memory is written page by page, so that one driver serves both.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::i2c::I2c;

use crate::layout::Small;
use crate::panel::Panel;
use crate::ssd0323::NotSent;

const WIDTH: usize = 128;
/// A page is eight rows, of which a byte holds one column, the uppermost pixel in its lowest bit.
const PAGES: usize = 8;
/// What is sent at once: this many columns of a page, if any of them has changed.
const TILE: usize = 8;
const TILES: usize = WIDTH / TILE;

/// The addresses that modules come with.
const ADDRESSES: [u8; 2] = [0x3C, 0x3D];

/// First byte of a message with commands, and of one with a picture.
const COMMANDS: u8 = 0x00;
const PICTURE: u8 = 0x40;

/// Start-up of both controllers on the usual module, by their data sheets.
const START: &[u8] = &[
    COMMANDS, 0xAE, // display off
    0xD5, 0x80, // clock
    0xA8, 63, // last of the 64 rows
    0xD3, 0,    // first row of the panel
    0x40, // first row of memory
    0xA1, 0xC8, // the glass is mounted upside down
    0xDA, 0x12, // every second row comes from the other side
    0x81, 0x8F, // contrast
    0xD9, 0xF1, // precharge
    0xDB, 0x40, // voltage of dark pixels
    0xA4, // pixels as in memory
    0xA6, // ones are light
];
/// What the SSD1306 is told beside: memory by pages, charge pump on, display on.
const SSD1306: &[u8] = &[COMMANDS, 0x20, 2, 0x8D, 0x14, 0xAF];
/// The same for the SH1106, which has its pump elsewhere and no other order of memory.
const SH1106: &[u8] = &[COMMANDS, 0xAD, 0x8B, 0xAF];

/// The SH1106's memory is 132 columns wide; the panel shows those in the middle.
const SH1106_LEFT: u8 = 2;

/// A picture in memory: pages of columns.
pub type Pages = [[u8; WIDTH]; PAGES];

/// A display and its picture in memory.
#[derive(Debug)]
pub struct Oled<'b, I> {
    bus: I,
    /// The display's address and its memory's first column, once it has answered.
    found: Option<(u8, u8)>,
    buffer: &'b mut Pages,
    /// A bit for each tile that has changed, and for each page such bits.
    dirty: [u16; PAGES],
}

impl<'b, I: I2c> Oled<'b, I> {
    /// A display on this bus, at whatever address it has. `buffer` is the picture.
    pub const fn new(bus: I, buffer: &'b mut Pages) -> Self {
        Self { bus, found: None, buffer, dirty: [u16::MAX; PAGES] }
    }

    /// A panel of such a display.
    pub const fn panel(bus: I, buffer: &'b mut Pages) -> Panel<Small, Self, impl FnMut(&mut Self)> {
        // A display that is not there must not keep the line from answering.
        Panel::new(Self::new(bus, buffer), |display| {
            let _ = display.flush();
        })
    }

    /// Sends what has changed. A display that has not answered so far is looked for, and switched on.
    ///
    /// # Errors
    ///
    /// If no display answers, or if it stops to; the next time it is looked for.
    pub fn flush(&mut self) -> Result<(), NotSent> {
        let sent = self.send();
        if sent.is_err() {
            self.found = None;
        }
        sent
    }

    fn send(&mut self) -> Result<(), NotSent> {
        let (address, left) = match self.found {
            Some(found) => found,
            None => self.start()?,
        };
        for (number, (page, dirty)) in self.buffer.iter().zip(&mut self.dirty).enumerate() {
            while *dirty != 0 {
                // The first run of tiles that have changed.
                let first = dirty.trailing_zeros() as usize;
                let count = (*dirty >> first).trailing_ones() as usize;
                let columns = page.get(first * TILE..(first + count) * TILE).unwrap_or_default();
                let column = (first * TILE) as u8 + left;
                let place = [COMMANDS, 0xB0 | number as u8, column & 15, 0x10 | column >> 4];
                self.bus.write(address, &place).map_err(|_| NotSent)?;
                let mut message = [PICTURE; 1 + WIDTH];
                for (to, from) in message.iter_mut().skip(1).zip(columns) {
                    *to = *from;
                }
                let message = message.get(..=columns.len()).unwrap_or_default();
                self.bus.write(address, message).map_err(|_| NotSent)?;
                *dirty &= !(((1 << count) - 1) << first) as u16;
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(u8, u8), NotSent> {
        let answers = |address: &u8| self.bus.write(*address, START).is_ok();
        let address = ADDRESSES.into_iter().find(answers).ok_or(NotSent)?;
        // The controllers tell which one they are in the lower half of their status. What cannot be
        // read is an SSD1306: some modules have no line for it.
        let mut status = [0];
        let is_sh1106 = self.bus.read(address, &mut status).is_ok() && status[0] & 0x0F == 8;
        let (rest, left) = if is_sh1106 { (SH1106, SH1106_LEFT) } else { (SSD1306, 0) };
        self.bus.write(address, rest).map_err(|_| NotSent)?;
        self.dirty = [u16::MAX; PAGES];
        Ok(*self.found.insert((address, left)))
    }
}

impl<I> Oled<'_, I> {
    fn set(&mut self, at: Point, colour: BinaryColor) {
        let (Ok(x), Ok(y)) = (usize::try_from(at.x), usize::try_from(at.y)) else { return };
        let Some(page) = self.buffer.get_mut(y / 8) else { return };
        let (Some(byte), Some(dirty)) = (page.get_mut(x), self.dirty.get_mut(y / 8)) else {
            return;
        };
        let bit = 1 << (y % 8);
        let new = if colour.is_on() { *byte | bit } else { *byte & !bit };
        if core::mem::replace(byte, new) != new {
            *dirty |= 1 << (x / TILE % TILES);
        }
    }
}

impl<I> DrawTarget for Oled<'_, I> {
    type Color = BinaryColor;
    type Error = NotSent;

    /// Draws into memory; [`flush`](Oled::flush) sends it.
    fn draw_iter<P: IntoIterator<Item = Pixel<BinaryColor>>>(
        &mut self,
        pixels: P,
    ) -> Result<(), NotSent> {
        for Pixel(at, colour) in pixels {
            self.set(at, colour);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: BinaryColor) -> Result<(), NotSent> {
        area.points().for_each(|at| self.set(at, colour));
        Ok(())
    }
}

impl<I> OriginDimensions for Oled<'_, I> {
    fn size(&self) -> Size {
        Size::new(WIDTH as u32, PAGES as u32 * 8)
    }
}
