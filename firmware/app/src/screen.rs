//! What the display shows, in the layout of its size. Only what has changed is drawn.

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use inkbit_core::Model;
use inkbit_core::link::Mode;

use crate::engine::Verdict;
use crate::font::{CHARACTER, LINE, overwrite, wrap, write};
use crate::layout::{Button, Layout, ROWS, Row as _, area, buttons, differs};
use crate::shade::Shade;
use crate::text::Text;

const BLACK: Gray4 = Gray4::new(0);
/// The darkest: what shows on two levels begins here.
const DIM: Gray4 = Gray4::new(5);
const MIDDLE: Gray4 = Gray4::new(9);
const BRIGHT: Gray4 = Gray4::new(15);

/// The most characters of a line of the notes.
const NOTE_COLUMNS: usize = 8;

/// All that the display shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The screen.
    pub mode: Mode,
    /// Whether the model is read from RAM though it is kept in flash.
    pub in_ram: bool,
    /// Shown instead of everything else: a title, and why no model can be run or what has happened.
    pub message: Option<(&'a str, &'a str)>,
    /// The image, row by row.
    pub image: &'a [u8],
    /// Its width and height in pixels; zeros if there is none.
    pub size: [usize; 2],
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
pub struct Screen<L: Layout> {
    layout: u32,
    rows: [L::Row; ROWS],
    notes: u32,
    digit: u32,
    bars: u32,
}

impl<L: Layout> Screen<L> {
    /// A black display.
    pub const fn new() -> Self {
        Self { layout: 0, rows: L::NOT_DRAWN, notes: 0, digit: 0, bars: 0 }
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
        let buttons = if L::TOUCH { view.mode as u8 } else { 1 };
        let layout = [buttons, title.len() as u8, view.size[0] as u8, view.size[1] as u8];
        let mut changed = false;
        if differs(&mut self.layout, &layout) {
            let all = Rectangle::new(Point::zero(), L::SIZE);
            target.fill_solid(&all, D::Color::of(BLACK))?;
            *self = Self { layout: self.layout, ..Self::new() };
            if view.message.is_none() {
                frame::<L, D>(target)?;
                if L::TOUCH {
                    draw_buttons::<L, D>(view.mode, target)?;
                }
            }
            changed = true;
        }
        if let Some((title, message)) = view.message {
            if differs(&mut self.notes, message.as_bytes()) {
                write(title, Point::zero(), L::TEXT, BRIGHT, target)?;
                let line = (LINE * L::TEXT) as u32;
                let below = area(0, line as i32, L::SIZE.width, L::SIZE.height - line);
                wrap::<L, D>(message, below, MIDDLE, target)?;
                changed = true;
            }
            return Ok(changed);
        }
        changed |= self.rows(view, target)?;
        let text = note::<L>(view);
        if differs(&mut self.notes, text.as_str().as_bytes()) {
            let (text, at) = (text.as_str(), L::NOTES.top_left);
            if L::TOUCH {
                overwrite(text, NOTE_COLUMNS, at, L::TEXT, MIDDLE, target)?;
            } else {
                target.fill_solid(&L::NOTES, D::Color::of(BLACK))?;
                write(text, at, L::TEXT, MIDDLE, target)?;
            }
            changed = true;
        }
        let class = view.verdict.class.map(usize::from);
        let label = class.zip(view.model).map_or("?", |(class, model)| model.label(class));
        if differs(&mut self.digit, label.as_bytes()) {
            target.fill_solid(&L::DIGIT, D::Color::of(BLACK))?;
            // As large as its place allows, and a longer one in lines.
            let Size { width, height } = L::DIGIT.size;
            let columns = width as i32 / CHARACTER;
            let mut scale = columns.checked_div(label.len() as i32).unwrap_or(columns);
            if L::TOUCH {
                scale = scale.min(height as i32 / LINE);
            }
            match scale / L::TEXT {
                0 => wrap::<L, D>(label, L::DIGIT, BRIGHT, target)?,
                _ => write(label, L::DIGIT.top_left, scale, BRIGHT, target)?,
            }
            changed = true;
        }
        let classes = view.model.map_or(0, Model::classes);
        let levels = view.verdict.bars.get(..classes).unwrap_or_default();
        if differs(&mut self.bars, levels) {
            draw_bars::<L, D>(levels, class, view.model, target)?;
            changed = true;
        }
        Ok(changed)
    }

    fn rows<D: DrawTarget<Color: Shade>>(
        &mut self,
        view: &View<'_>,
        target: &mut D,
    ) -> Result<bool, D::Error> {
        let [width, height] = view.size.map(|side| side as i32);
        let image = L::IMAGE.size.width as i32;
        // Of a longer side only the first pixels are shown.
        let scale = image / width.max(height).clamp(1, ROWS as i32);
        let middle = |side: i32| (image - scale * side.min(ROWS as i32)) / 2;
        let edge = L::IMAGE.top_left + Point::new(middle(width), middle(height));
        let dot = Size::new_equal(scale as u32);
        let mut changed = false;
        let mut rest = view.image;
        for (y, drawn) in (0..height).zip(&mut self.rows) {
            let (pixels, after) = rest.split_at_checked(view.size[0]).unwrap_or_default();
            rest = after;
            let mut line = [0; ROWS];
            for (to, from) in line.iter_mut().zip(pixels) {
                *to = from >> 4;
            }
            if let Some(((pen_x, pen_y), down)) = view.pen
                && !L::TOUCH
            {
                mark_pen(&mut line, i32::from(pen_x), i32::from(pen_y) - y, down);
            }
            let changes = drawn.change(&line);
            if changes != 0 {
                for (x, &grey) in (0..width).zip(&line) {
                    if L::TOUCH && changes >> x & 1 == 0 {
                        continue;
                    }
                    let at = edge + Point::new(x, y) * scale;
                    target.fill_solid(&Rectangle::new(at, dot), D::Color::of(Gray4::new(grey)))?;
                }
                changed = true;
            }
        }
        Ok(changed)
    }
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

fn frame<L: Layout, D: DrawTarget<Color: Shade>>(target: &mut D) -> Result<(), D::Error> {
    if L::TOUCH {
        // Four lines: to fill and to clear all of it would take longer than the rest of the screen.
        let Rectangle { top_left, size } = L::IMAGE.offset(1);
        let far = top_left + size - Point::new(1, 1);
        for corner in [top_left, far] {
            let row = Rectangle::new(Point::new(top_left.x, corner.y), Size::new(size.width, 1));
            let column =
                Rectangle::new(Point::new(corner.x, top_left.y), Size::new(1, size.height));
            target.fill_solid(&row, D::Color::of(DIM))?;
            target.fill_solid(&column, D::Color::of(DIM))?;
        }
        return Ok(());
    }
    target.fill_solid(&L::IMAGE.offset(1), D::Color::of(DIM))?;
    target.fill_solid(&L::IMAGE, D::Color::of(BLACK))
}

fn draw_buttons<L: Layout, D: DrawTarget<Color: Shade>>(
    mode: Mode,
    target: &mut D,
) -> Result<(), D::Error> {
    for Button { area, label, .. } in buttons(mode).iter().filter(|button| !button.label.is_empty())
    {
        target.fill_solid(area, D::Color::of(DIM))?;
        let text =
            Size::new((label.len() as i32 * CHARACTER * L::TEXT) as u32, (LINE * L::TEXT) as u32);
        let corner = area.top_left + (area.size - text) / 2;
        write(label, corner, L::TEXT, BRIGHT, target)?;
    }
    Ok(())
}

/// What stands beside the digit: four lines of up to eight characters. Of a model of several stages the
/// one that has decided follows the confidence.
fn note<L: Layout>(view: &View<'_>) -> Text {
    let mut text = Text::new();
    let Verdict { permille, stage, nanoseconds, .. } = *view.verdict;
    match view.mode {
        Mode::Draw => text.say(if view.in_ram { "draw RAM" } else { "draw" }),
        Mode::Samples => text.say("no. ").number(view.number),
        Mode::Link => text.say("#").number(view.number),
    };
    let permille = u32::from(permille);
    text.say("\n").number(permille / 10).say(".").number(permille % 10).say("%");
    // Without an image, none has decided.
    if permille > 0 && view.model.is_some_and(|model| model.stages().len() > 1) {
        text.say(":").number(u32::from(stage) + 1);
    }
    text.say("\n");
    let microseconds = nanoseconds / 1000;
    let (time, unit) = match microseconds {
        0..10_000 => (microseconds, " us\n"),
        _ => (microseconds / 1000, " ms\n"),
    };
    text.number(time).say(unit);
    match (view.truth, view.pen.filter(|_| !L::TOUCH)) {
        (Some(digit), _) => text.say("is a ").number(digit.into()),
        (_, Some((_, true))) => text.say("pen down"),
        (_, Some((_, false))) => text.say("pen up"),
        _ => &mut text,
    };
    text
}

fn draw_bars<L: Layout, D: DrawTarget<Color: Shade>>(
    levels: &[u8],
    class: Option<usize>,
    model: Option<&Model<'_>>,
    target: &mut D,
) -> Result<(), D::Error> {
    if !L::TOUCH {
        target.fill_solid(&L::BARS, D::Color::of(BLACK))?;
    }
    let pitch = (L::BARS.size.width / (levels.len() as u32).max(1)).clamp(1, 8);
    for (number, &level) in levels.iter().enumerate() {
        let at = L::BARS.top_left + Size::new(pitch * number as u32, 0);
        let height = (u32::from(level) * L::BAR).div_ceil(250).max(1);
        let bar = Rectangle::new(
            at + Size::new(0, L::BAR - height),
            Size::new(pitch.saturating_sub(1).max(1), height),
        );
        let colour = if class == Some(number) { BRIGHT } else { MIDDLE };
        if L::TOUCH {
            // Without a buffer, to clear all of it would be seen.
            let above = Size::new(bar.size.width, L::BAR - height);
            target.fill_solid(&Rectangle::new(at, above), D::Color::of(BLACK))?;
        }
        target.fill_solid(&bar, D::Color::of(colour))?;
        let label = model.map_or("", |model| model.label(number));
        if label.len() as i32 * CHARACTER <= pitch as i32 {
            write(label, at + Size::new(0, L::BAR + 1), 1, DIM, target)?;
        }
    }
    Ok(())
}
