//! Shares, distributions, and confidence against accuracy.

use plotters::chart::ChartBuilder;
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::prelude::Color;
use plotters::series::LineSeries;
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{BLUE, DIM, GRID, INK, ORANGE};
use super::{Area, Drawn, Picture, TEXT, UNIT, WIDTH, axes, percent, text};
use crate::evaluate::predictions::Calibration;
use crate::model::activity::{Activity, LayerActivity};

const U: i32 = UNIT as i32;

/// What a layer takes in, in words.
#[must_use]
pub fn layer_name(layer: usize) -> String {
    if layer == 0 { "pixels".to_owned() } else { format!("layer {layer}") }
}

/// For every layer, how much of what it takes in is not zero, and how much is saturated.
#[must_use]
pub fn activity(activity: &Activity) -> Picture {
    let row = 52 * U;
    let height = (activity.layers.len() as i32 * row + 36 * U) as u32;
    let layers = activity.layers.iter().enumerate();
    let words = layers.map(|(number, layer)| {
        let name = layer_name(number);
        format!("{name} {} and {}", percent(layer.non_zero), percent(layer.saturated))
    });
    let alt = format!(
        "Bars of the mean share of values that are not zero, and of values at the upper limit of \
         255, for each layer's inputs: {}.",
        words.collect::<Vec<_>>().join(", ")
    );
    Picture::draw("activity", (WIDTH, height), alt, |area| {
        let words = text(TEXT, INK, HPos::Left, VPos::Center);
        for (x, label, shade) in [(84, "not zero", BLUE), (204, "saturated at 255", ORANGE)] {
            let square = [(x * U, 8 * U), (x * U + 16 * U, 24 * U)];
            area.draw(&Rectangle::new(square, shade.light.filled()))?;
            area.draw(&Text::new(label, (x * U + 24 * U, 16 * U), words.clone()))?;
        }
        for (number, layer) in activity.layers.iter().enumerate() {
            let y = 36 * U + number as i32 * row;
            layer_bars(area, y, &layer_name(number), layer)?;
        }
        Ok(())
    })
}

fn layer_bars(area: &Area<'_>, y: i32, name: &str, layer: &LayerActivity) -> Drawn {
    let (start, whole) = (84 * U, 320 * U);
    let words = text(TEXT, INK, HPos::Right, VPos::Center);
    area.draw(&Text::new(name.to_owned(), (start - 8 * U, y + 20 * U), words))?;
    let end = start + whole;
    for (share, shade, top) in [(layer.non_zero, BLUE, 0), (layer.saturated, ORANGE, 20 * U)] {
        let (top, length) = (y + top, (share * f64::from(whole)).round() as i32);
        let track =
            Rectangle::new([(start, top), (end, top + 18 * U)], GRID.light.mix(0.45).filled());
        area.draw(&track)?;
        let bar = [(start, top), (start + length, top + 18 * U)];
        area.draw(&Rectangle::new(bar, shade.light.filled()))?;
        let words = text(TEXT, INK, HPos::Left, VPos::Center);
        area.draw(&Text::new(percent(share), (end + 8 * U, top + 9 * U), words))?;
    }
    Ok(())
}

/// How the quantized logits differ from those of the float network, in the float network's units.
#[must_use]
pub fn logit_differences(differences: &[f64]) -> Picture {
    const BINS: usize = 41;
    let mut sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let greatest = sizes.last().copied().unwrap_or_default();
    // A few outliers would press all others into one bar; they count into the outermost bars.
    let shown = sizes.get(sizes.len() * 999 / 1000).copied().unwrap_or_default().max(1e-9);
    let mut counts = [0_usize; BINS];
    for difference in differences {
        let place = (difference / shown + 1.0) / 2.0 * BINS as f64;
        counts[(place.max(0.0) as usize).min(BINS - 1)] += 1;
    }
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    let alt = format!(
        "Histogram of {} differences between quantized and float logits: half of them are at most \
         {median:.3}, 99.9 % at most {shown:.3}, the greatest is {greatest:.3}.",
        differences.len()
    );
    let size = (WIDTH, 280 * UNIT);
    let most = counts.iter().max().copied().unwrap_or_default() as f64;
    let share = 100.0 / differences.len().max(1) as f64;
    Picture::draw("logit-differences", size, alt, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8 * UNIT)
            .margin_right(16 * UNIT)
            .x_label_area_size(40 * UNIT)
            .y_label_area_size(60 * UNIT)
            .build_cartesian_2d(-shown..shown, 0.0..1.05 * most * share)?;
        axes(&mut chart, "quantized minus float logit", "% of the logits")?;
        let edge = |bin: usize| (2.0 * bin as f64 / BINS as f64 - 1.0) * shown;
        let bar = |(bin, &count): (usize, &usize)| {
            let corners = [(edge(bin), 0.0), (edge(bin + 1), count as f64 * share)];
            Rectangle::new(corners, BLUE.light.filled())
        };
        chart.draw_series(counts.iter().enumerate().map(bar))?;
        Ok(())
    })
}

/// Accuracy of the predictions of about the same confidence, beside the line where both are equal.
#[must_use]
pub fn calibration(calibration: &Calibration) -> Picture {
    let bins = calibration.bins.iter().map(|bin| {
        format!(
            "{} images of {} confidence are {} right",
            bin.images,
            percent(bin.confidence),
            percent(bin.accuracy)
        )
    });
    let alt = format!(
        "Accuracy against confidence: {}. The expected calibration error is {}.",
        bins.collect::<Vec<_>>().join(", "),
        percent(calibration.error)
    );
    let size = (WIDTH, 340 * UNIT);
    let most = calibration.bins.iter().map(|bin| bin.images).max().unwrap_or(1) as f64;
    Picture::draw("calibration", size, alt, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8 * UNIT)
            .margin_top(30 * UNIT)
            .margin_right(16 * UNIT)
            .x_label_area_size(40 * UNIT)
            .y_label_area_size(60 * UNIT)
            .build_cartesian_2d(0.0..100.0, 0.0..100.0)?;
        axes(&mut chart, "confidence in %", "accuracy in %")?;
        let equal = [(0.0, 0.0), (100.0, 100.0)];
        chart.draw_series(LineSeries::new(equal, DIM.light.stroke_width(UNIT)))?;
        let points: Vec<(f64, f64)> = calibration
            .bins
            .iter()
            .map(|bin| (100.0 * bin.confidence, 100.0 * bin.accuracy))
            .collect();
        chart.draw_series(LineSeries::new(points.clone(), BLUE.light.stroke_width(2 * UNIT)))?;
        let sizes = calibration.bins.iter().map(|bin| (bin.images as f64 / most).sqrt());
        let circle = |(point, size): ((f64, f64), f64)| {
            Circle::new(point, 3 * U + (9.0 * size) as i32 * U, BLUE.light.mix(0.7).filled())
        };
        chart.draw_series(points.into_iter().zip(sizes).map(circle))?;
        let words = text(TEXT, INK, HPos::Left, VPos::Center);
        area.draw(&Circle::new((80 * U, 16 * U), 5 * U, BLUE.light.mix(0.7).filled()))?;
        area.draw(&Text::new("images, the larger the more", (92 * U, 16 * U), words.clone()))?;
        let line = vec![(300 * U, 16 * U), (324 * U, 16 * U)];
        area.draw(&PathElement::new(line, DIM.light.stroke_width(UNIT)))?;
        area.draw(&Text::new("as right as sure", (330 * U, 16 * U), words))
    })
}
