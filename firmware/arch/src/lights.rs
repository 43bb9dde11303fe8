//! A matrix of 5 × 5 lights at pins of an nRF51 or nRF52.

use inkbit_app::{Glyph, Show, View};

use crate::NrfPin;

/// Stands in the map for no light.
pub const NO_LIGHT: u8 = u8::MAX;

/// A matrix of lights. They are lit row by row: a row's pin is high, and the pins of its columns are low
/// where a light is lit.
#[derive(Debug)]
pub struct Lights<const ROWS: usize, const COLUMNS: usize> {
    rows: [NrfPin; ROWS],
    columns: [NrfPin; COLUMNS],
    /// The number of each light in a [`Glyph`].
    map: &'static [[u8; COLUMNS]; ROWS],
    row: usize,
    glyph: Glyph,
}

impl<const ROWS: usize, const COLUMNS: usize> Lights<ROWS, COLUMNS> {
    /// Switches them on. Each place of `map` has the number of its light, from the upper left one, or
    /// [`NO_LIGHT`].
    pub fn start(
        rows: [NrfPin; ROWS],
        columns: [NrfPin; COLUMNS],
        map: &'static [[u8; COLUMNS]; ROWS],
    ) -> Self {
        rows.iter().chain(&columns).for_each(|pin| pin.output(false));
        Self { rows, columns, map, row: ROWS, glyph: Glyph::DARK }
    }
}

impl<const ROWS: usize, const COLUMNS: usize> Show for Lights<ROWS, COLUMNS> {
    /// Goes on to the next row.
    fn show(&mut self, view: &View<'_>) {
        if let Some(row) = self.rows.get(self.row) {
            row.write(false);
        }
        self.row += 1;
        if self.row >= ROWS {
            (self.row, self.glyph) = (0, Glyph::of(view));
        }
        let (Some(row), Some(lights)) = (self.rows.get(self.row), self.map.get(self.row)) else {
            return;
        };
        for (column, &light) in self.columns.iter().zip(lights) {
            column.write(!self.glyph.has(light.into()));
        }
        row.write(true);
    }
}
