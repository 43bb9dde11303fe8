//! Colours that can be read on white paper and on a dark screen.
//!
//! Pictures are drawn in the light colours. A style sheet replaces each of them, wherever it is a
//! fill or a stroke, by its dark counterpart where the reader prefers that; a viewer that knows no
//! style sheets shows the light ones.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour for light backgrounds and its counterpart for dark ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shade {
    /// On white paper.
    pub light: RGBColor,
    /// On a dark screen.
    pub dark: RGBColor,
}

const fn shade(light: (u8, u8, u8), dark: (u8, u8, u8)) -> Shade {
    Shade { light: RGBColor(light.0, light.1, light.2), dark: RGBColor(dark.0, dark.1, dark.2) }
}

/// What lies behind everything.
pub const PAPER: Shade = shade((255, 255, 255), (13, 17, 23));
/// Text.
pub const INK: Shade = shade((31, 35, 40), (230, 237, 243));
/// Axes, and text that matters less.
pub const DIM: Shade = shade((89, 99, 110), (158, 167, 176));
/// Lines behind a chart.
pub const GRID: Shade = shade((208, 215, 222), (48, 54, 61));
/// What is good, or comes from validation.
pub const BLUE: Shade = shade((9, 105, 218), (88, 166, 255));
/// The other one of two.
pub const ORANGE: Shade = shade((188, 76, 0), (240, 136, 62));
/// What is wrong.
pub const RED: Shade = shade((207, 34, 46), (255, 123, 114));

const ALL: [Shade; 7] = [PAPER, INK, DIM, GRID, BLUE, ORANGE, RED];

/// `#RRGGBB`, as plotters writes it: the style sheet looks for these very letters.
pub fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Rules that turn light pictures dark, for a reader who prefers that; paper stays white.
#[must_use]
pub fn style_sheet() -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme:dark){");
    for Shade { light, dark } in ALL {
        let (light, dark) = (hex(light), hex(dark));
        // Writing to a String cannot fail.
        let _ = write!(
            rules,
            "svg [fill='{light}']{{fill:{dark}}}svg [stroke='{light}']{{stroke:{dark}}}"
        );
    }
    // Drawn as dark ink on light paper.
    rules + "svg image.ink{filter:invert(1)}}"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours, from 1 to 21, after WCAG 2.2.
    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let luminance = |RGBColor(r, g, b): RGBColor| {
            let linear = |c: u8| {
                let c = f64::from(c) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
        };
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_and_lines_can_be_read_on_both_backgrounds() {
        for Shade { light, dark } in [INK, DIM, BLUE, ORANGE, RED] {
            assert!(contrast(light, PAPER.light) >= 4.5, "{light:?}");
            assert!(contrast(dark, PAPER.dark) >= 4.5, "{dark:?}");
        }
    }

    #[test]
    fn every_colour_has_a_counterpart_of_its_own() {
        let sheet = style_sheet();
        for (index, shade) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.light != shade.light), "{shade:?}");
            assert!(sheet.contains(&format!("[fill='{}']", hex(shade.light))), "{sheet}");
        }
    }
}
