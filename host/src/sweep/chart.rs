//! The figure of a sweep: accuracy against bytes and against instructions.

use plotters::coord::combinators::{BindKeyPoints, LogCoord, WithKeyPoints};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Row, Table};
use crate::report::plot::{Area, Drawn};
use crate::support::visible;

/// Width and height in pixels.
const SIZE: (u32, u32) = (1200, 560);
const PUBLISHED_COLOUR: RGBColor = RGBColor(213, 94, 0);
/// Colours of the sweep's networks by the bits of their weights, distinct to colour-blind readers
/// (Okabe and Ito).
const COLOURS: [(&str, RGBColor); 4] = [
    ("8", RGBColor(0, 114, 178)),
    ("4", RGBColor(0, 158, 115)),
    ("2", RGBColor(204, 121, 167)),
    ("mixed", RGBColor(90, 90, 90)),
];
const PUBLISHED_BY: &str = "BitNetMCU (published)";
/// Bytes, instructions on a Cortex-M3 where they were counted, and test accuracy on MNIST of
/// BitNetMCU's networks (cpldcpu/BitNetMCU on GitHub): 16 × 16 inputs, selected on the test images.
/// The instructions are those of its 256-64-64-64-10 at 4 bits, without shrinking the image.
const PUBLISHED: [(f64, Option<f64>, f64); 5] = [
    (3.0 * 1024.0, None, 0.9679),
    (6.0 * 1024.0, None, 0.9813),
    (8.5 * 1024.0, None, 0.9872),
    (12.3 * 1024.0, Some(208_165.0), 0.9901),
    (16.6 * 1024.0, None, 0.9904),
];

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<WithKeyPoints<LogCoord<f64>>, RangedCoordf64>>;

/// Cost, and accuracy in percent.
type Point = (f64, f64);

/// Draws a sweep's networks, their Pareto fronts, and for MNIST published networks.
pub fn svg(table: &Table) -> String {
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    draw(&root, table).expect("drawing into memory does not fail");
    drop(root);
    visible::lines(&svg)
}

struct Panel {
    title: &'static str,
    axis: &'static str,
    cost: fn(&Row) -> f64,
    front: fn(&Row) -> bool,
    published: Vec<Point>,
}

fn draw(root: &Area<'_>, table: &Table) -> Drawn {
    root.fill(&WHITE)?;
    let published = PUBLISHED.into_iter().filter(|_| table.data == "mnist");
    let panels = [
        Panel {
            title: "Accuracy against size",
            axis: "bytes of the blob",
            cost: |row| row.bytes as f64,
            front: |row| row.front,
            published: published.clone().map(|(bytes, _, y)| (bytes, 100.0 * y)).collect(),
        },
        Panel {
            title: "Accuracy against computation",
            axis: "instructions per image (Cortex-M3, estimated)",
            cost: |row| row.instructions,
            front: |row| row.fast_front,
            published: published.filter_map(|(_, count, y)| Some((count?, 100.0 * y))).collect(),
        },
    ];
    for (area, panel) in root.split_evenly((1, 2)).iter().zip(&panels) {
        panel.draw(area, table)?;
    }
    root.present()
}

impl Panel {
    fn draw(&self, area: &Area<'_>, table: &Table) -> Drawn {
        let seeds = |row: &Row| -> Vec<Point> {
            let cost = (self.cost)(row);
            row.trainings.iter().map(|one| (cost, 100.0 * one.test_accuracy)).collect()
        };
        let all: Vec<Point> =
            table.networks.iter().flat_map(seeds).chain(self.published.iter().copied()).collect();
        let [x, y] = ranges(&all);
        let mut chart = ChartBuilder::on(area)
            .caption(self.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d((x.0..x.1).log_scale().with_key_points(ticks(x)), y.0..y.1)?;
        chart
            .configure_mesh()
            .x_desc(self.axis)
            .y_desc(format!("{} test accuracy, %", table.data))
            .x_label_formatter(&|value| count(*value))
            .y_label_formatter(&|value| format!("{value:.1}"))
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 15))
            .light_line_style(WHITE)
            .draw()?;
        self.draw_fronts(&mut chart, table)?;
        for (bits, colour) in COLOURS {
            let rows = || table.networks.iter().filter(move |row| key(row) == bits);
            if rows().next().is_none() {
                continue;
            }
            let small = |at| Circle::new(at, 2, colour.mix(0.4).filled());
            chart.draw_series(rows().flat_map(seeds).map(small))?;
            let means = rows().map(|row| Circle::new(self.mean(row), 4, colour.filled()));
            let label = if bits == "mixed" { bits.to_owned() } else { format!("{bits} bits") };
            chart
                .draw_series(means)?
                .label(label)
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
        }
        if !self.published.is_empty() {
            let style = PUBLISHED_COLOUR.stroke_width(2);
            chart
                .draw_series(self.published.iter().map(|&at| Cross::new(at, 5, style)))?
                .label(PUBLISHED_BY)
                .legend(move |(x, y)| Cross::new((x + 9, y), 5, style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .label_font(("sans-serif", 13))
            .margin(8)
            .draw()
    }

    /// A network at its mean test accuracy.
    fn mean(&self, row: &Row) -> Point {
        ((self.cost)(row), 100.0 * row.test_accuracy)
    }

    /// Connects the networks on the front in order of cost.
    fn draw_fronts(&self, chart: &mut Chart<'_, '_>, table: &Table) -> Drawn {
        let front = table.networks.iter().filter(|row| (self.front)(row));
        let mut front: Vec<Point> = front.map(|row| self.mean(row)).collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        if front.is_empty() {
            return Ok(());
        }
        let line = BLACK.mix(0.7).stroke_width(2);
        chart
            .draw_series(LineSeries::new(front, line))?
            .label("Pareto front (by validation)")
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], line));
        let published = PUBLISHED_COLOUR.mix(0.5).stroke_width(1);
        chart.draw_series(LineSeries::new(self.published.iter().copied(), published))?;
        Ok(())
    }
}

/// The key of a network in [`COLOURS`].
fn key(row: &Row) -> &str {
    if row.bits.contains('/') { "mixed" } else { &row.bits }
}

/// Ranges of both axes, with a margin around the points; accuracy ends at 100 %.
fn ranges(points: &[Point]) -> [(f64, f64); 2] {
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    let x = range(&mut points.iter().map(|point| point.0));
    let y = range(&mut points.iter().map(|point| point.1));
    let (Some((left, right)), Some((bottom, top))) = (x, y) else {
        return [(1.0, 10.0), (0.0, 100.0)];
    };
    let margin = ((top - bottom) * 0.08).max(0.1);
    [(left / 1.3, right * 1.3), ((bottom - margin).max(0.0), (top + margin).min(100.0))]
}

/// 1, 2 and 5 times the powers of ten within a range.
fn ticks((least, most): (f64, f64)) -> Vec<f64> {
    let powers = (0..=9).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    powers.filter(|tick| (least..=most).contains(tick)).collect()
}

/// A number of bytes or instructions: `12k`, `1.5M`.
fn count(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", (value / 1e5).round() / 10.0),
        value if value >= 1e3 => format!("{}k", (value / 1e2).round() / 10.0),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_networks_are_drawn_only_for_mnist_even_if_the_sweep_is_empty() {
        for (data, expected) in [("mnist", true), ("digits", false)] {
            let table = Table { data: data.to_owned(), ..Table::default() };
            let svg = svg(&table);
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
            assert_eq!(svg.contains(PUBLISHED_BY), expected);
        }
    }

    #[test]
    fn axes_have_few_and_short_labels() {
        assert_eq!(ticks((2500.0, 36_000.0)), [5000.0, 10_000.0, 20_000.0]);
        assert_eq!([950.0, 1000.0, 12_350.0, 1.5e6].map(count), ["950", "1k", "12.4k", "1.5M"]);
    }
}
