//! Where the parts of the screen lie, for each size of display.

use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use inkbit_core::link::{Key, Mode};

use crate::canvas::{SIDE, STEP};

/// Rows of the largest image.
pub(crate) const ROWS: usize = 32;

/// A display's layout. What it does not need is not compiled in.
pub trait Layout {
    /// Pixels of the display.
    const SIZE: Size;
    /// The enlarged image, a square. Small images are enlarged by the greatest whole factor that fits.
    const IMAGE: Rectangle;
    /// The class, as large as this allows.
    const DIGIT: Rectangle;
    /// Four lines of up to eight characters.
    const NOTES: Rectangle;
    /// The confidence in every class, with the labels below.
    const BARS: Rectangle;
    /// Height of a bar of full confidence.
    const BAR: u32;
    /// Side length of a pixel of the font in titles and notes.
    const TEXT: i32;
    /// Whether a finger takes the place of keys: there are buttons, and no pen that keys move.
    const TOUCH: bool;
    /// What is remembered of a row of the image.
    type Row: Row;
    /// Rows that are not drawn.
    const NOT_DRAWN: [Self::Row; ROWS];
}

/// What is remembered of a row of the image.
pub trait Row {
    /// Remembers a row as drawn; returns a bit for each pixel that has to be drawn for that, the first
    /// pixel's the lowest.
    fn change(&mut self, line: &[u8; ROWS]) -> u32;
}

/// A hash of the row: if anything has changed, all of it is drawn. Zero stands for "not drawn".
#[derive(Clone, Copy, Debug)]
pub struct Hash(u32);

impl Row for Hash {
    #[inline(always)]
    fn change(&mut self, line: &[u8; ROWS]) -> u32 {
        if differs(&mut self.0, line) { u32::MAX } else { 0 }
    }
}

/// Whether a part differs from what is drawn. Remembers it as drawn.
pub(crate) fn differs(drawn: &mut u32, shown: &[u8]) -> bool {
    // FNV-1a: two parts that differ have the same hash once in 2³². Zero stands for "not drawn".
    let step = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = shown.iter().fold(0x811C_9DC5, step).max(1);
    core::mem::replace(drawn, hash) != hash
}

/// The row's greys, of four bits each, so that only pixels that have changed are drawn. What is not
/// drawn is black.
#[derive(Clone, Copy, Debug)]
pub struct Greys(u128);

impl Row for Greys {
    fn change(&mut self, line: &[u8; ROWS]) -> u32 {
        let new = line.iter().rev().fold(0, |row, &grey| row << 4 | u128::from(grey));
        let changed = core::mem::replace(&mut self.0, new) ^ new;
        (0..ROWS).filter(|at| changed >> (4 * at) & 15 != 0).fold(0, |bits, at| bits | 1 << at)
    }
}

/// A display of 128 × 64 pixels. A larger one shows it in its upper left corner.
#[derive(Clone, Copy, Debug)]
pub struct Small;

impl Layout for Small {
    const SIZE: Size = Size::new(128, 64);
    const IMAGE: Rectangle = area(1, 4, 56, 56);
    const DIGIT: Rectangle = area(62, 0, 22, 40);
    const NOTES: Rectangle = area(86, 0, 42, 40);
    const BARS: Rectangle = area(64, 41, 64, 23);
    const BAR: u32 = 14;
    const TEXT: i32 = 1;
    const TOUCH: bool = false;
    type Row = Hash;
    const NOT_DRAWN: [Hash; ROWS] = [Hash(0); ROWS];
}

/// A touch display of 320 × 240 pixels: a canvas for a finger, and buttons.
#[derive(Clone, Copy, Debug)]
pub struct Touch;

impl Layout for Touch {
    const SIZE: Size = Size::new(320, 240);
    const IMAGE: Rectangle = area(3, 8, 224, 224);
    const DIGIT: Rectangle = area(233, 4, 84, 48);
    const NOTES: Rectangle = area(233, 55, 84, 76);
    const BARS: Rectangle = area(233, 132, 84, 30);
    const BAR: u32 = 20;
    const TEXT: i32 = 2;
    const TOUCH: bool = true;
    type Row = Greys;
    const NOT_DRAWN: [Greys; ROWS] = [Greys(0); ROWS];
}

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Clears the canvas.
    Clear,
    /// Goes to the next screen.
    Next,
    /// Does what a key does.
    Press(Key),
}

/// A part of a touch display that acts when it is touched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Button {
    pub(crate) area: Rectangle,
    pub(crate) label: &'static str,
    pub(crate) action: Action,
}

/// The buttons of a screen.
pub(crate) const fn buttons(mode: Mode) -> &'static [Button] {
    const WIDE: Rectangle = area(231, 166, 87, 34);
    const LEFT: Rectangle = area(231, 166, 42, 34);
    const RIGHT: Rectangle = area(276, 166, 42, 34);
    const SCREEN: Button =
        Button { area: area(231, 204, 87, 34), label: "Screen", action: Action::Next };
    match mode {
        Mode::Draw => &[Button { area: WIDE, label: "Clear", action: Action::Clear }, SCREEN],
        Mode::Samples => &[
            Button { area: LEFT, label: "<", action: Action::Press(Key::Left) },
            Button { area: RIGHT, label: ">", action: Action::Press(Key::Right) },
            // To stop the samples, or to let them go on, the image itself is touched.
            Button { area: Touch::IMAGE, label: "", action: Action::Press(Key::Select) },
            SCREEN,
        ],
        Mode::Link => &[SCREEN],
    }
}

/// The point of the canvas, in steps, that is under a point of a touch display; it may lie off it.
pub(crate) const fn canvas_at(at: Point) -> (i32, i32) {
    const CORNER: Point = Touch::IMAGE.top_left;
    const SCALE: i32 = Touch::IMAGE.size.width as i32 / SIDE as i32;
    // The middle of a pixel of the screen, from the middle of a pixel of the canvas.
    ((at.x - CORNER.x) * STEP / SCALE - STEP / 2, (at.y - CORNER.y) * STEP / SCALE - STEP / 2)
}

pub(crate) const fn area(x: i32, y: i32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(width, height))
}
