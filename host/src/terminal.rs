//! Drawing images on the terminal.

/// An image in characters, two rows of pixels to a line of text, in a frame. `pixels` are rows of
/// `side`, 0 for paper and 255 for ink, which comes out in the colour of the terminal's text.
///
/// ```
/// let drawn = inkbit::terminal::draw(&[0, 255, 255, 0], 2);
/// assert_eq!(drawn, "┌──┐\n│▄▀│\n└──┘\n");
/// ```
#[must_use]
pub fn draw(pixels: &[u8], side: usize) -> String {
    let edge = "─".repeat(side);
    let mut text = format!("┌{edge}┐\n");
    for pair in pixels.chunks(2 * side.max(1)) {
        let (upper, lower) = pair.split_at(side.min(pair.len()));
        let lower = lower.iter().copied().chain(std::iter::repeat(0));
        text.push('│');
        text.extend(upper.iter().zip(lower).map(|(&upper, lower)| half_blocks(upper, lower)));
        text.push_str("│\n");
    }
    text + &format!("└{edge}┘\n")
}

/// The character for two pixels, one above the other.
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
    fn an_odd_row_has_paper_below_it_and_traces_are_shown_faintly() {
        let pixels = [50, 200, 255, 10, 0, 255, 0, 0, 255];
        assert_eq!(draw(&pixels, 3), "┌───┐\n│░▀█│\n│  ▀│\n└───┘\n");
    }
}
