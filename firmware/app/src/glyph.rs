//! The answer as a glyph on 5 × 5 lights.

use core::fmt;

use crate::screen::View;

/// Lights, from the upper left one, which is the lowest bit, row by row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Glyph(pub u32);

const DIGITS: [Glyph; 10] = [
    glyph([0b01100, 0b10010, 0b10010, 0b10010, 0b01100]),
    glyph([0b00100, 0b01100, 0b00100, 0b00100, 0b01110]),
    glyph([0b11100, 0b00010, 0b01100, 0b10000, 0b11110]),
    glyph([0b11110, 0b00010, 0b00100, 0b10010, 0b01100]),
    glyph([0b00110, 0b01010, 0b10010, 0b11111, 0b00010]),
    glyph([0b11111, 0b10000, 0b11110, 0b00001, 0b11110]),
    glyph([0b00010, 0b00100, 0b01110, 0b10001, 0b01110]),
    glyph([0b11111, 0b00010, 0b00100, 0b01000, 0b10000]),
    glyph([0b01110, 0b10001, 0b01110, 0b10001, 0b01110]),
    glyph([0b01110, 0b10001, 0b01110, 0b00100, 0b01000]),
];

/// Rows as they look.
const fn glyph(rows: [u32; 5]) -> Glyph {
    let [a, b, c, d, e] = rows;
    Glyph((a << 20 | b << 15 | c << 10 | d << 5 | e).reverse_bits() >> 7)
}

impl Glyph {
    /// No light.
    pub const DARK: Self = Self(0);
    /// There is no answer, or one that is no digit.
    pub const QUESTION: Self = glyph([0b01100, 0b00010, 0b00100, 0b00000, 0b00100]);
    /// No model can be run.
    pub const FAILURE: Self = glyph([0b00100, 0b00100, 0b00100, 0b00000, 0b00100]);

    /// What is lit for a view.
    pub fn of(view: &View<'_>) -> Self {
        if view.message.is_some() { Self::FAILURE } else { Self::of_class(view.verdict.class) }
    }

    /// What is lit for an answer.
    pub fn of_class(class: Option<u16>) -> Self {
        let digit = class.and_then(|class| DIGITS.get(usize::from(class)));
        digit.copied().unwrap_or(Self::QUESTION)
    }

    /// Whether a light is lit.
    pub const fn has(self, light: u32) -> bool {
        self.0.unbounded_shr(light) & 1 != 0
    }
}

/// As it looks.
impl fmt::Debug for Glyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for light in 0..25 {
            f.write_str(if self.has(light) { "X" } else { "." })?;
            if light % 5 == 4 {
                f.write_str("\n")?;
            }
        }
        Ok(())
    }
}
