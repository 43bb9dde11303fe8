//! Colours that are readable on light and on dark backgrounds.
//!
//! Figures are drawn in light-mode colours. Where the reader prefers dark mode, a style sheet replaces
//! each of them, as fill and as stroke, by its counterpart; a viewer without style sheets shows the
//! light mode.

use plotters::style::RGBColor;

/// A colour in light mode and its counterpart in dark mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shade {
    /// In light mode.
    pub light: RGBColor,
    /// In dark mode.
    pub dark: RGBColor,
}

const fn shade(light: (u8, u8, u8), dark: (u8, u8, u8)) -> Shade {
    Shade { light: RGBColor(light.0, light.1, light.2), dark: RGBColor(dark.0, dark.1, dark.2) }
}

/// Background of a figure.
pub const BACKGROUND: Shade = shade((255, 255, 255), (13, 17, 23));
/// Text.
pub const TEXT: Shade = shade((31, 35, 40), (230, 237, 243));
/// Axes and secondary text.
pub const DIM: Shade = shade((89, 99, 110), (158, 167, 176));
/// Grid lines.
pub const GRID: Shade = shade((208, 215, 222), (48, 54, 61));
/// Correct predictions; validation.
pub const BLUE: Shade = shade((9, 105, 218), (88, 166, 255));
/// Training; the second of two measures.
pub const ORANGE: Shade = shade((188, 76, 0), (240, 136, 62));
/// Wrong predictions.
pub const RED: Shade = shade((207, 34, 46), (255, 123, 114));

const ALL: [Shade; 7] = [BACKGROUND, TEXT, DIM, GRID, BLUE, ORANGE, RED];

/// `#RRGGBB` as plotters writes it, which the style sheet must match.
pub fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Rules that switch figures to dark mode where the reader prefers it, except in print.
pub fn style_sheet() -> String {
    let mut rules = String::from("@media screen and (prefers-color-scheme:dark){");
    for Shade { light, dark } in ALL {
        let (light, dark) = (hex(light), hex(dark));
        rules +=
            &format!("svg [fill='{light}']{{fill:{dark}}}svg [stroke='{light}']{{stroke:{dark}}}");
    }
    // These images are drawn as dark ink on a light background.
    rules + "svg image.ink{filter:invert(1)}}"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of two colours, from 1 to 21, by WCAG 2.2.
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
    fn text_and_lines_are_readable_on_both_backgrounds() {
        for Shade { light, dark } in [TEXT, DIM, BLUE, ORANGE, RED] {
            assert!(contrast(light, BACKGROUND.light) >= 4.5, "{light:?}");
            assert!(contrast(dark, BACKGROUND.dark) >= 4.5, "{dark:?}");
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
