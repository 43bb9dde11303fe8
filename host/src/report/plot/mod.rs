//! The figures of a report: SVG with an alternative text.

mod bars;
mod curves;
mod grids;
mod matrix;
mod refusal;
pub mod theme;

use std::fmt::Display;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::support::numbers::percent;
use crate::support::visible;
pub use bars::{activity, calibration, logit_differences};
pub use curves::{accuracy, loss};
pub use grids::{Sample, images, samples, weights};
pub use matrix::confusion;
pub use refusal::refusal;
use theme::Shade;

/// Units per point of text. Plotters rounds positions to whole units; whole points would be coarse.
const UNIT: u32 = 2;
/// `UNIT` for coordinates.
const U: i32 = UNIT as i32;
/// Default width of a figure. Its text is readable on a phone.
const WIDTH: u32 = 480 * UNIT;
const FONT_SIZE: u32 = 14 * UNIT;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;
type Failed = DrawingAreaErrorKind<std::io::Error>;
pub(crate) type Drawn = Result<(), Failed>;

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Name of its file, without extension.
    pub name: &'static str,
    /// Alternative text.
    pub alt: String,
    /// Width and height in units, two per pixel.
    size: (u32, u32),
    body: String,
    /// A PNG without captions, if the figure consists of images.
    pub png: Option<Vec<u8>>,
}

impl Figure {
    fn draw(
        name: &'static str,
        size: (u32, u32),
        alt: String,
        draw: impl FnOnce(&Area<'_>) -> Drawn,
    ) -> Self {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let drawn = draw(&area).and_then(|()| area.present());
        drop(area);
        drawn.expect("drawing into memory does not fail");
        // `element` writes the `svg` element with the attributes that plotters lacks.
        let start = svg.find('>').map_or(0, |end| end + 1);
        let end = svg.rfind("</svg>").unwrap_or(svg.len());
        Self { name, size, alt, body: svg[start..end].to_owned(), png: None }
    }

    /// Width in pixels below which its text is hard to read; 0 for a figure of default width.
    pub fn least_width(&self) -> u32 {
        if self.size.0 > WIDTH { self.size.0 / UNIT } else { 0 }
    }

    /// The `svg` element for a page that includes the [style sheet](theme::style_sheet).
    pub fn inline(&self) -> String {
        self.element("")
    }

    /// A self-contained file.
    pub fn file(&self) -> String {
        self.element(&format!(
            "<style>{}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            theme::style_sheet(),
            theme::hex(theme::BACKGROUND.light)
        ))
    }

    fn element(&self, before: &str) -> String {
        let (width, height) = self.size;
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{}\" width=\"{}\" height=\"{}\" style=\"max-width:{}px\" viewBox=\"0 0 {width} {height}\">\n{before}{}</svg>\n",
            escape(&self.alt),
            width / UNIT,
            height / UNIT,
            // The text of a larger figure would be larger than the text around it.
            width / UNIT * 4 / 3,
            self.body
        );
        // Control characters are no XML.
        visible::lines(&text)
    }
}

/// Escapes text for the content of an element or of an attribute.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A text style with a colour and an anchor.
fn style(size: u32, shade: Shade, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", f64::from(size) * 1.24).into_font();
    font.color(&shade.light.to_rgba()).into_text_style(&(1, 1)).pos(Pos::new(horizontal, vertical))
}

/// Writes text to the right of a point, centred vertically.
fn write(area: &Area<'_>, text: &str, at: (i32, i32)) -> Drawn {
    area.draw(&Text::new(text, at, style(FONT_SIZE, theme::TEXT, HPos::Left, VPos::Center)))
}

/// A chart with axes, grid lines at the labels of the vertical axis, and `above` units of space above.
fn chart<'a, 'b, X, Y>(
    area: &'a Area<'b>,
    above: u32,
    (x, x_name): (X, &str),
    (y, y_name): (Y, &str),
) -> Result<Chart<'a, 'b, X::CoordDescType, Y::CoordDescType>, Failed>
where
    X: AsRangedCoord<Value: Display, CoordDescType: ValueFormatter<X::Value>>,
    Y: AsRangedCoord<Value: Display, CoordDescType: ValueFormatter<Y::Value>>,
{
    let mut chart = ChartBuilder::on(area)
        .margin(8 * UNIT)
        .margin_top(above)
        .margin_right(16 * UNIT)
        .x_label_area_size(40 * UNIT)
        .y_label_area_size(60 * UNIT)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_desc(x_name)
        .y_desc(y_name)
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|value| tick(value))
        .y_label_formatter(&|value| tick(value))
        .label_style(style(FONT_SIZE, theme::DIM, HPos::Center, VPos::Center))
        .axis_desc_style(style(FONT_SIZE, theme::TEXT, HPos::Center, VPos::Center))
        .axis_style(theme::DIM.light)
        .bold_line_style(theme::GRID.light)
        .light_line_style(theme::GRID.light.mix(0.0))
        .draw()?;
    Ok(chart)
}

/// A number on an axis, without trailing zeros and without a sign of zero.
fn tick(value: &impl Display) -> String {
    let mut text = format!("{value:.4}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if text == "-0" { "0".to_owned() } else { text }
}

/// Truncates a label to `room` characters.
fn shortened(label: &str, room: usize) -> String {
    if label.chars().count() <= room {
        return label.to_owned();
    }
    label.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}
