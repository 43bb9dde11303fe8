//! The confusion matrix as a heat map.

use plotters::element::{Rectangle, Text};
use plotters::prelude::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{BLUE, DIM, GRID, INK, RED};
use super::{Area, Drawn, Picture, TEXT, UNIT, WIDTH, shortened, text};
use crate::evaluate::Evaluation;

/// Width of a cell that has room for its count in letters of full size, and of one that can just be
/// read.
const CELL: u32 = 26 * UNIT;
/// Likewise.
const LEAST_CELL: u32 = 15 * UNIT;
/// Width of a picture that a desktop's window shows without scrolling.
const WIDEST: u32 = 1110 * UNIT;
/// Characters of a label beside the matrix.
const LABEL: usize = 12;

/// Counts, shaded by the share of their row: what is right in one colour, what is wrong in another.
///
/// The shade goes with the square root of the share, and that of mistakes with the greatest of them,
/// so that a mistake in a hundred can be seen.
///
/// ```
/// use inkbit::evaluate::Evaluation;
/// use inkbit::report::plot::confusion;
/// let classes = ["cat".to_owned(), "dog".to_owned()];
/// let result = Evaluation::from_logits(&classes, &[0, 1], &[2.0, 0.0, 1.0, 0.0]);
/// let picture = confusion(&result);
/// assert!(picture.file().starts_with("<svg") && picture.alt.contains("dog"));
/// ```
#[must_use]
pub fn confusion(result: &Evaluation) -> Picture {
    let count = result.classes.len() as u32;
    let longest = result.classes.iter().map(|label| label.chars().count()).max().unwrap_or(1);
    let margin = TEXT * (longest.min(LABEL) as u32 + 4) * 6 / 10;
    let margin = margin.max(60 * UNIT);
    let cell = |width: u32| width.saturating_sub(margin + 8 * UNIT) / count.max(1);
    // One that does not fit a telephone may have a desktop's width before its cells get small.
    let cell = cell(WIDTH).max(cell(WIDEST).clamp(LEAST_CELL, CELL)).min(64 * UNIT);
    let size = (margin + cell * count + 8 * UNIT, margin + cell * count + 8 * UNIT);
    let matrix = Matrix { result, margin: margin as i32, cell: cell as i32 };
    Picture::draw("confusion", size, alt(result), |area| matrix.draw(area))
}

fn alt(result: &Evaluation) -> String {
    let right = format!(
        "Confusion matrix of {} classes: {} of {} images on the diagonal",
        result.classes.len(),
        result.correct,
        result.images
    );
    match result.confusions().first() {
        None => right + ", none beside it.",
        Some(&(truth, class, count)) => {
            let (truth, class) = (&result.classes[truth], &result.classes[class]);
            format!(
                "{right}. The most frequent mistake is {truth} taken for {class}, {count} times."
            )
        }
    }
}

struct Matrix<'a> {
    result: &'a Evaluation,
    margin: i32,
    cell: i32,
}

impl Matrix<'_> {
    fn draw(&self, area: &Area<'_>) -> Drawn {
        let Self { result, margin, cell } = *self;
        let (unit, classes) = (UNIT as i32, result.classes.len() as i32);
        let place = |index: usize| margin + cell * index as i32;
        let title = |horizontal| text(TEXT, DIM, horizontal, VPos::Top);
        // Where one has to scroll, it stands at the start.
        let (at, side) = if margin + cell * classes > WIDTH as i32 {
            (margin, HPos::Left)
        } else {
            (margin + cell * classes / 2, HPos::Center)
        };
        area.draw(&Text::new("predicted", (at, 2 * unit), title(side)))?;
        area.draw(&Text::new("true", (2 * unit, margin - 22 * unit), title(HPos::Left)))?;
        let end = margin + cell * classes;
        let frame = Rectangle::new([(margin, margin), (end, end)], GRID.light.stroke_width(UNIT));
        area.draw(&frame)?;
        for (index, label) in result.classes.iter().enumerate() {
            let (at, label) = (place(index) + cell / 2, shortened(label, LABEL));
            let row = text(TEXT, INK, HPos::Right, VPos::Center);
            area.draw(&Text::new(label.clone(), (margin - 6 * unit, at), row))?;
            // As wide as it is, it goes upwards.
            let fits = label.chars().count() as i32 * TEXT as i32 * 6 / 10 < cell;
            let column = if fits {
                text(TEXT, INK, HPos::Center, VPos::Bottom)
            } else {
                let upwards = plotters::style::FontTransform::Rotate270;
                text(TEXT, INK, HPos::Left, VPos::Center).transform(upwards)
            };
            area.draw(&Text::new(label, (at, margin - 6 * unit), column))?;
        }
        let greatest = result.greatest_mistake();
        for (truth, row) in result.confusion.iter().enumerate() {
            let support = row.iter().sum::<usize>().max(1);
            for (class, &count) in row.iter().enumerate().filter(|&(_, &count)| count > 0) {
                let share = count as f64 / support as f64;
                let depth = if truth == class { share } else { share / greatest };
                self.cell(area, (place(class), place(truth)), (count, depth), truth == class)?;
            }
        }
        Ok(())
    }

    fn cell(
        &self,
        area: &Area<'_>,
        (x, y): (i32, i32),
        (count, depth): (usize, f64),
        right: bool,
    ) -> Drawn {
        /// More would leave the count unreadable on it.
        const DEEPEST: f64 = 0.5;
        let (cell, gap) = (self.cell, UNIT as i32 / 2);
        let colour = if right { BLUE } else { RED }.light.mix(DEEPEST * depth.sqrt());
        let corners = [(x + gap, y + gap), (x + cell - gap, y + cell - gap)];
        area.draw(&Rectangle::new(corners, colour.filled()))?;
        let digits = count.to_string();
        let size = TEXT.min(self.cell as u32 * 16 / 10 / digits.len().max(2) as u32);
        let style = text(size, INK, HPos::Center, VPos::Center);
        area.draw(&Text::new(digits, (x + cell / 2, y + cell / 2), style))
    }
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
    fn letters_and_digits_fit_a_desktops_window_and_ten_classes_a_telephones() {
        assert_eq!(width(10), 0);
        assert!(width(11) == 0 && (900..=1110).contains(&width(62)), "{}", width(62));
        // Smaller cells could not be read.
        assert!(width(250) > 15 * 250, "{}", width(250));
    }
}
