//! Pictures as people take them: digits with a known label under known conditions.
//!
//! A picture depends on its condition, its number and its digits alone. Every picture of a condition
//! has a size, a pen, a paper and a place of its own.

mod paper;
mod refusals;
mod table;

use fastrand::Rng;
use image::GrayImage;

use paper::{Light, Line, Paper};

pub use refusals::{Refusals, refusals};
pub use table::{MODELS, Row, rows};

/// An image of 28 × 28 pixels, 0 for background, and its class.
pub type Digit<'a> = (u8, &'a [u8]);

/// What is the matter with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing: a dark pen on even paper.
    Plain,
    /// Little contrast.
    Pencil,
    /// Noise of a camera, and dust.
    Noise,
    /// Light that falls off to the corners.
    Uneven,
    /// A bright reflection beside the digit.
    Glare,
    /// The digit takes an eighth of the picture.
    Corner,
    /// Chalk on a blackboard.
    Chalk,
    /// The foot of the digit reaches a dark band along the edge; a grain of dirt lies elsewhere.
    Desk,
    /// Half of the picture is in a shadow with a hard, straight edge.
    Shadow,
    /// A third of it is, and the edge is slanting and soft.
    Slanting,
    /// A frame, 1, 3, 10 or 20 pixels from the edge.
    Frame,
    /// The axes of a plot.
    Axes,
    /// The cell of a form.
    Cell,
    /// A line below the digit, wider than it.
    Underline,
    /// A line above it.
    Above,
    /// Ruled paper.
    Ruled,
    /// Squared paper.
    Squared,
    /// A line through the digit.
    Through,
    /// Noise that hides a pencil.
    Strong,
    /// Two digits beside each other.
    Two,
    /// A row of three to seven digits.
    Row,
    /// Rows of digits.
    Sheet,
    /// Digits from edge to edge.
    Full,
}

impl Condition {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 23] = [
        Self::Plain,
        Self::Pencil,
        Self::Noise,
        Self::Uneven,
        Self::Glare,
        Self::Corner,
        Self::Chalk,
        Self::Desk,
        Self::Shadow,
        Self::Slanting,
        Self::Frame,
        Self::Axes,
        Self::Cell,
        Self::Underline,
        Self::Above,
        Self::Ruled,
        Self::Squared,
        Self::Through,
        Self::Strong,
        Self::Two,
        Self::Row,
        Self::Sheet,
        Self::Full,
    ];

    /// What a table calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "a dark pen on even paper",
            Self::Pencil => "a pencil",
            Self::Noise => "noise and dust",
            Self::Uneven => "uneven light",
            Self::Glare => "glare",
            Self::Corner => "a small digit in a corner",
            Self::Chalk => "chalk on a blackboard",
            Self::Desk => "a foot on a dark edge, and a grain",
            Self::Shadow => "a hard shadow over a half",
            Self::Slanting => "a slanting shadow over a third",
            Self::Frame => "a frame 1 to 20 pixels from the edge",
            Self::Axes => "axes of a plot",
            Self::Cell => "the cell of a form",
            Self::Underline => "underlined",
            Self::Above => "a line above",
            Self::Ruled => "ruled paper",
            Self::Squared => "squared paper",
            Self::Through => "a line through the digit",
            Self::Strong => "strong noise",
            Self::Two => "two digits",
            Self::Row => "a row of digits",
            Self::Sheet => "rows of digits",
            Self::Full => "a page full of digits",
        }
    }
}

/// A picture, and the classes of the digits on it in reading order.
pub struct Picture {
    /// Its pixels.
    pub grey: GrayImage,
    /// What it shows.
    pub shows: Vec<u8>,
}

/// Draws picture number `number` of a condition, with digits from `digits` that follow each other from
/// that number on.
pub fn draw(condition: Condition, number: usize, digits: &[Digit<'_>]) -> Picture {
    let mut random = Rng::with_seed(1_000 * condition as u64 + number as u64);
    let (rows, columns) = match condition {
        Condition::Two => (1, 2),
        Condition::Row => (1, random.usize(3..=7)),
        Condition::Sheet => (random.usize(2..=5), random.usize(3..=6)),
        Condition::Full => (12, 16),
        _ => (1, 1),
    };
    let shown: Vec<Digit<'_>> =
        (0..rows * columns).map(|n| digits[(number + n * 7) % digits.len()]).collect();
    let shows = shown.iter().map(|&(label, _)| label).collect();
    let pencil = matches!(condition, Condition::Pencil | Condition::Strong);
    let ink = if pencil { random.f32() * 0.2 + 0.3 } else { random.f32() * 0.2 + 0.7 };
    let mut paper = Paper::new(&mut random, rows, columns, condition == Condition::Full);
    let size = match condition {
        Condition::Corner => paper.shorter() / 8.0,
        // So that they do not touch.
        Condition::Full => paper.cell() * (0.5 + 0.15 * random.f32()),
        _ if shown.len() > 1 => paper.cell() * (0.5 + 0.25 * random.f32()),
        _ => paper.cell() * (0.55 + 0.35 * random.f32()),
    };
    for (n, (_, image)) in shown.iter().enumerate() {
        paper.write(
            image,
            size,
            ink,
            (n / columns, n % columns),
            condition == Condition::Corner,
            &mut random,
        );
    }
    let tone = 0.15 + 0.6 * random.f32();
    let mut line = |thick: bool| Line {
        tone,
        width: if thick { 1.0 + 2.5 * random.f32() } else { 1.0 + random.f32() },
    };
    match condition {
        Condition::Frame => {
            let inset = [1.0, 3.0, 10.0, 20.0][number % 4];
            let line = line(true);
            paper.box_at(inset, inset, inset, inset, line);
        }
        Condition::Axes => paper.axes(line(true)),
        Condition::Cell => paper.cell_around(line(true), 1.1 + 0.4 * (number % 5) as f32 / 4.0),
        Condition::Underline => paper.line_beside(line(true), false),
        Condition::Above => paper.line_beside(line(true), true),
        Condition::Ruled => paper.ruled(line(false), false, number),
        Condition::Squared => paper.ruled(line(false), true, number),
        Condition::Through => paper.line_through(line(false), number),
        _ => {}
    }
    let dark = 0.15 + 0.35 * random.f32();
    let light = match condition {
        Condition::Uneven => Light::Falling,
        Condition::Glare => Light::Spot,
        Condition::Desk => Light::Band,
        Condition::Shadow => Light::Half(dark),
        Condition::Slanting => Light::Third(dark),
        _ => Light::Even,
    };
    let noise = match condition {
        Condition::Noise => 8.0,
        Condition::Strong => 30.0,
        _ => random.f32() * 3.0,
    };
    let mut grey = paper.seen(light, noise, condition == Condition::Noise, &mut random);
    if condition == Condition::Chalk {
        image::imageops::invert(&mut grey);
    }
    Picture { grey, shows }
}
