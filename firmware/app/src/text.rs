//! Text on the display, in one font that is enlarged to any size.

use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::ascii::FONT_5X8 as FONT;
use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

/// Width of a character, in pixels.
pub(crate) const CHARACTER: i32 = 5;
/// Height of a line.
pub(crate) const LINE: i32 = 8;

/// Characters in a row of the font's picture, which begins with a space.
const FONT_COLUMNS: u8 = 16;

/// Draws text with its upper left corner at a point, every pixel of the font as a square with an
/// edge of `scale`. What the font does not have becomes "?".
pub(crate) fn write<D: DrawTarget>(
    text: &str,
    at: Point,
    scale: i32,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error>
where
    D::Color: From<Gray4>,
{
    let dot = Size::new_equal(scale as u32);
    for (number, character) in (0..).zip(text.chars()) {
        let code = if character.is_ascii_graphic() { character as u8 } else { b'?' };
        let code = if character == ' ' { 0 } else { code - b' ' };
        let (column, row) = (code % FONT_COLUMNS, code / FONT_COLUMNS);
        let glyph = Point::new(i32::from(column) * CHARACTER, i32::from(row) * LINE);
        for y in 0..LINE {
            for x in 0..CHARACTER {
                if FONT.image.pixel(glyph + Point::new(x, y)) == Some(BinaryColor::On) {
                    let place = at + Point::new(number * CHARACTER + x, y) * scale;
                    target.fill_solid(&Rectangle::new(place, dot), colour.into())?;
                }
            }
        }
    }
    Ok(())
}

/// Draws text in an area, broken between words; what does not fit is left out.
pub(crate) fn wrap<D: DrawTarget>(
    text: &str,
    area: Rectangle,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error>
where
    D::Color: From<Gray4>,
{
    let columns = area.size.width as usize / CHARACTER as usize;
    let mut rest = text;
    for line in 0..area.size.height as i32 / LINE {
        let (now, later) = break_line(rest, columns);
        write(now, area.top_left + Point::new(0, line * LINE), 1, colour, target)?;
        rest = later;
    }
    Ok(())
}

/// Splits off the first line of at most `columns` bytes, after a word if there is one.
fn break_line(text: &str, columns: usize) -> (&str, &str) {
    if text.len() <= columns {
        return (text, "");
    }
    let space = text.bytes().take(columns + 1).rposition(|byte| byte == b' ');
    let at = space.unwrap_or(columns);
    let (line, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (line, rest.strip_prefix(' ').unwrap_or(rest))
}
