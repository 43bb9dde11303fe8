//! Grids of small images: samples with labels or predictions, and the weights of the first layer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, Rgba, RgbaImage, imageops};
use inkbit_core::{Layer, Model};

use super::theme::{self, DIM, GRID, RED, Shade, TEXT};
use super::{FONT_SIZE, Figure, UNIT, WIDTH, escape, shortened};
use crate::data::{Images, Shape};
use crate::report::units;

/// A test image and its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its bytes: of an image pixels row by row, from 0 (background) to 255 (ink).
    pub pixels: Vec<u8>,
    /// Label of the true class.
    pub truth: String,
    /// Label of the predicted class.
    pub class: String,
    /// Confidence of the prediction, from 0 to 1.
    pub confidence: f64,
}

/// Test images with true and predicted classes. `title` begins the alternative text.
pub fn samples(name: &'static str, title: &str, shape: &Shape, samples: &[Sample]) -> Figure {
    const LABEL: usize = 10;
    let tile = |Sample { pixels, truth, class, confidence }: &Sample| Tile {
        image: grey(shape, pixels),
        captions: vec![
            (TEXT, format!("true: {}", shortened(truth, LABEL))),
            (if truth == class { TEXT } else { RED }, format!("read: {}", shortened(class, LABEL))),
            (DIM, format!("{:.0} % sure", 100.0 * confidence)),
        ],
    };
    let words = samples.iter().map(|Sample { truth, class, confidence, .. }| {
        format!("{truth} read as {class} ({:.0} %)", 100.0 * confidence)
    });
    let alt = format!("{title}: {}.", words.collect::<Vec<_>>().join(", "));
    let grid = Grid { columns: 4, image: 92 * UNIT, height: 158 * UNIT, class: "ink" };
    grid.figure(name, alt, samples.iter().map(tile).collect())
}

/// The first images, at most `count`, with the labels of their classes.
pub fn images(images: &Images, classes: &[String], count: usize) -> Figure {
    let shown = || images.iter().take(count);
    let tile = |(pixels, class): (&[u8], usize)| {
        Tile::labelled(grey(&images.shape, pixels), &classes[class])
    };
    let labels: Vec<&str> = shown().map(|(_, class)| classes[class].as_str()).collect();
    let alt = format!("{} images, labelled {}.", labels.len(), labels.join(", "));
    Grid::labelled("ink").figure("images", alt, shown().map(tile).collect())
}

/// The units of the first layer with the greatest weights. Units of a model of one layer have the
/// labels of the classes.
pub fn weights(model: &Model<'_>, classes: &[String]) -> Figure {
    const UNITS: usize = 24;
    /// The most columns of features' weights: of several that fall into one, the greatest is drawn.
    const COLUMNS: usize = 128;
    let [width, height] = model.input().size();
    // Features are one row, drawn as high as it is wide.
    let together = if height == 1 { width.div_ceil(COLUMNS) } else { 1 };
    let columns = width.div_ceil(together);
    let rows = if height == 1 { columns } else { height };
    let units = units::strongest(model, UNITS);
    let tile = |&unit: &usize| {
        let greatest = |some: &[i32]| some.iter().copied().max_by_key(|weight| weight.abs());
        let weights: Vec<i32> =
            units::weights(model, unit).chunks(together).filter_map(greatest).collect();
        let image = signed(&weights.repeat(rows / height), [columns, rows]);
        Tile::labelled(image, &units::name(model, classes, unit))
    };
    let alt = format!(
        "The weights of {} of the first layer's {} units as images of {width} by {height} pixels: \
         orange where ink raises the output of a unit, blue where it lowers it.",
        units.len(),
        model.layers().first().map_or(0, Layer::outputs)
    );
    Grid::labelled("weights").figure("weights", alt, units.iter().map(tile).collect())
}

/// An image with lines of text below it.
struct Tile {
    image: DynamicImage,
    captions: Vec<(Shade, String)>,
}

impl Tile {
    fn labelled(image: DynamicImage, label: &str) -> Self {
        Self { image, captions: vec![(TEXT, shortened(label, 9))] }
    }
}

/// Layout of a grid; lengths in units.
struct Grid {
    columns: u32,
    /// Side length of an image.
    image: u32,
    /// Height of an image with its captions.
    height: u32,
    /// Class of the `image` elements.
    class: &'static str,
}

impl Grid {
    /// The layout of tiles with one caption.
    const fn labelled(class: &'static str) -> Self {
        Self { columns: 6, image: 70 * UNIT, height: 98 * UNIT, class }
    }

    fn figure(&self, name: &'static str, alt: String, tiles: Vec<Tile>) -> Figure {
        let Self { columns, image: side, height, class } = *self;
        let (frame, width) = (theme::hex(GRID.light), WIDTH / columns);
        let mut body = String::new();
        for (index, Tile { image, captions }) in (0..).zip(&tiles) {
            let (x, y) =
                (index % columns * width + (width - side) / 2, index / columns * height + UNIT);
            body += &format!(
                "<image class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" \
                 style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>\n<rect \
                 x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" fill=\"none\" \
                 stroke=\"{frame}\" stroke-width=\"{UNIT}\"/>\n",
                BASE64_STANDARD.encode(encode(image))
            );
            for (line, (shade, text)) in (1..).zip(captions) {
                body += &format!(
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-family=\"sans-serif\" \
                     font-size=\"{}\" fill=\"{}\">{}</text>\n",
                    x + side / 2,
                    y + side + line * FONT_SIZE * 6 / 5,
                    FONT_SIZE * 9 / 10,
                    theme::hex(shade.light),
                    escape(text)
                );
            }
        }
        let size = (WIDTH, (tiles.len() as u32).div_ceil(columns).max(1) * height);
        Figure { name, alt, size, body, png: Some(sheet(&tiles)) }
    }
}

/// Dark ink on white.
fn grey(shape: &Shape, sample: &[u8]) -> DynamicImage {
    let (width, pixels) = shape.picture(sample);
    let inverted: Vec<u8> = pixels.iter().map(|pixel| 255 - pixel).collect();
    let height = inverted.len() / width.max(1);
    GrayImage::from_raw(width as u32, height as u32, inverted).expect("rows of pixels").into()
}

/// Weights in orange above 0 and blue below, transparent at 0, for any background.
fn signed(weights: &[i32], [width, height]: [usize; 2]) -> DynamicImage {
    let greatest = weights.iter().map(|weight| weight.unsigned_abs()).max().unwrap_or(1).max(1);
    let pixel = |&weight: &i32| {
        let [red, green, blue] = if weight > 0 { [230, 100, 0] } else { [40, 120, 240] };
        [red, green, blue, (weight.unsigned_abs() * 255 / greatest) as u8]
    };
    let pixels = weights.iter().flat_map(pixel).collect();
    RgbaImage::from_raw(width as u32, height as u32, pixels).expect("rows of weights").into()
}

fn encode(image: &DynamicImage) -> Vec<u8> {
    let mut png = Vec::new();
    let colour: ExtendedColorType = image.color().into();
    PngEncoder::new(&mut png)
        .write_image(image.as_bytes(), image.width(), image.height(), colour)
        .expect("a vector takes any PNG");
    png
}

/// A PNG of all images on white, enlarged and without captions.
fn sheet(tiles: &[Tile]) -> Vec<u8> {
    const COLUMNS: u32 = 6;
    const GAP: u32 = 4;
    let side = tiles.first().map_or(1, |tile| tile.image.width().max(tile.image.height()));
    let side = side * (112 / side).max(1);
    let size = |count: u32| GAP + count * (side + GAP);
    let rows = (tiles.len() as u32).div_ceil(COLUMNS).max(1);
    let mut sheet = RgbaImage::from_pixel(size(COLUMNS), size(rows), Rgba([255; 4]));
    for (index, tile) in (0..).zip(tiles) {
        let image = tile.image.resize(side, side, imageops::FilterType::Nearest).to_rgba8();
        let (x, y) = (size(index % COLUMNS), size(index / COLUMNS));
        imageops::overlay(&mut sheet, &image, x.into(), y.into());
    }
    encode(&sheet.into())
}
