//! The XPT2046, which measures where a resistive panel is pressed, over SPI.

use embedded_hal::digital::InputPin;
use embedded_hal::spi::SpiDevice;

use crate::touch::TouchPanel;

/// Requests for 12 bits, each measured between the panel's own wires: column and row by the data
/// sheet, of a panel that is mounted along the display's long side, and the pressure's first part. The
/// controller sleeps between conversions, in which state it tells of a finger by its pin.
const COLUMN: u8 = 0x90;
const ROW: u8 = 0xD0;
const PRESSURE: u8 = 0xB0;

/// Conversions of a look, and the bytes of one: request, and 12 bits behind a clock.
const REQUESTS: [u8; 7] = [COLUMN, ROW, COLUMN, ROW, COLUMN, ROW, PRESSURE];
const BYTES: usize = 3;

/// The first part of the pressure of a finger that is felt; less comes from one that is about to leave.
const LIGHTEST: i32 = 100;

/// What the controller measures at the display's edges.
#[derive(Clone, Copy, Debug)]
pub struct Edges {
    /// At the left and at the right.
    pub columns: (i32, i32),
    /// At the top and at the bottom.
    pub rows: (i32, i32),
    /// Columns and rows of the display.
    pub size: (i32, i32),
}

/// The controller, and the pin that it pulls low while a finger is there.
#[derive(Debug)]
pub struct Xpt2046<S, P> {
    spi: S,
    pin: P,
    edges: Edges,
}

impl<S: SpiDevice, P: InputPin> Xpt2046<S, P> {
    /// A controller on this bus, which runs at 2 MHz or less.
    pub const fn new(spi: S, pin: P, edges: Edges) -> Self {
        Self { spi, pin, edges }
    }

    fn measure(&mut self) -> Option<[i32; REQUESTS.len()]> {
        let mut bytes = [0; BYTES * REQUESTS.len()];
        for (place, request) in bytes.iter_mut().step_by(BYTES).zip(REQUESTS) {
            *place = request;
        }
        self.spi.transfer_in_place(&mut bytes).ok()?;
        let (answers, _) = bytes.as_chunks::<BYTES>();
        let mut found = [0; REQUESTS.len()];
        for (value, &[_, high, low]) in found.iter_mut().zip(answers) {
            *value = i32::from(u16::from_be_bytes([high, low]) >> 3 & 0xFFF);
        }
        Some(found)
    }
}

impl<S: SpiDevice, P: InputPin> TouchPanel for Xpt2046<S, P> {
    fn finger(&mut self) -> Option<(i32, i32)> {
        // Where no controller is wired, the pin is pulled up.
        if !self.pin.is_low().unwrap_or(false) {
            return None;
        }
        let [x, y, x2, y2, x3, y3, pressure] = self.measure()?;
        let Edges { columns, rows, size: (width, height) } = self.edges;
        let at = (place(middle(x, x2, x3), columns, width), place(middle(y, y2, y3), rows, height));
        (pressure >= LIGHTEST).then_some(at)
    }
}

/// Converts a measured position to a pixel. `first` and `last` are measured at the edges of `pixels`
/// pixels.
fn place(measured: i32, (first, last): (i32, i32), pixels: i32) -> i32 {
    ((measured - first) * pixels / (last - first)).clamp(0, pixels - 1)
}

/// The one in the middle of three, so that one wrong one does no harm.
fn middle(a: i32, b: i32, c: i32) -> i32 {
    a.min(b).max(a.max(b).min(c))
}
