//! Text on the display, in one font that is enlarged to any size.

use embedded_graphics::image::GetPixel;
use embedded_graphics::mono_font::ascii::FONT_5X8 as FONT;
use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;

use crate::layout::Layout;
use crate::shade::Shade;

/// Width of a character, in pixels.
pub(crate) const CHARACTER: i32 = 5;
/// Height of a line.
pub(crate) const LINE: i32 = 8;

/// Space between lines, where there are several.
const LEADING: i32 = 2;

/// Characters in a row of the font's picture, which begins with a space.
const FONT_COLUMNS: u8 = 16;

/// Draws text with its upper left corner at a point, every pixel of the font as a square of
/// `scale` × `scale`. Characters outside the font become "?".
pub(crate) fn write<D: DrawTarget<Color: Shade>>(
    text: &str,
    at: Point,
    scale: i32,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error> {
    let dot = Size::new_equal(scale as u32);
    let mut corner = at;
    for byte in text.bytes() {
        if byte == b'\n' {
            corner = Point::new(at.x, corner.y + (LINE + LEADING) * scale);
            continue;
        }
        let glyph = glyph(byte);
        for y in 0..LINE {
            for x in 0..CHARACTER {
                let pixel = Point::new(x, y);
                if FONT.image.pixel(glyph + pixel) == Some(BinaryColor::On) {
                    let square = Rectangle::new(corner + pixel * scale, dot);
                    target.fill_solid(&square, D::Color::of(colour))?;
                }
            }
        }
        corner.x += CHARACTER * scale;
    }
    Ok(())
}

/// Where a character begins in the font's picture.
#[inline(always)]
fn glyph(byte: u8) -> Point {
    let code = if matches!(byte, b' '..=b'~') { byte } else { b'?' } - b' ';
    let (column, row) = (code % FONT_COLUMNS, code / FONT_COLUMNS);
    Point::new(i32::from(column) * CHARACTER, i32::from(row) * LINE)
}

/// Draws text as [`write`] does and overwrites what was there, in lines of `columns` characters. Each
/// pixel is drawn once, so that a display without a buffer does not flicker.
pub(crate) fn overwrite<D: DrawTarget<Color: Shade>>(
    text: &str,
    columns: usize,
    at: Point,
    scale: i32,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error> {
    let size = Size::new((CHARACTER * scale) as u32, (LINE * scale) as u32);
    let (colour, background) = (D::Color::of(colour), D::Color::of(Gray4::BLACK));
    for (row, line) in (0..).zip(text.split('\n')) {
        let bytes = line.bytes().chain(core::iter::repeat(b' '));
        for (column, byte) in (0..).zip(bytes.take(columns)) {
            let corner = at + Point::new(column * CHARACTER, row * (LINE + LEADING)) * scale;
            let glyph = glyph(byte);
            let pixels = Rectangle::new(Point::zero(), size).points().map(|pixel| {
                let is_on = FONT.image.pixel(glyph + pixel / scale.max(1)) == Some(BinaryColor::On);
                if is_on { colour } else { background }
            });
            target.fill_contiguous(&Rectangle::new(corner, size), pixels)?;
        }
    }
    Ok(())
}

/// Draws text in an area in the layout's size, broken between words; what does not fit is left out.
pub(crate) fn wrap<L: Layout, D: DrawTarget<Color: Shade>>(
    text: &str,
    area: Rectangle,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error> {
    let columns = area.size.width as usize / (CHARACTER * L::TEXT) as usize;
    let mut rest = text;
    for line in 0..area.size.height as i32 / (LINE * L::TEXT) {
        let (now, later) = break_line(rest, columns);
        let at = area.top_left + Point::new(0, line * LINE * L::TEXT);
        write(now, at, L::TEXT, colour, target)?;
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
    let at = space.unwrap_or_else(|| text.floor_char_boundary(columns));
    let (line, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (line, rest.strip_prefix(' ').unwrap_or(rest))
}
