//! The pictures of a report, each as SVG with an alternative text.

mod bars;
mod curves;
mod grids;
mod matrix;
pub mod theme;

use std::fmt::Display;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, IntoTextStyle, TextStyle};

use crate::support::numbers::percent;
pub use bars::{activity, calibration, logit_differences};
pub use curves::{accuracy, loss};
pub use grids::{Sample, images, samples, weights};
pub use matrix::confusion;
use theme::Shade;

/// Units to a point of text: plotters places everything on whole units, and one would be coarse.
const UNIT: u32 = 2;
/// Width of a picture that need not be wider: its text can still be read on a telephone.
const WIDTH: u32 = 480 * UNIT;
/// Size of text.
const TEXT: u32 = 14 * UNIT;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// With what a picture's file begins.
pub const BEGIN: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"";

/// One picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its file's name without an ending.
    pub name: &'static str,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// Width and height in units, two to a pixel.
    size: (u32, u32),
    /// What is within the `svg` element.
    body: String,
    /// The same as PNG without captions, if it is made of pixels.
    pub png: Option<Vec<u8>>,
}

impl Picture {
    fn new(name: &'static str, size: (u32, u32), alt: String, body: String) -> Self {
        Self { name, alt, size, body, png: None }
    }

    /// Draws a picture with plotters.
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
        drawn.expect("a text takes all that is drawn");
        // The element is written anew, with what plotters leaves out.
        let start = svg.find('>').map_or(0, |end| end + 1);
        let end = svg.rfind("</svg>").unwrap_or(svg.len());
        Self::new(name, size, alt, svg[start..end].to_owned())
    }

    /// Width in pixels below which the text in it would be hard to read.
    #[must_use]
    pub fn least_width(&self) -> u32 {
        if self.size.0 > WIDTH { self.size.0 / UNIT } else { 0 }
    }

    /// The `svg` element, for a page that has the [style sheet](theme::style_sheet).
    #[must_use]
    pub fn inline(&self) -> String {
        self.element("")
    }

    /// A file that stands on its own.
    #[must_use]
    pub fn file(&self) -> String {
        let style = format!("<style>{}</style>\n", theme::style_sheet());
        let paper = format!(
            "<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
            theme::hex(theme::PAPER.light)
        );
        self.element(&(style + &paper))
    }

    fn element(&self, before: &str) -> String {
        let (width, height) = self.size;
        format!(
            "{BEGIN}{}\" width=\"{}\" height=\"{}\" style=\"max-width:{}px\" viewBox=\"0 0 {width} {height}\">\n{before}{}</svg>\n",
            escape(&self.alt),
            width / UNIT,
            height / UNIT,
            // Larger, its letters would be out of proportion to those around it.
            width / UNIT * 4 / 3,
            self.body
        )
    }
}

/// Text as the content of an element or of an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Text in a colour, its anchor as given.
fn text(size: u32, shade: Shade, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    let font = ("sans-serif", f64::from(size) * 1.24).into_font();
    font.color(&shade.light.to_rgba()).into_text_style(&(1, 1)).pos(Pos::new(horizontal, vertical))
}

/// Both axes of a chart, and lines behind it from the labels of the upright one.
fn axes<X, Y>(chart: &mut Chart<'_, '_, X, Y>, across: &str, upwards: &str) -> Drawn
where
    X: Ranged<ValueType: Display> + ValueFormatter<X::ValueType>,
    Y: Ranged<ValueType: Display> + ValueFormatter<Y::ValueType>,
{
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_desc(across)
        .y_desc(upwards)
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|value| tick(value))
        .y_label_formatter(&|value| tick(value))
        .label_style(text(TEXT, theme::DIM, HPos::Center, VPos::Center))
        .axis_desc_style(text(TEXT, theme::INK, HPos::Center, VPos::Center))
        .axis_style(theme::DIM.light)
        .bold_line_style(theme::GRID.light)
        .light_line_style(theme::GRID.light.mix(0.0))
        .draw()
}

/// A number on an axis, without the digits that its rounding has left, and without a sign of zero.
fn tick(value: &impl Display) -> String {
    let text = format!("{value:.4}");
    let text = match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => &text,
    };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The beginning of a label, so much of it as a place of `room` characters takes.
fn shortened(label: &str, room: usize) -> String {
    if label.chars().count() <= room {
        return label.to_owned();
    }
    let start: String = label.chars().take(room.saturating_sub(1)).collect();
    start + "…"
}

/// A file as an address that holds it.
fn data_address(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png))
}
