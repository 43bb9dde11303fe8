//! Loss and accuracy over the epochs.

use plotters::prelude::*;

use super::theme::{BLUE, DIM, ORANGE};
use super::{Area, Drawn, Figure, U, UNIT, WIDTH, chart, percent, write};
use crate::support::numbers::counted;
use crate::train::history::{Epoch, History};

/// Training and validation loss of at least one epoch.
pub fn loss(history: &History) -> Figure {
    let values = |epoch: &Epoch| [epoch.train_loss, epoch.validation_loss];
    let curves = Curves::new(history, "loss", "loss in nats", values);
    // An axis must end, which it would not at infinity.
    let greatest = curves.values().fold(0.0, f64::max).min(f32::MAX.into());
    curves.draw((0.0, 1.05 * greatest.max(1e-9)), |value| format!("{value:.4}"))
}

/// Training and validation accuracy of at least one epoch, in percent.
pub fn accuracy(history: &History) -> Figure {
    let values =
        |epoch: &Epoch| [epoch.train_accuracy, epoch.validation_accuracy].map(|x| 100.0 * x);
    let curves = Curves::new(history, "accuracy", "accuracy in %", values);
    let lowest = curves.values().fold(100.0, f64::min).max(0.0);
    let margin = (0.05 * (100.0 - lowest)).max(0.1);
    curves.draw(((lowest - margin).max(0.0), 100.0 + margin), |value| percent(value / 100.0))
}

/// One measure over the epochs.
struct Curves {
    name: &'static str,
    unit: &'static str,
    train: Vec<f64>,
    validation: Vec<f64>,
    /// The epoch whose weights are kept, from 1.
    best: usize,
}

impl Curves {
    /// `values` gives the training and the validation value of an epoch.
    fn new(
        history: &History,
        name: &'static str,
        unit: &'static str,
        values: fn(&Epoch) -> [f32; 2],
    ) -> Self {
        let values = history.epochs.iter().map(|epoch| values(epoch).map(f64::from).into());
        let (train, validation) = values.unzip();
        Self { name, unit, train, validation, best: history.best().map_or(1, |best| best.epoch) }
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.train.iter().chain(&self.validation).copied()
    }

    fn draw(&self, range: (f64, f64), text: fn(f64) -> String) -> Figure {
        let ends = |values: &[f64]| {
            format!("from {} to {}", text(values[0]), text(values[values.len() - 1]))
        };
        let Self { name, train, validation, best, .. } = self;
        let alt = format!(
            "Curves of the {name} over {}: training {}, validation {}. The weights of epoch {best} \
             were kept, with a validation {name} of {}.",
            counted(train.len(), "epoch", "epochs"),
            ends(train),
            ends(validation),
            text(validation[best - 1]),
        );
        Figure::draw(name, (WIDTH, 300 * UNIT), alt, |area| self.chart(area, range))
    }

    fn chart(&self, area: &Area<'_>, (low, high): (f64, f64)) -> Drawn {
        let (epochs, best) = (self.train.len(), self.best);
        // The range of a single epoch would be empty.
        let x = (if epochs == 1 { 0..2 } else { 1..epochs }, "epoch");
        let mut chart = chart(area, 30 * UNIT, x, (low..high, self.unit))?;
        let line = [(best, low), (best, high)];
        let kept = DIM.light.stroke_width(UNIT);
        chart.draw_series(DashedLineSeries::new(line, 6 * UNIT, 6 * UNIT, kept))?;
        let points = |values: &[f64]| (1..).zip(values.iter().copied()).collect::<Vec<_>>();
        let (train, validation) = (points(&self.train), points(&self.validation));
        let [orange, blue] = [ORANGE, BLUE].map(|shade| shade.light.stroke_width(2 * UNIT));
        chart.draw_series(LineSeries::new(train.clone(), orange))?;
        chart.draw_series(LineSeries::new(validation.clone(), blue))?;
        chart.draw_series(train.into_iter().map(|point| Cross::new(point, 3 * U, orange)))?;
        chart.draw_series(validation.into_iter().map(|p| Circle::new(p, 3 * U, blue.filled())))?;
        legend(area, best)
    }
}

/// Explains lines and markers above the chart.
fn legend(area: &Area<'_>, best: usize) -> Drawn {
    let y = 16 * U;
    let [train, validation, kept] = [64 * U, 170 * U, 286 * U];
    let line = |x: i32, length: i32| vec![(x, y), (x + length * U, y)];
    let [orange, blue, dim] = [ORANGE, BLUE, DIM].map(|shade| shade.light.stroke_width(2 * UNIT));
    area.draw(&PathElement::new(line(train, 22), orange))?;
    area.draw(&Cross::new((train + 11 * U, y), 3 * U, orange))?;
    area.draw(&PathElement::new(line(validation, 22), blue))?;
    area.draw(&Circle::new((validation + 11 * U, y), 3 * U, blue.filled()))?;
    area.draw(&PathElement::new(line(kept, 8), dim))?;
    area.draw(&PathElement::new(line(kept + 14 * U, 8), dim))?;
    write(area, "training", (train + 27 * U, y))?;
    write(area, "validation", (validation + 27 * U, y))?;
    write(area, &format!("kept: epoch {best}"), (kept + 27 * U, y))
}
