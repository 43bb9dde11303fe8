//! The confusion matrix as a heat map.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{BLUE, DIM, GRID, RED, TEXT};
use super::{Area, Drawn, FONT_SIZE, Figure, U, UNIT, WIDTH, shortened, style};
use crate::evaluate::Evaluation;

/// Side length of a cell whose count is in full size.
const CELL: u32 = 26 * UNIT;
/// Minimum side length of a cell whose count is readable.
const LEAST_CELL: u32 = 15 * UNIT;
/// Width of a figure that a desktop window shows without scrolling.
const WIDEST: u32 = 1110 * UNIT;
/// Maximum opacity of a cell on which the count is readable.
const DEEPEST: f64 = 0.5;
const LABEL: usize = 12;

/// The confusion matrix with counts, shaded by their fraction of the row: blue for correct, red for
/// wrong predictions.
///
/// The opacity is the square root of the fraction; mistakes are scaled to the greatest of them. So one
/// mistake in a hundred is visible.
///
/// ```
/// use inkbit::evaluate::Evaluation;
/// use inkbit::report::plot::confusion;
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// let result = Evaluation::from_logits(&classes, &[0, 1], &[2.0, 0.0, 1.0, 0.0]);
/// let figure = confusion(&result);
/// assert!(figure.file().starts_with("<svg") && figure.alt.contains("dog"));
/// ```
pub fn confusion(result: &Evaluation) -> Figure {
    let count = result.classes.len() as u32;
    let longest = result.classes.iter().map(|label| label.chars().count()).max().unwrap_or(1);
    let margin = FONT_SIZE * (longest.min(LABEL) as u32 + 4) * 6 / 10;
    let margin = margin.max(60 * UNIT);
    let cell = |width: u32| width.saturating_sub(margin + 8 * UNIT) / count.max(1);
    // A matrix too wide for a phone may be as wide as a desktop window before its cells shrink.
    let cell = cell(WIDTH).max(cell(WIDEST).clamp(LEAST_CELL, CELL)).min(64 * UNIT);
    let side = margin + cell * count + 8 * UNIT;
    Figure::draw("confusion", (side, side), alt(result), |area| {
        draw(area, result, margin as i32, cell as i32)
    })
}

fn alt(result: &Evaluation) -> String {
    let right = format!(
        "Confusion matrix of {} classes: {} of {} images on the diagonal",
        result.classes.len(),
        result.correct,
        result.images
    );
    match result.confusions().first() {
        None => right + ", none off it.",
        Some(&(truth, class, count)) => {
            let (truth, class) = (&result.classes[truth], &result.classes[class]);
            format!("{right}. The most frequent mistake is {truth} read as {class}, {count} times.")
        }
    }
}

fn draw(area: &Area<'_>, result: &Evaluation, margin: i32, cell: i32) -> Drawn {
    let end = margin + cell * result.classes.len() as i32;
    let place = |index: usize| margin + cell * index as i32;
    let title = |horizontal| style(FONT_SIZE, DIM, horizontal, VPos::Top);
    // The title of a figure that scrolls is at its left.
    let (at, anchor) = match end > WIDTH as i32 {
        true => (margin, HPos::Left),
        false => ((margin + end) / 2, HPos::Center),
    };
    area.draw(&Text::new("predicted", (at, 2 * U), title(anchor)))?;
    area.draw(&Text::new("true", (2 * U, margin - 22 * U), title(HPos::Left)))?;
    let frame = Rectangle::new([(margin, margin), (end, end)], GRID.light.stroke_width(UNIT));
    area.draw(&frame)?;
    for (index, label) in result.classes.iter().enumerate() {
        let (at, label) = (place(index) + cell / 2, shortened(label, LABEL));
        let row = style(FONT_SIZE, TEXT, HPos::Right, VPos::Center);
        area.draw(&Text::new(label.clone(), (margin - 6 * U, at), row))?;
        // A label wider than its column is written upwards.
        let fits = label.chars().count() as i32 * FONT_SIZE as i32 * 6 / 10 < cell;
        let column = if fits {
            style(FONT_SIZE, TEXT, HPos::Center, VPos::Bottom)
        } else {
            let upwards = plotters::style::FontTransform::Rotate270;
            style(FONT_SIZE, TEXT, HPos::Left, VPos::Center).transform(upwards)
        };
        area.draw(&Text::new(label, (at, margin - 6 * U), column))?;
    }
    let (greatest, gap) = (result.greatest_mistake(), U / 2);
    for (truth, row) in result.confusion.iter().enumerate() {
        let support = row.iter().sum::<usize>().max(1);
        for (class, &count) in row.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let fraction = count as f64 / support as f64;
            let (shade, depth) =
                if truth == class { (BLUE, fraction) } else { (RED, fraction / greatest) };
            let (x, y) = (place(class), place(truth));
            let corners = [(x + gap, y + gap), (x + cell - gap, y + cell - gap)];
            let colour = shade.light.mix(DEEPEST * depth.sqrt());
            area.draw(&Rectangle::new(corners, colour.filled()))?;
            let digits = count.to_string();
            let size = FONT_SIZE.min(cell as u32 * 16 / 10 / digits.len().max(2) as u32);
            let style = style(size, TEXT, HPos::Center, VPos::Center);
            area.draw(&Text::new(digits, (x + cell / 2, y + cell / 2), style))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(classes: u8) -> u32 {
        let names: Vec<String> = (0..classes).map(|class| format!("class {class}")).collect();
        let labels: Vec<u8> = (0..classes).collect();
        let logits: Vec<f64> = labels
            .iter()
            .flat_map(|&truth| (0..classes).map(move |class| f64::from(u8::from(class == truth))))
            .collect();
        confusion(&Evaluation::from_logits(&names, &labels, &logits)).least_width()
    }

    #[test]
    fn the_matrix_fits_a_desktop_window_and_ten_classes_fit_a_phone() {
        assert_eq!(width(10), 0);
        assert!(width(11) == 0 && (900..=1110).contains(&width(62)), "{}", width(62));
        // Smaller cells are unreadable.
        assert!(width(250) > 15 * 250, "{}", width(250));
    }
}
