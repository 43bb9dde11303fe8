//! The state machine: events change what is shown; nothing waits.

use crate::board::{Board, Buffers, PIXELS, Pictures};
use crate::canvas::{Canvas, SIDE, STEP};
use crate::clock::{Clock, Ticks};
use crate::engine::{Engine, Verdict};
use crate::samples::{Sample, samples};
use crate::text::Text;
use inkbit_core::image::lay;
use inkbit_core::link::{Key, Mode, Refusal, Reset};
use inkbit_core::{Model, Sample as Takes};

mod place;
mod tell;

/// A key that is held moves the pen again after this time, and then after every [`REPEAT`].
const FIRST_REPEAT: Ticks = 240;
const REPEAT: Ticks = 32;
/// Holding select for this long clears the canvas.
const LONG: Ticks = 700;
/// A sample is shown for this long.
const SHOWN: Ticks = 2500;

/// What happens to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key goes down (`true`) or up.
    Key(Key, bool),
    /// The host's pen is at this (column, row) of the canvas, in pixels, up or down.
    Pen(u8, u8, bool),
    /// The canvas is cleared.
    Clear,
    /// The screen changes.
    Show(Mode),
}

/// Select is down.
#[derive(Clone, Copy, Debug)]
struct Hold {
    since: Ticks,
    /// It has acted already, so releasing it does nothing.
    used: bool,
}

/// The whole of the app but its display and its serial line.
#[derive(Debug)]
pub struct App<'m> {
    board: Board,
    engine: Engine<'m>,
    mode: Mode,
    canvas: &'m mut Canvas,
    /// The pen that the keys move, in pixels, and whether it is down.
    pen: (u8, u8),
    pen_down: bool,
    /// Where the finger or the host's pen was last, in steps, while it is down.
    stroke: Option<(i32, i32)>,
    image: &'m mut [u8; PIXELS],
    verdict: Verdict,
    /// The verdict is older than the drawing.
    stale: bool,
    sample: u8,
    playing: bool,
    /// When each arrow acts again while it is held: up, down, left, right.
    repeat: [Option<Ticks>; 4],
    select: Option<Hold>,
    next_sample: Ticks,
    id: u32,
    /// Why the firmware has started, until somebody does something.
    notice: &'m mut Text,
    /// When the whole model was last checked, and the time from the check before.
    checked: Ticks,
    check: Ticks,
    /// The model is read from its copy in RAM.
    in_ram: bool,
}

impl<'m> App<'m> {
    /// The app as it is after power-on, with the model at the start of `region`, the board's flash
    /// for one.
    #[inline(always)]
    pub fn new<const CELLS: usize>(
        board: Board,
        region: &'m [u8],
        Buffers { scratch, engine, pictures }: &'m mut Buffers<'m, CELLS>,
    ) -> Self {
        let engine = Engine::new(region, scratch, engine, &board);
        let Pictures { canvas, image, notice } = pictures;
        explain(board.reset, notice);
        let middle = SIDE as u8 / 2;
        Self {
            board,
            engine,
            mode: Mode::Draw,
            canvas,
            pen: (middle, middle),
            pen_down: false,
            stroke: None,
            image,
            verdict: Verdict::NONE,
            stale: true,
            sample: 0,
            playing: true,
            repeat: [None; 4],
            select: None,
            next_sample: 0,
            id: 0,
            notice,
            checked: 0,
            check: 0,
            in_ram: false,
        }
    }

    /// Takes an event that happens now.
    pub fn handle(&mut self, event: Event, now: Ticks) {
        self.notice.clear();
        match event {
            Event::Key(key, pressed) => self.key(key, pressed, now),
            Event::Pen(x, y, down) => {
                self.show(Mode::Draw, now);
                if down {
                    self.stroke_to((i32::from(x) * STEP, i32::from(y) * STEP));
                } else {
                    self.stroke = None;
                }
            }
            Event::Clear => {
                self.show(Mode::Draw, now);
                self.clear();
            }
            Event::Show(mode) => self.show(mode, now),
        }
    }

    /// A finger draws to this point of the canvas, in steps; `None`: it has left.
    pub fn stroke(&mut self, to: Option<(i32, i32)>) {
        match to {
            Some(to) => self.stroke_to(to),
            None => self.stroke = None,
        }
    }

    /// Takes a notice off the display; returns whether a message was there, which still is if there is
    /// no model.
    pub fn dismiss(&mut self) -> bool {
        let shown = self.view().message.is_some();
        self.notice.clear();
        shown
    }

    /// The screen.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The screen that follows this one.
    pub const fn next_mode(&self) -> Mode {
        neighbour(self.mode, true)
    }

    /// Lets time act: keys that are held, samples that change.
    pub fn tick(&mut self, now: Ticks) {
        if let Some(hold) = &mut self.select
            && !hold.used
            && now.wrapping_sub(hold.since) >= LONG
        {
            hold.used = true;
            if self.mode == Mode::Draw {
                self.clear();
            }
        }
        for (arrow, key) in [Key::Up, Key::Down, Key::Left, Key::Right].into_iter().enumerate() {
            if let Some(Some(due)) = self.repeat.get_mut(arrow)
                && due_by(*due, now)
            {
                *due = now.wrapping_add(REPEAT);
                self.arrow(key, now);
            }
        }
        if self.mode == Mode::Samples && self.playing && due_by(self.next_sample, now) {
            self.step_sample(true, now);
        }
    }

    /// Checks a little of the model: it may have changed in flash since the start, and then there is
    /// no model any more.
    pub fn check(&mut self, now: Ticks) {
        if self.engine.check() {
            (self.check, self.checked) = (now.wrapping_sub(self.checked), now);
            if self.engine.model().is_err() {
                self.verdict = Verdict::NONE;
            }
        }
    }

    /// Reads the model again if a check has found that what is known of it has changed.
    #[inline(always)]
    pub fn repair(&mut self) {
        if self.engine.repair() {
            self.verdict = Verdict::NONE;
        }
    }

    /// Brings the verdict up to date with what is drawn.
    pub fn settle(&mut self, clock: &mut impl Clock) {
        if !core::mem::take(&mut self.stale) {
            return;
        }
        let Ok(Takes::Image(frame)) = self.engine.model().map(Model::sample) else { return };
        let Some(image) = self.image.get_mut(..frame.pixels()) else { return };
        lay(self.canvas.pixels(), SIDE, SIDE, image, frame);
        self.engine.classify(image, clock, &mut self.verdict);
    }

    /// Classifies an image that the host has sent, and shows it. `fill` writes the image to
    /// as many pixels as it is given, and returns how many there are.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoModel`], [`Refusal::ModelChanged`] or [`Refusal::Pixels`]; then nothing is shown but what was there.
    pub fn classify(
        &mut self,
        id: u32,
        clock: &mut impl Clock,
        fill: impl Fn(&mut [u8]) -> usize,
    ) -> Result<(u32, &[i32]), Refusal> {
        let Ok(model) = self.engine.model() else { return Err(self.engine.refusal()) };
        let expected = model.sample().bytes();
        // Counted first, so that an image that does not fit leaves the one on the display alone.
        let found = fill(&mut []);
        if found != expected {
            let (found, expected) = (found as u32, expected as u32);
            return Err(Refusal::Pixels { found, expected });
        }
        (self.mode, self.stale, self.id) = (Mode::Link, false, id);
        self.notice.clear();
        let image = self.image.get_mut(..expected).unwrap_or_default();
        fill(image);
        let logits = self.engine.classify(image, clock, &mut self.verdict);
        Ok((self.verdict.nanoseconds, logits))
    }

    /// The board.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// The engine.
    pub const fn engine(&self) -> &Engine<'m> {
        &self.engine
    }

    fn key(&mut self, key: Key, pressed: bool, now: Ticks) {
        let arrow = match key {
            Key::Up => 0,
            Key::Down => 1,
            Key::Left => 2,
            Key::Right => 3,
            Key::Select => return self.select(pressed, now),
        };
        if let Some(due) = self.repeat.get_mut(arrow) {
            *due = pressed.then_some(now.wrapping_add(FIRST_REPEAT));
        }
        if !pressed {
            return;
        }
        // Select with an arrow changes the screen.
        if let Some(hold) = &mut self.select {
            hold.used = true;
            self.repeat = [None; 4];
            self.show(neighbour(self.mode, matches!(key, Key::Right | Key::Down)), now);
        } else {
            self.arrow(key, now);
        }
    }

    fn select(&mut self, pressed: bool, now: Ticks) {
        if pressed {
            self.select = Some(Hold { since: now, used: false });
        } else if self.select.take().is_some_and(|hold| !hold.used) {
            match self.mode {
                Mode::Draw => {
                    self.pen_down = !self.pen_down;
                    self.pen_to(self.pen);
                }
                Mode::Samples => self.playing = !self.playing,
                Mode::Link => {}
            }
        }
    }

    /// An arrow acts once.
    fn arrow(&mut self, key: Key, now: Ticks) {
        let last = SIDE as u8 - 1;
        let (x, y) = self.pen;
        match self.mode {
            Mode::Draw => self.pen_to(match key {
                Key::Up => (x, y.saturating_sub(1)),
                Key::Down => (x, (y + 1).min(last)),
                Key::Left => (x.saturating_sub(1), y),
                Key::Right => ((x + 1).min(last), y),
                Key::Select => (x, y),
            }),
            Mode::Samples => self.step_sample(matches!(key, Key::Right | Key::Down), now),
            Mode::Link => {}
        }
    }

    fn pen_to(&mut self, to: (u8, u8)) {
        if self.pen_down {
            let steps = |(x, y): (u8, u8)| (i32::from(x) * STEP, i32::from(y) * STEP);
            self.canvas.line(steps(self.pen), steps(to));
            self.stale = true;
        }
        self.pen = to;
    }

    fn stroke_to(&mut self, to: (i32, i32)) {
        self.canvas.line(self.stroke.unwrap_or(to), to);
        self.stroke = Some(to);
        self.stale = true;
    }

    fn clear(&mut self) {
        self.canvas.clear();
        (self.stroke, self.pen_down, self.stale) = (None, false, true);
    }

    /// Changes the screen. All screens but the link's share the canvas, so it is cleared.
    fn show(&mut self, mode: Mode, now: Ticks) {
        if mode == self.mode {
            return;
        }
        self.mode = mode;
        self.clear();
        match mode {
            Mode::Draw => {}
            Mode::Samples => self.put_sample(now),
            Mode::Link => {
                self.image.fill(0);
                (self.verdict, self.stale, self.id) = (Verdict::NONE, false, 0);
            }
        }
    }

    fn step_sample(&mut self, forward: bool, now: Ticks) {
        let count = samples().count() as u8;
        let step = if forward { 1 } else { count.saturating_sub(1) };
        self.sample = (self.sample + step).checked_rem(count).unwrap_or_default();
        self.put_sample(now);
    }

    fn put_sample(&mut self, now: Ticks) {
        self.canvas.clear();
        if let Some(sample) = self.current_sample() {
            sample.draw(self.canvas);
        }
        self.next_sample = now.wrapping_add(SHOWN);
        self.stale = true;
    }

    fn current_sample(&self) -> Option<Sample> {
        samples().nth(usize::from(self.sample))
    }
}

/// What people should know of a start; nothing of an ordinary one.
fn explain(reset: Reset, text: &mut Text) {
    match reset {
        Reset::Ordinary => return,
        Reset::Stuck { at } => text.say("by its watchdog: stuck at ").address(at),
        Reset::Fault { at } => text.say("by a fault at ").address(at),
        Reset::Panic => text.say("after a panic"),
    };
    text.say("; press a key");
}

/// Whether a moment has come. Right for moments less than 26 days away.
const fn due_by(moment: Ticks, now: Ticks) -> bool {
    now.wrapping_sub(moment) < Ticks::MAX / 2
}

const fn neighbour(mode: Mode, forward: bool) -> Mode {
    match (mode, forward) {
        (Mode::Draw, true) | (Mode::Link, false) => Mode::Samples,
        (Mode::Samples, true) | (Mode::Draw, false) => Mode::Link,
        (Mode::Link, true) | (Mode::Samples, false) => Mode::Draw,
    }
}
