//! Activity of layers, distribution of logit differences, and calibration.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{BLUE, DIM, GRID, ORANGE, TEXT};
use super::{Area, Drawn, FONT_SIZE, Figure, U, UNIT, WIDTH, chart, percent, style, write};
use crate::evaluate::predictions::Calibration;
use crate::model::activity::{Activity, LayerActivity};

/// For every layer, the fractions of its inputs that are not zero and that are saturated.
pub fn activity(activity: &Activity) -> Figure {
    let row = 52 * U;
    let height = (activity.layers().count() as i32 * row + 36 * U) as u32;
    // What the layers take: pixels, or the activations of the layer before.
    let firsts =
        activity.stages.iter().enumerate().flat_map(|(stage, activity)| {
            (0..activity.layers.len()).map(move |layer| (stage, layer))
        });
    let names: Vec<String> = (0..)
        .zip(firsts)
        .map(|(number, place)| match place {
            (0, 0) => "inputs".to_owned(),
            (stage, 0) => format!("inputs {}", stage + 1),
            _ => format!("layer {number}"),
        })
        .collect();
    let layers = activity.layers().enumerate();
    let fractions = layers.map(|(number, layer)| {
        format!("{} {} and {}", names[number], percent(layer.non_zero), percent(layer.saturated))
    });
    let alt = format!(
        "Bars of the mean fraction of each layer's inputs that are not zero, and that are 255, the \
         maximum: {}.",
        fractions.collect::<Vec<_>>().join(", ")
    );
    Figure::draw("activity", (WIDTH, height), alt, |area| {
        for (x, label, shade) in [(84, "not zero", BLUE), (204, "saturated at 255", ORANGE)] {
            let square = [(x * U, 8 * U), (x * U + 16 * U, 24 * U)];
            area.draw(&Rectangle::new(square, shade.light.filled()))?;
            write(area, label, (x * U + 24 * U, 16 * U))?;
        }
        for (number, layer) in activity.layers().enumerate() {
            layer_bars(area, 36 * U + number as i32 * row, &names[number], layer)?;
        }
        Ok(())
    })
}

fn layer_bars(area: &Area<'_>, y: i32, name: &str, layer: &LayerActivity) -> Drawn {
    let (start, whole) = (84 * U, 320 * U);
    let right = style(FONT_SIZE, TEXT, HPos::Right, VPos::Center);
    area.draw(&Text::new(name, (start - 8 * U, y + 20 * U), right))?;
    for (fraction, shade, top) in [(layer.non_zero, BLUE, 0), (layer.saturated, ORANGE, 20 * U)] {
        let top = y + top;
        let length = (fraction * f64::from(whole)).round() as i32;
        let bar = |length| [(start, top), (start + length, top + 18 * U)];
        area.draw(&Rectangle::new(bar(whole), GRID.light.mix(0.45).filled()))?;
        area.draw(&Rectangle::new(bar(length), shade.light.filled()))?;
        write(area, &percent(fraction), (start + whole + 8 * U, top + 9 * U))?;
    }
    Ok(())
}

/// Histogram of the differences between quantized and float logits, in units of the float network.
pub fn logit_differences(differences: &[f64]) -> Figure {
    const BINS: usize = 41;
    let mut sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let quantile = |thousandths: usize| {
        sizes.get(sizes.len() * thousandths / 1000).copied().unwrap_or_default()
    };
    let greatest = sizes.last().copied().unwrap_or_default();
    // A few outliers would squeeze all others into one bar; they count in the outermost bars. An axis
    // must end, which it would not at infinity or at what is no number.
    let most = quantile(999);
    let shown = if most.is_finite() { most.clamp(1e-9, 1e30) } else { 1e30 };
    let mut counts = [0_usize; BINS];
    for difference in differences {
        let bin = (difference / shown + 1.0) / 2.0 * BINS as f64;
        counts[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
    }
    let alt = format!(
        "Histogram of {} differences between quantized and float logits: half of them are at most \
         {:.3}, 99.9 % at most {shown:.3}, the greatest is {greatest:.3}.",
        differences.len(),
        quantile(500)
    );
    let most = counts.iter().max().copied().unwrap_or_default() as f64;
    let unit = 100.0 / differences.len().max(1) as f64;
    Figure::draw("logit-differences", (WIDTH, 280 * UNIT), alt, |area| {
        let x = (-shown..shown, "quantized minus float logit");
        let mut chart = chart(area, 8 * UNIT, x, (0.0..1.05 * most * unit, "% of the logits"))?;
        let left = |bin: usize| (2.0 * bin as f64 / BINS as f64 - 1.0) * shown;
        let bar = |(bin, &count): (usize, &usize)| {
            let corners = [(left(bin), 0.0), (left(bin + 1), count as f64 * unit)];
            Rectangle::new(corners, BLUE.light.filled())
        };
        chart.draw_series(counts.iter().enumerate().map(bar))?;
        Ok(())
    })
}

/// Accuracy against confidence, with the line on which they are equal.
pub fn calibration(calibration: &Calibration) -> Figure {
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
    let most = calibration.bins.iter().map(|bin| bin.images).max().unwrap_or(1) as f64;
    Figure::draw("calibration", (WIDTH, 340 * UNIT), alt, |area| {
        let (x, y) = ((0.0..100.0, "confidence in %"), (0.0..100.0, "accuracy in %"));
        let mut chart = chart(area, 30 * UNIT, x, y)?;
        let equal = [(0.0, 0.0), (100.0, 100.0)];
        chart.draw_series(LineSeries::new(equal, DIM.light.stroke_width(UNIT)))?;
        let bins = || calibration.bins.iter();
        let points = || bins().map(|bin| (100.0 * bin.confidence, 100.0 * bin.accuracy));
        chart.draw_series(LineSeries::new(points(), BLUE.light.stroke_width(2 * UNIT)))?;
        let radii = bins().map(|bin| 3 * U + (9.0 * (bin.images as f64 / most).sqrt()) as i32 * U);
        let filled = BLUE.light.mix(0.7).filled();
        chart
            .draw_series(points().zip(radii).map(|(at, radius)| Circle::new(at, radius, filled)))?;
        area.draw(&Circle::new((80 * U, 16 * U), 5 * U, filled))?;
        write(area, "larger for more images", (92 * U, 16 * U))?;
        let line = vec![(300 * U, 16 * U), (324 * U, 16 * U)];
        area.draw(&PathElement::new(line, DIM.light.stroke_width(UNIT)))?;
        write(area, "calibrated", (330 * U, 16 * U))
    })
}
