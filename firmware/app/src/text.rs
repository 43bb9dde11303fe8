//! Text on the display.

use embedded_graphics::Pixel;
use embedded_graphics::mono_font::ascii::FONT_5X8;
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::{Baseline, Text};

/// Width of a character of the small font, in pixels.
pub(crate) const SMALL_WIDTH: i32 = 5;
/// Height of a line of it.
pub(crate) const SMALL_HEIGHT: i32 = 8;

/// Draws one line of text with its upper left corner at a point.
pub(crate) fn write<D: DrawTarget>(
    text: &str,
    at: Point,
    font: &MonoFont<'static>,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error>
where
    D::Color: From<Gray4>,
{
    let style = MonoTextStyle::new(font, colour.into());
    Text::with_baseline(text, at, style, Baseline::Top).draw(target).map(|_| ())
}

/// Draws small text in an area, broken between words; what does not fit is left out.
pub(crate) fn wrap<D: DrawTarget>(
    text: &str,
    area: Rectangle,
    colour: Gray4,
    target: &mut D,
) -> Result<(), D::Error>
where
    D::Color: From<Gray4>,
{
    let columns = area.size.width as usize / SMALL_WIDTH as usize;
    let lines = area.size.height as i32 / SMALL_HEIGHT;
    let mut rest = text;
    for line in 0..lines {
        let (now, later) = break_line(rest, columns);
        let at = area.top_left + Point::new(0, line * SMALL_HEIGHT);
        write(now, at, &FONT_5X8, colour, target)?;
        rest = later;
    }
    Ok(())
}

/// Splits off the first line of at most `columns` characters, after a word if there is one.
fn break_line(text: &str, columns: usize) -> (&str, &str) {
    let Some((end, _)) = text.char_indices().nth(columns) else { return (text, "") };
    let head = text.get(..=end).unwrap_or(text);
    let at = head.rfind(' ').filter(|&at| at > 0).unwrap_or(end);
    let (line, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (line, rest.trim_start_matches(' '))
}

/// Draws on a target with every pixel enlarged.
pub(crate) struct Enlarged<'t, D> {
    /// Where to draw.
    pub(crate) target: &'t mut D,
    /// Where the upper left corner lies there.
    pub(crate) origin: Point,
    /// Edge of a pixel.
    pub(crate) scale: i32,
}

impl<D: DrawTarget> DrawTarget for Enlarged<'_, D> {
    type Color = D::Color;
    type Error = D::Error;

    fn draw_iter<I: IntoIterator<Item = Pixel<Self::Color>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Self::Error> {
        let size = Size::new_equal(self.scale as u32);
        pixels.into_iter().try_for_each(|Pixel(at, colour)| {
            self.target.fill_solid(&Rectangle::new(self.origin + at * self.scale, size), colour)
        })
    }
}

impl<D: DrawTarget> Dimensions for Enlarged<'_, D> {
    fn bounding_box(&self) -> Rectangle {
        self.target.bounding_box()
    }
}
