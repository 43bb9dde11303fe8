//! Drawing on the terminal, with or without colours.

use std::env;

use crate::support::output;
use crate::support::system::takes_colours;

/// Whether to write colours to standard output: it is a terminal that supports them, and `NO_COLOR`
/// (<https://no-color.org>) is not set.
pub(crate) fn has_colours() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    output::is_terminal() && !set("NO_COLOR") && takes_colours()
}

/// One of the 256 colours of a terminal.
pub(crate) type Colour = u8;

/// One of the 6 × 6 × 6 colours of a terminal; components are from 0 to 5.
pub(crate) const fn colour(red: u8, green: u8, blue: u8) -> Colour {
    16 + 36 * red + 6 * green + blue
}

pub(crate) const PLAIN: &str = "\x1b[0m";

pub(crate) fn colours(text: Colour, behind: Colour) -> String {
    format!("\x1b[38;5;{text};48;5;{behind}m")
}

/// Draws an image in a frame, two rows of pixels per line. `pixels` are rows of `side` values, from 0
/// (background) to 255 (ink, drawn in the terminal's text colour).
///
/// ```
/// let drawn = inkbit::report::terminal::draw(&[0, 255, 255, 0], 2);
/// assert_eq!(drawn, "┌──┐\n│▄▀│\n└──┘\n");
/// ```
pub fn draw(pixels: &[u8], side: usize) -> String {
    framed(pixels, side, |text, upper, lower| text.push(half_blocks(upper, lower)))
}

/// Draws weights in a frame, two rows per line. With colours, orange is above 0, blue is below, and
/// brightness is magnitude. Without, `█` is above 0 and `·` is below, for magnitudes above a third of
/// the greatest.
pub(crate) fn draw_weights(weights: &[i32], side: usize, coloured: bool) -> String {
    let greatest = weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(1).max(1);
    if coloured {
        let shade = |weight: i32| {
            let depth = (weight.unsigned_abs() * 5).div_ceil(greatest) as u8;
            if weight > 0 { colour(depth, depth / 2, 0) } else { colour(0, depth / 2, depth) }
        };
        return framed(weights, side, |text, upper, lower| {
            *text += &colours(shade(upper), shade(lower));
            *text += "▀";
            *text += PLAIN;
        });
    }
    let great = |weight: i32| weight.unsigned_abs() > greatest / 3;
    framed(weights, side, |text, upper, lower| {
        text.push(match (upper > 0 && great(upper), lower > 0 && great(lower)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) if great(upper) || great(lower) => '·',
            (false, false) => ' ',
        });
    })
}

/// Draws two rows per line, in a frame; zeros are below an odd last row.
fn framed<T: Copy + Default>(
    values: &[T],
    side: usize,
    mut put: impl FnMut(&mut String, T, T),
) -> String {
    let line = "─".repeat(side);
    let mut text = format!("┌{line}┐\n");
    for pair in values.chunks(2 * side.max(1)) {
        let (upper, lower) = pair.split_at(side.min(pair.len()));
        let lower = lower.iter().copied().chain(std::iter::repeat(T::default()));
        text.push('│');
        upper.iter().zip(lower).for_each(|(&upper, lower)| put(&mut text, upper, lower));
        text.push_str("│\n");
    }
    text + &format!("└{line}┘\n")
}

/// Places drawings of equal height, given as lines, side by side, `columns` in a row.
pub(crate) fn side_by_side(drawings: &[Vec<String>], columns: usize) -> String {
    let mut text = String::new();
    for row in drawings.chunks(columns.max(1)) {
        for line in 0..row.first().map_or(0, Vec::len) {
            let line: Vec<&str> = row.iter().map(|drawing| drawing[line].as_str()).collect();
            text += line.join(" ").trim_end();
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The character for two pixels, one above the other: blocks for ink, a shade for faint pixels.
const fn half_blocks(upper: u8, lower: u8) -> char {
    const INK: u8 = 112;
    const TRACE: u8 = 48;
    match (upper >= INK, lower >= INK) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) if upper >= TRACE || lower >= TRACE => '░',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_row_has_background_below_it_and_faint_pixels_are_shaded() {
        let pixels = [50, 200, 255, 10, 0, 255, 0, 0, 255];
        assert_eq!(draw(&pixels, 3), "┌───┐\n│░▀█│\n│  ▀│\n└───┘\n");
    }

    #[test]
    fn colour_is_the_sign_and_brightness_the_magnitude_of_a_weight() {
        let (orange, blue, none) = (colour(5, 2, 0), colour(0, 2, 5), colour(0, 0, 0));
        let drawn = draw_weights(&[127, 0, 0, -127], 2, true);
        let cell = |upper, lower| colours(upper, lower) + "▀" + PLAIN;
        let line = cell(orange, none) + &cell(none, blue);
        assert_eq!(drawn, format!("┌──┐\n│{line}│\n└──┘\n"));
        assert_eq!(draw_weights(&[0; 4], 2, false), "┌──┐\n│  │\n└──┘\n");
    }

    #[test]
    fn drawings_are_side_by_side_in_rows() {
        let drawings = ["ab", "cd", "ef"].map(|d| d.chars().map(String::from).collect::<Vec<_>>());
        assert_eq!(side_by_side(&drawings, 2), "a c\nb d\n\ne\nf\n\n");
    }

    #[test]
    fn without_colours_characters_are_the_sign_of_a_weight() {
        assert_eq!(draw_weights(&[0, 90, -90, 10], 2, false), "┌──┐\n│·▀│\n└──┘\n");
    }
}
