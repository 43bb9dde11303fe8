//! A DM163, which drives the columns of 8 × 8 lights in three colours, and the pins of their rows.
#![allow(unsafe_code)]

use inkbit_app::{Glyph, Show, View};
use inkbit_arch::Register;

/// A pin: its port, from 0, and its number there.
#[derive(Clone, Copy)]
struct Pin(usize, u32);

/// The uppermost first.
const ROWS: [Pin; 8] =
    [Pin(1, 2), Pin(0, 15), Pin(0, 2), Pin(0, 7), Pin(0, 6), Pin(0, 5), Pin(1, 0), Pin(0, 3)];
const DATA: Pin = Pin(0, 4);
const CLOCK: Pin = Pin(1, 1);
/// Low: reset.
const RESET: Pin = Pin(2, 3);
/// Falling: what was shifted in is shown.
const LATCH: Pin = Pin(2, 4);
/// High: brightness, 8 bits a colour, is shifted in; low: the correction of each colour, 6 bits.
const BANK: Pin = Pin(2, 5);

const COLUMNS: usize = 8;
const COLOURS: usize = 3;

/// Blue, green and red, as the DM163 has them.
type Colour = [bool; COLOURS];
const DARK: Colour = [false; COLOURS];
const GREEN: Colour = [false, true, false];
const RED: Colour = [false, false, true];

/// Where the 5 × 5 lights of a glyph begin.
const MARGIN: usize = 1;

impl Pin {
    const fn register(self, offset: usize) -> Register {
        // SAFETY: registers of a port; they touch no memory.
        unsafe { Register::at(0x4800_0000 + 0x400 * self.0 + offset) }
    }

    fn output(self) {
        self.write(false);
        self.register(0).clear(0b10 << (2 * self.1));
        self.register(0).set(0b01 << (2 * self.1));
    }

    fn write(self, high: bool) {
        self.register(0x18).write(1 << if high { self.1 } else { self.1 + 16 });
    }
}

/// The lights, one row after the other.
pub(crate) struct Matrix {
    glyph: Glyph,
    row: usize,
    /// Columns of the row that are not shifted in yet.
    left: usize,
}

impl Matrix {
    pub(crate) fn start() -> Self {
        ROWS.into_iter().chain([DATA, CLOCK, RESET, LATCH, BANK]).for_each(Pin::output);
        RESET.write(true);
        LATCH.write(true);
        // All colours as they are.
        (0..COLUMNS * COLOURS).for_each(|_| shift(true, 6));
        latch();
        BANK.write(true);
        Self { glyph: Glyph::DARK, row: 0, left: COLUMNS }
    }
}

impl Show for Matrix {
    /// Shifts in one more light, from the right one of a row to the left one: the board looks at its line
    /// meanwhile.
    fn show(&mut self, view: &View<'_>) {
        if (self.row, self.left) == (0, COLUMNS) {
            self.glyph = Glyph::of(view);
        }
        self.left -= 1;
        let colour = match (self.light(), self.glyph) {
            (false, _) => DARK,
            (true, Glyph::FAILURE) => RED,
            (true, _) => GREEN,
        };
        colour.into_iter().for_each(|part| shift(part, 8));
        if self.left == 0 {
            ROWS.into_iter().for_each(|row| row.write(false));
            latch();
            if let Some(pin) = ROWS.get(self.row) {
                pin.write(true);
            }
            (self.row, self.left) = ((self.row + 1) % ROWS.len(), COLUMNS);
        }
    }
}

impl Matrix {
    /// Whether the light is lit whose turn it is.
    fn light(&self) -> bool {
        match (self.row.wrapping_sub(MARGIN), self.left.wrapping_sub(MARGIN)) {
            (row @ 0..5, column @ 0..5) => self.glyph.has((5 * row + column) as u32),
            _ => false,
        }
    }
}

/// Shifts one bit in, `times` times.
fn shift(bit: bool, times: usize) {
    DATA.write(bit);
    for _ in 0..times {
        CLOCK.write(true);
        CLOCK.write(false);
    }
}

fn latch() {
    LATCH.write(false);
    LATCH.write(true);
}
