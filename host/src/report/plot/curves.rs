//! Loss and accuracy over the epochs.

use plotters::chart::ChartBuilder;
use plotters::element::{Circle, Cross, PathElement, Text};
use plotters::prelude::Color;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{BLUE, DIM, INK, ORANGE};
use super::{Area, Drawn, Picture, TEXT, UNIT, WIDTH, axes, percent, text};
use crate::support::numbers::counted;
use crate::train::history::{Epoch, History};

const HEIGHT: u32 = 300 * UNIT;

/// Training and validation loss. There is at least one epoch.
#[must_use]
pub fn loss(history: &History) -> Picture {
    let values = |value: fn(&Epoch) -> f32| of(history, value);
    let curves = Curves {
        name: "loss",
        unit: "loss in nats",
        train: values(|epoch| epoch.train_loss),
        validation: values(|epoch| epoch.validation_loss),
        history,
    };
    let greatest = curves.values().fold(0.0, f64::max);
    curves.draw((0.0, 1.05 * greatest.max(1e-9)), &|value| format!("{value:.4}"))
}

/// Training and validation accuracy in percent. There is at least one epoch.
#[must_use]
pub fn accuracy(history: &History) -> Picture {
    let values = |value: fn(&Epoch) -> f32| of(history, value);
    let curves = Curves {
        name: "accuracy",
        unit: "accuracy in %",
        train: values(|epoch| 100.0 * epoch.train_accuracy),
        validation: values(|epoch| 100.0 * epoch.validation_accuracy),
        history,
    };
    let lowest = curves.values().fold(100.0, f64::min);
    let margin = (0.05 * (100.0 - lowest)).max(0.1);
    curves.draw(((lowest - margin).max(0.0), 100.0 + margin), &|value| percent(value / 100.0))
}

fn of(history: &History, value: fn(&Epoch) -> f32) -> Vec<f64> {
    history.epochs.iter().map(|epoch| value(epoch).into()).collect()
}

/// One measure over the epochs.
struct Curves<'a> {
    name: &'static str,
    unit: &'static str,
    train: Vec<f64>,
    validation: Vec<f64>,
    history: &'a History,
}

impl Curves<'_> {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.train.iter().chain(&self.validation).copied()
    }

    fn draw(&self, range: (f64, f64), words: &dyn Fn(f64) -> String) -> Picture {
        let best = self.history.best().map_or(1, |best| best.epoch);
        let ends = |values: &[f64]| {
            let (first, last) = (values.first().copied(), values.last().copied());
            let [first, last] = [first, last].map(|value| words(value.unwrap_or_default()));
            format!("from {first} to {last}")
        };
        let alt = format!(
            "Curves of the {} over {}: training {}, validation {}. The weights of epoch \
             {best} were kept, with a validation {} of {}.",
            self.name,
            counted(self.train.len(), "epoch", "epochs"),
            ends(&self.train),
            ends(&self.validation),
            self.name,
            words(self.validation.get(best - 1).copied().unwrap_or_default()),
        );
        Picture::draw(self.name, (WIDTH, HEIGHT), alt, |area| self.chart(area, range, best))
    }

    fn chart(&self, area: &Area<'_>, (low, high): (f64, f64), best: usize) -> Drawn {
        let epochs = self.train.len();
        let margin = 8 * UNIT;
        let mut chart = ChartBuilder::on(area)
            .margin(margin)
            .margin_top(30 * UNIT)
            .margin_right(16 * UNIT)
            .x_label_area_size(40 * UNIT)
            .y_label_area_size(60 * UNIT)
            // One epoch alone would be a range of no width.
            .build_cartesian_2d(if epochs == 1 { 0..2 } else { 1..epochs }, low..high)?;
        axes(&mut chart, "epoch", self.unit)?;
        let kept = DIM.light.stroke_width(UNIT);
        let line = [(best, low), (best, high)];
        chart.draw_series(DashedLineSeries::new(line, 6 * UNIT, 6 * UNIT, kept))?;
        let points = |values: &[f64]| -> Vec<(usize, f64)> {
            values.iter().copied().enumerate().map(|(index, value)| (index + 1, value)).collect()
        };
        let (train, validation) = (points(&self.train), points(&self.validation));
        let size = 3 * UNIT as i32;
        let [orange, blue] = [ORANGE, BLUE].map(|shade| shade.light.stroke_width(2 * UNIT));
        chart.draw_series(LineSeries::new(train.clone(), orange))?;
        chart.draw_series(LineSeries::new(validation.clone(), blue))?;
        chart.draw_series(train.into_iter().map(|point| Cross::new(point, size, orange)))?;
        chart.draw_series(validation.into_iter().map(|p| Circle::new(p, size, blue.filled())))?;
        legend(area, best)
    }
}

/// Above the chart: what the lines are, by colour and by marker.
fn legend(area: &Area<'_>, best: usize) -> Drawn {
    let (unit, y) = (UNIT as i32, 16 * UNIT as i32);
    let words = text(TEXT, INK, HPos::Left, VPos::Center);
    let [train, validation, kept] = [64 * unit, 170 * unit, 286 * unit];
    let line = |x: i32| vec![(x, y), (x + 22 * unit, y)];
    let [orange, blue, dim] = [ORANGE, BLUE, DIM].map(|shade| shade.light.stroke_width(2 * UNIT));
    area.draw(&PathElement::new(line(train), orange))?;
    area.draw(&Cross::new((train + 11 * unit, y), 3 * unit, orange))?;
    area.draw(&PathElement::new(line(validation), blue))?;
    area.draw(&Circle::new((validation + 11 * unit, y), 3 * unit, blue.filled()))?;
    for x in [kept, kept + 14 * unit] {
        area.draw(&PathElement::new(vec![(x, y), (x + 8 * unit, y)], dim))?;
    }
    let kept_words = format!("kept: epoch {best}");
    for (x, label) in [(train, "training"), (validation, "validation"), (kept, &kept_words)] {
        area.draw(&Text::new(label.to_owned(), (x + 27 * unit, y), words.clone()))?;
    }
    Ok(())
}
