//! What a model refuses, for lower and higher thresholds.

use plotters::prelude::*;

use super::theme::{BLUE, DIM};
use super::{Figure, U, UNIT, WIDTH, chart, percent, write};
use crate::evaluate::refusal::Refusal;

/// Generated images that are no digits and are refused, against test images that are accepted.
pub fn refusal(found: &Refusal) -> Figure {
    let points: Vec<(f64, f64)> =
        found.curve.iter().map(|[accepted, refused]| (100.0 * accepted, 100.0 * refused)).collect();
    let own = (100.0 * found.accepted, 100.0 * found.of_non_digits());
    let at = |least: f64| points.iter().rev().find(|(accepted, _)| *accepted >= least);
    let steps = [99.0, 95.0, 90.0].into_iter().filter_map(|least| {
        at(least).map(|(_, refused)| format!("{} at {least} %", percent(refused / 100.0)))
    });
    let alt = format!(
        "Generated images that are no digits and are refused, against test images that are accepted: {}. \
         The model's own threshold accepts {} and refuses {}.",
        steps.collect::<Vec<_>>().join(", "),
        percent(own.0 / 100.0),
        percent(own.1 / 100.0)
    );
    Figure::draw("refusal", (WIDTH, 300 * UNIT), alt, |area| {
        let x = (80.0..100.0, "test images accepted in %");
        let y = (0.0..100.0, "no digits, refused in %");
        let mut chart = chart(area, 30 * UNIT, x, y)?;
        chart.draw_series(LineSeries::new(points.clone(), BLUE.light.stroke_width(2 * UNIT)))?;
        let dot = |at| Circle::new(at, 5 * U, DIM.light.filled());
        // Beyond the axis where a model refuses more than one test image in five.
        chart.draw_series((own.0 >= 80.0).then(|| dot(own)))?;
        area.draw(&Circle::new((80 * U, 16 * U), 5 * U, DIM.light.filled()))?;
        write(area, "the model's threshold", (92 * U, 16 * U))
    })
}
