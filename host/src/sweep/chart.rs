//! The picture of a sweep: accuracy against bytes and against instructions.

use plotters::coord::Shift;
use plotters::coord::combinators::{BindKeyPoints, LogCoord, WithKeyPoints};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::published::BY;
use super::{PUBLISHED, Row, Table};

/// Pixels of the whole picture.
const SIZE: (u32, u32) = (1200, 560);
/// Published networks, and this sweep's.
const THEIRS: RGBColor = RGBColor(213, 94, 0);
/// Networks by the widths of their weights; the last for those that mix them. Distinct to
/// colour-blind readers (Okabe and Ito).
const COLOURS: [(&str, RGBColor); 4] = [
    ("8", RGBColor(0, 114, 178)),
    ("4", RGBColor(0, 158, 115)),
    ("2", RGBColor(204, 121, 167)),
    ("mixed", RGBColor(90, 90, 90)),
];

type Failed = DrawingAreaErrorKind<std::io::Error>;

/// A point of a picture: cost, and accuracy in percent.
type Point = (f64, f64);

/// Draws a sweep's networks, their Pareto fronts, and for MNIST what others have published.
///
/// # Panics
///
/// Never: it is drawn into memory.
#[must_use]
pub fn svg(table: &Table) -> String {
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        draw(&root, table).expect("memory takes what is drawn");
    }
    picture
}

/// One of the two panels.
struct Panel {
    title: &'static str,
    axis: &'static str,
    cost: fn(&Row) -> f64,
    front: fn(&Row) -> bool,
    published: Vec<Point>,
}

fn draw(root: &DrawingArea<SVGBackend<'_>, Shift>, table: &Table) -> Result<(), Failed> {
    root.fill(&WHITE)?;
    let published = |cost: fn(&super::Published) -> Option<f64>| -> Vec<Point> {
        let known = PUBLISHED.iter().filter(|_| table.data == "mnist");
        known.filter_map(|one| Some((cost(one)?, 100.0 * one.accuracy))).collect()
    };
    let panels = [
        Panel {
            title: "Accuracy against size",
            axis: "bytes of the blob",
            cost: |row| row.bytes as f64,
            front: |row| row.front,
            published: published(|one| Some(one.bytes)),
        },
        Panel {
            title: "Accuracy against work",
            axis: "instructions per image (Cortex-M3, estimated)",
            cost: |row| row.instructions,
            front: |row| row.fast_front,
            published: published(|one| one.instructions),
        },
    ];
    for (area, panel) in root.split_evenly((1, 2)).iter().zip(&panels) {
        panel.draw(area, table)?;
    }
    root.present()
}

impl Panel {
    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>, table: &Table) -> Result<(), Failed> {
        let points = |row: &Row| -> Vec<Point> {
            let cost = (self.cost)(row);
            row.trainings.iter().map(|one| (cost, 100.0 * one.test_accuracy)).collect()
        };
        let all: Vec<Point> =
            table.networks.iter().flat_map(points).chain(self.published.iter().copied()).collect();
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
            let seeds = rows().flat_map(points);
            chart.draw_series(seeds.map(|at| Circle::new(at, 2, colour.mix(0.4).filled())))?;
            let means = rows().map(|row| ((self.cost)(row), 100.0 * row.test_accuracy));
            let label = if bits == "mixed" { bits.to_owned() } else { format!("{bits} bits") };
            chart
                .draw_series(means.map(|at| Circle::new(at, 4, colour.filled())))?
                .label(label)
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
        }
        if !self.published.is_empty() {
            chart
                .draw_series(
                    self.published.iter().map(|&at| Cross::new(at, 5, THEIRS.stroke_width(2))),
                )?
                .label(BY)
                .legend(|(x, y)| Cross::new((x + 9, y), 5, THEIRS.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .label_font(("sans-serif", 13))
            .margin(8)
            .draw()?;
        Ok(())
    }

    /// The networks on the front, in order of cost, at their mean test accuracies.
    fn draw_fronts(&self, chart: &mut Chart<'_, '_>, table: &Table) -> Result<(), Failed> {
        let mut front: Vec<Point> = table
            .networks
            .iter()
            .filter(|row| (self.front)(row))
            .map(|row| ((self.cost)(row), 100.0 * row.test_accuracy))
            .collect();
        front.sort_by(|a, b| a.0.total_cmp(&b.0));
        let line = BLACK.mix(0.7).stroke_width(2);
        if front.is_empty() {
            return Ok(());
        }
        chart
            .draw_series(LineSeries::new(front, line))?
            .label("Pareto front (by validation)")
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], line));
        let theirs = THEIRS.mix(0.5).stroke_width(1);
        chart.draw_series(LineSeries::new(self.published.iter().copied(), theirs))?;
        Ok(())
    }
}

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<WithKeyPoints<LogCoord<f64>>, RangedCoordf64>>;

/// Which colour a network has.
fn key(row: &Row) -> &str {
    if row.bits.contains('/') { "mixed" } else { &row.bits }
}

/// Limits of both axes with some room around the points; accuracy ends at 100 %.
fn ranges(points: &[Point]) -> [(f64, f64); 2] {
    let least = |axis: fn(&Point) -> f64| points.iter().map(axis).fold(f64::INFINITY, f64::min);
    let most = |axis: fn(&Point) -> f64| points.iter().map(axis).fold(f64::NEG_INFINITY, f64::max);
    if points.is_empty() {
        return [(1.0, 10.0), (0.0, 100.0)];
    }
    let (bottom, top) = (least(|point| point.1), most(|point| point.1));
    let room = ((top - bottom) * 0.08).max(0.1);
    [
        (least(|point| point.0) / 1.3, most(|point| point.0) * 1.3),
        ((bottom - room).max(0.0), (top + room).min(100.0)),
    ]
}

/// 1, 2 and 5 times every power of ten between two limits.
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
    fn published_points_are_drawn_for_mnist_only_and_an_empty_sweep_is_no_fault() {
        for (data, expected) in [("mnist", true), ("digits", false)] {
            let table = Table { data: data.to_owned(), ..Table::default() };
            let picture = svg(&table);
            assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"), "{picture}");
            assert_eq!(picture.contains(BY), expected);
        }
    }

    #[test]
    fn axes_are_labelled_sparsely_and_briefly() {
        assert_eq!(ticks((2500.0, 36_000.0)), [5000.0, 10_000.0, 20_000.0]);
        assert_eq!([950.0, 1000.0, 12_350.0, 1.5e6].map(count), ["950", "1k", "12.4k", "1.5M"]);
    }
}
