//! Grids of small images: images with their labels or predictions, and the weights of the first layer.

use std::fmt::Write;

use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, Rgba, RgbaImage, imageops};
use inkbit_core::Model;

use super::theme::{self, DIM, GRID, INK, RED, Shade};
use super::{Picture, TEXT, UNIT, WIDTH, data_address, escape, shortened};
use crate::data::Images;
use crate::report::units;

/// A test image and what a model takes it for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its pixels, row by row, 0 for paper and 255 for ink.
    pub pixels: Vec<u8>,
    /// Label of its class.
    pub truth: String,
    /// Label of the class that it is taken for.
    pub class: String,
    /// How sure the model is of that, from 0 to 1.
    pub confidence: f64,
}

/// Test images of `side` × `side` pixels with what they are and what they are taken for. `what`
/// begins the alternative text.
#[must_use]
pub fn samples(name: &'static str, what: &str, side: usize, samples: &[Sample]) -> Picture {
    const LABEL: usize = 10;
    let grid = Grid { columns: 4, image: 92 * UNIT, cell: (WIDTH / 4, 158 * UNIT) };
    let mut body = String::new();
    for (index, sample) in samples.iter().enumerate() {
        let wrong = sample.truth != sample.class;
        let png = encode(&picture(&sample.pixels, side).into());
        grid.place(&mut body, index, &png, "ink");
        let [truth, class] = [&sample.truth, &sample.class].map(|label| shortened(label, LABEL));
        let sure = format!("{:.0} % sure", 100.0 * sample.confidence);
        let shade = if wrong { RED } else { INK };
        grid.caption(&mut body, index, 0, INK, &format!("true: {truth}"));
        grid.caption(&mut body, index, 1, shade, &format!("read: {class}"));
        grid.caption(&mut body, index, 2, DIM, &sure);
    }
    let words = samples.iter().map(|Sample { truth, class, confidence, .. }| {
        format!("{truth} read as {class} ({:.0} %)", 100.0 * confidence)
    });
    let alt = format!("{what}: {}.", words.collect::<Vec<_>>().join(", "));
    let sheet = sheet(samples.iter().map(|sample| picture(&sample.pixels, side).into()), side);
    Picture { png: Some(sheet), ..Picture::new(name, grid.size(samples.len()), alt, body) }
}

/// The first images, at most `count`, with the labels of their classes.
#[must_use]
pub fn images(images: &Images, classes: &[String], count: usize) -> Picture {
    let grid = Grid { columns: 6, image: 70 * UNIT, cell: (WIDTH / 6, 98 * UNIT) };
    let mut body = String::new();
    let shown: Vec<(&[u8], &str)> = images
        .iter()
        .take(count)
        .map(|(pixels, class)| (pixels, classes[class].as_str()))
        .collect();
    for (index, (pixels, label)) in shown.iter().enumerate() {
        let png = encode(&picture(pixels, images.side).into());
        grid.place(&mut body, index, &png, "ink");
        grid.caption(&mut body, index, 0, INK, &shortened(label, 9));
    }
    let labels: Vec<&str> = shown.iter().map(|&(_, label)| label).collect();
    let alt = format!("{} images, labelled {}.", shown.len(), labels.join(", "));
    let sheet =
        sheet(shown.iter().map(|(pixels, _)| picture(pixels, images.side).into()), images.side);
    Picture { png: Some(sheet), ..Picture::new("images", grid.size(shown.len()), alt, body) }
}

/// What the units of the first layer look for: those with the greatest weights. In a model of one
/// layer they have the labels of the classes.
#[must_use]
pub fn weights(model: &Model<'_>, classes: &[String]) -> Picture {
    const UNITS: usize = 24;
    let Some(layer) = model.layers().first() else {
        return Picture::new("weights", (WIDTH, 0), String::new(), String::new());
    };
    let width = model.input().width();
    let units = units::strongest(model, UNITS);
    let grid = Grid { columns: 6, image: 70 * UNIT, cell: (WIDTH / 6, 98 * UNIT) };
    let mut body = String::new();
    let pictures: Vec<DynamicImage> =
        units.iter().map(|&unit| signed(&units::weights(model, unit), width).into()).collect();
    for (index, (&unit, picture)) in units.iter().zip(&pictures).enumerate() {
        grid.place(&mut body, index, &encode(picture), "weights");
        grid.caption(&mut body, index, 0, INK, &shortened(&units::name(model, classes, unit), 9));
    }
    let alt = format!(
        "The weights of {} of the first layer's {} units as images of {width} by {width} pixels: \
         orange where ink speaks for a unit, blue where it speaks against it.",
        units.len(),
        layer.outputs()
    );
    let sheet = sheet(pictures.into_iter(), width);
    Picture { png: Some(sheet), ..Picture::new("weights", grid.size(units.len()), alt, body) }
}

/// Where the images of a grid lie, in units.
struct Grid {
    columns: u32,
    /// Edge of an image.
    image: u32,
    /// Width and height of an image with its captions.
    cell: (u32, u32),
}

impl Grid {
    fn size(&self, count: usize) -> (u32, u32) {
        (WIDTH, (count as u32).div_ceil(self.columns).max(1) * self.cell.1)
    }

    /// Left and upper edge of an image.
    fn corner(&self, index: usize) -> (u32, u32) {
        let (row, column) = (index as u32 / self.columns, index as u32 % self.columns);
        (column * self.cell.0 + (self.cell.0 - self.image) / 2, row * self.cell.1 + UNIT)
    }

    // Writing to a String cannot fail, here and below.
    fn place(&self, body: &mut String, index: usize, png: &[u8], class: &str) {
        let ((x, y), edge) = (self.corner(index), self.image);
        let _ = writeln!(
            body,
            "<image class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{edge}\" height=\"{edge}\" \
             style=\"image-rendering:pixelated\" href=\"{}\"/>\n<rect x=\"{x}\" y=\"{y}\" \
             width=\"{edge}\" height=\"{edge}\" fill=\"none\" stroke=\"{}\" \
             stroke-width=\"{UNIT}\"/>",
            data_address(png),
            theme::hex(GRID.light)
        );
    }

    fn caption(&self, body: &mut String, index: usize, line: u32, shade: Shade, words: &str) {
        let (x, y) = self.corner(index);
        let (x, y) = (x + self.image / 2, y + self.image + (line + 1) * TEXT * 6 / 5);
        let size = TEXT * 9 / 10;
        let _ = writeln!(
            body,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-family=\"sans-serif\" \
             font-size=\"{size}\" fill=\"{}\">{}</text>",
            theme::hex(shade.light),
            escape(words)
        );
    }
}

/// Dark ink on white paper.
fn picture(pixels: &[u8], side: usize) -> GrayImage {
    GrayImage::from_fn(side as u32, side as u32, |x, y| {
        image::Luma([255 - pixels.get(y as usize * side + x as usize).copied().unwrap_or_default()])
    })
}

/// Weights as opaque as they are great, orange above 0 and blue below: for any background.
fn signed(weights: &[i32], width: usize) -> RgbaImage {
    let greatest = weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(1).max(1);
    RgbaImage::from_fn(width as u32, width as u32, |x, y| {
        let weight = weights.get(y as usize * width + x as usize).copied().unwrap_or_default();
        let [red, green, blue] = if weight > 0 { [230, 100, 0] } else { [40, 120, 240] };
        Rgba([red, green, blue, (weight.unsigned_abs() * 255 / greatest) as u8])
    })
}

fn encode(picture: &DynamicImage) -> Vec<u8> {
    let mut png = Vec::new();
    let colour: ExtendedColorType = picture.color().into();
    PngEncoder::new(&mut png)
        .write_image(picture.as_bytes(), picture.width(), picture.height(), colour)
        .expect("a vector takes all that is written");
    png
}

/// All images on one white sheet, larger, without captions.
fn sheet(pictures: impl Iterator<Item = DynamicImage>, side: usize) -> Vec<u8> {
    const COLUMNS: u32 = 6;
    let pictures: Vec<DynamicImage> = pictures.collect();
    let (scale, gap) = ((112 / side as u32).max(1), 4);
    let edge = side as u32 * scale;
    let rows = (pictures.len() as u32).div_ceil(COLUMNS).max(1);
    let size = |count: u32| gap + count * (edge + gap);
    let white = Rgba([255, 255, 255, 255]);
    let mut sheet = RgbaImage::from_pixel(size(COLUMNS), size(rows), white);
    for (index, picture) in pictures.iter().enumerate() {
        let (row, column) = (index as u32 / COLUMNS, index as u32 % COLUMNS);
        let larger = picture.resize(edge, edge, imageops::FilterType::Nearest).to_rgba8();
        imageops::overlay(&mut sheet, &larger, size(column).into(), size(row).into());
    }
    encode(&sheet.into())
}
