//! What the display shows, drawn on 128 × 64 pixels. Only what has changed is drawn.

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use inkbit_core::Model;
use inkbit_core::link::Mode;

use crate::canvas::{SIDE, STEP};
use crate::engine::Verdict;
use crate::font::{CHARACTER, LINE, wrap, write};
use crate::shade::Shade;
use crate::text::Text;

/// Width of the screen in pixels. A larger display shows it in its upper left corner.
pub const WIDTH: u32 = 128;
/// Height of the screen in pixels.
pub const HEIGHT: u32 = 64;

/// Side length of the enlarged image. Small images are enlarged by the greatest whole factor that fits.
const IMAGE: u32 = 56;
const IMAGE_AT: Point = Point::new(1, 4);
const FRAME: Rectangle = area(0, 3, IMAGE + 2, IMAGE + 2);
const DIGIT: Rectangle = area(62, 0, 22, 40);
const NOTES: Rectangle = area(86, 0, 42, 40);
const BARS: Rectangle = area(64, 41, 64, 23);
/// Height of a bar of full confidence.
const BAR: u32 = 14;

const BLACK: Gray4 = Gray4::new(0);
/// The darkest: what shows on two levels begins here.
const DIM: Gray4 = Gray4::new(5);
const MIDDLE: Gray4 = Gray4::new(9);
const BRIGHT: Gray4 = Gray4::new(15);

/// Rows of the largest image.
const ROWS: usize = 32;

/// All that the display shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The screen.
    pub mode: Mode,
    /// Shown instead of everything else: a title, and why no model can be run or what has happened.
    pub message: Option<(&'a str, &'a str)>,
    /// The image, row by row.
    pub image: &'a [u8],
    /// Its side length in pixels.
    pub side: usize,
    /// Where the pen that keys move is, as (column, row), and whether it is down.
    pub pen: Option<((u8, u8), bool)>,
    /// Number of the sample or of the request.
    pub number: u32,
    /// Digit of the sample.
    pub truth: Option<u8>,
    /// The model that gave the verdict.
    pub model: Option<&'a Model<'a>>,
    /// Its answer.
    pub verdict: &'a Verdict,
}

/// Draws views, and remembers enough of the last one to draw only what differs.
#[derive(Clone, Debug)]
pub struct Screen {
    layout: u32,
    rows: [u32; ROWS],
    notes: u32,
    digit: u32,
    bars: u32,
}

const fn area(x: i32, y: i32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(width, height))
}

/// The point of the canvas, in steps, that is under a point of the screen, if one is.
pub(crate) fn canvas_at(x: i32, y: i32) -> Option<(i32, i32)> {
    let inside = Rectangle::new(IMAGE_AT, Size::new_equal(IMAGE)).contains(Point::new(x, y));
    const SCALE: i32 = IMAGE as i32 / SIDE as i32;
    // The middle of a pixel of the screen, from the middle of a pixel of the canvas.
    let steps = |at: i32| ((2 * at + 1) * STEP - SCALE * STEP) / (2 * SCALE);
    inside.then(|| (steps(x - IMAGE_AT.x), steps(y - IMAGE_AT.y)))
}

impl Screen {
    /// A black display.
    pub const fn new() -> Self {
        Self { layout: 0, rows: [0; ROWS], notes: 0, digit: 0, bars: 0 }
    }

    /// Draws what has changed since the last time; returns whether anything has.
    ///
    /// # Errors
    ///
    /// The display's.
    pub fn draw<D: DrawTarget<Color: Shade>>(
        &mut self,
        view: &View<'_>,
        target: &mut D,
    ) -> Result<bool, D::Error> {
        // The layout depends on the screen.
        let title = view.message.map_or("", |(title, _)| title);
        let layout = [1, title.len() as u8, view.side as u8];
        let mut changed = false;
        if differs(&mut self.layout, &layout) {
            target.fill_solid(&area(0, 0, WIDTH, HEIGHT), D::Color::of(BLACK))?;
            *self = Self { layout: self.layout, ..Self::new() };
            if view.message.is_none() {
                frame(target)?;
            }
            changed = true;
        }
        if let Some((title, message)) = view.message {
            if differs(&mut self.notes, message.as_bytes()) {
                write(title, Point::zero(), 1, BRIGHT, target)?;
                let below = area(0, LINE, WIDTH, HEIGHT - LINE as u32);
                wrap(message, below, MIDDLE, target)?;
                changed = true;
            }
            return Ok(changed);
        }
        changed |= self.rows(view, target)?;
        let text = note(view);
        if differs(&mut self.notes, text.as_str().as_bytes()) {
            target.fill_solid(&NOTES, D::Color::of(BLACK))?;
            write(text.as_str(), NOTES.top_left, 1, MIDDLE, target)?;
            changed = true;
        }
        let class = view.verdict.class.map(usize::from);
        let label = class.zip(view.model).map_or("?", |(class, model)| model.label(class));
        if differs(&mut self.digit, label.as_bytes()) {
            target.fill_solid(&DIGIT, D::Color::of(BLACK))?;
            // As large as its place allows, and a longer one in lines.
            match DIGIT.size.width as i32 / (CHARACTER * label.len().max(1) as i32) {
                0 => wrap(label, DIGIT, BRIGHT, target)?,
                scale => write(label, DIGIT.top_left, scale, BRIGHT, target)?,
            }
            changed = true;
        }
        let classes = view.model.map_or(0, Model::classes);
        let levels = view.verdict.bars.get(..classes).unwrap_or_default();
        if differs(&mut self.bars, levels) {
            draw_bars(levels, class, view.model, target)?;
            changed = true;
        }
        Ok(changed)
    }

    fn rows<D: DrawTarget<Color: Shade>>(
        &mut self,
        view: &View<'_>,
        target: &mut D,
    ) -> Result<bool, D::Error> {
        let side = view.side as i32;
        let scale = IMAGE as i32 / side.max(1);
        let edge = IMAGE_AT + Point::new_equal((IMAGE as i32 - scale * side) / 2);
        let dot = Size::new_equal(scale as u32);
        let mut changed = false;
        let mut rest = view.image;
        for (y, drawn) in (0..side).zip(&mut self.rows) {
            let (pixels, after) = rest.split_at_checked(view.side).unwrap_or_default();
            rest = after;
            let mut line = [0; ROWS];
            for (to, from) in line.iter_mut().zip(pixels) {
                *to = from >> 4;
            }
            if let Some(((pen_x, pen_y), down)) = view.pen {
                mark_pen(&mut line, i32::from(pen_x), i32::from(pen_y) - y, down);
            }
            if differs(drawn, &line) {
                for (x, &grey) in (0..side).zip(&line) {
                    let at = edge + Point::new(x, y) * scale;
                    target.fill_solid(&Rectangle::new(at, dot), D::Color::of(Gray4::new(grey)))?;
                }
                changed = true;
            }
        }
        Ok(changed)
    }
}

/// Whether a part differs from what is drawn. Remembers it as drawn.
fn differs(drawn: &mut u32, shown: &[u8]) -> bool {
    // FNV-1a: two parts that differ have the same hash once in 2³². Zero stands for "not drawn".
    let step = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = shown.iter().fold(0x811C_9DC5, step).max(1);
    core::mem::replace(drawn, hash) != hash
}

/// Marks the pen in the row that lies `above` rows from it: a cross whose middle is dark on ink and
/// bright on background.
fn mark_pen(line: &mut [u8; ROWS], x: i32, above: i32, down: bool) {
    let arms: &[i32] = match above {
        0 => &[-1, 1],
        -1 | 1 => &[0],
        _ => return,
    };
    for arm in arms {
        if let Some(pixel) = line.get_mut((x + arm) as usize) {
            *pixel = if down { *pixel / 2 } else { 7 };
        }
    }
    if above == 0
        && let Some(pixel) = line.get_mut(x as usize)
    {
        *pixel = if *pixel < 8 { 15 } else { 0 };
    }
}

fn frame<D: DrawTarget<Color: Shade>>(target: &mut D) -> Result<(), D::Error> {
    target.fill_solid(&FRAME, D::Color::of(DIM))?;
    target.fill_solid(&FRAME.offset(-1), D::Color::of(BLACK))
}

/// What stands beside the digit: four lines of up to eight characters.
fn note(view: &View<'_>) -> Text {
    let mut text = Text::new();
    let Verdict { permille, nanoseconds, .. } = *view.verdict;
    match view.mode {
        Mode::Draw => text.say("draw"),
        Mode::Samples => text.say("no. ").number(view.number),
        Mode::Link => text.say("#").number(view.number),
    };
    let permille = u32::from(permille);
    text.say("\n").number(permille / 10).say(".").number(permille % 10).say("%\n");
    let microseconds = nanoseconds / 1000;
    if microseconds < 10_000 {
        text.number(microseconds).say(" us\n");
    } else {
        text.number(microseconds / 1000).say(" ms\n");
    }
    match (view.truth, view.pen) {
        (Some(digit), _) => text.say("is a ").number(digit.into()),
        (_, Some((_, true))) => text.say("pen down"),
        (_, Some((_, false))) => text.say("pen up"),
        _ => &mut text,
    };
    text
}

fn draw_bars<D: DrawTarget<Color: Shade>>(
    levels: &[u8],
    class: Option<usize>,
    model: Option<&Model<'_>>,
    target: &mut D,
) -> Result<(), D::Error> {
    target.fill_solid(&BARS, D::Color::of(BLACK))?;
    let pitch = (BARS.size.width / (levels.len() as u32).max(1)).clamp(1, 8);
    for (number, &level) in levels.iter().enumerate() {
        let at = BARS.top_left + Size::new(pitch * number as u32, 0);
        let height = (u32::from(level) * BAR).div_ceil(250).max(1);
        let bar = Rectangle::new(
            at + Size::new(0, BAR - height),
            Size::new(pitch.saturating_sub(1).max(1), height),
        );
        let colour = if class == Some(number) { BRIGHT } else { MIDDLE };
        target.fill_solid(&bar, D::Color::of(colour))?;
        let label = model.map_or("", |model| model.label(number));
        if label.len() as i32 * CHARACTER <= pitch as i32 {
            write(label, at + Size::new(0, BAR + 1), 1, DIM, target)?;
        }
    }
    Ok(())
}
