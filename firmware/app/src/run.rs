//! The loop of a device.

use embedded_io::{Read, ReadReady, Write};

use crate::board::Watchdog;
use crate::clock::{Clock, Ticks, ticks};
use crate::line::Line;
use crate::machine::App;
use crate::panel::Show;
use crate::storage::Storage;

/// Bytes that are taken from the line before anything else has its turn.
const BURST: usize = 64;

/// Slices of the model that are checked where the line is at rest, before anything else has its turn.
/// The line is looked at after each of them.
const IDLE: usize = 32;
/// Slices that are checked after every answer, however busy the line is.
const BUSY: usize = 8;

/// What a person acts on: keys, or a touch panel.
pub trait Input {
    /// Lets what has happened to it since the last time act on the app.
    fn apply(&mut self, app: &mut App<'_>, now: Ticks);
}

/// A board without keys.
#[derive(Clone, Copy, Debug)]
pub struct NoKeys;

impl Input for NoKeys {
    fn apply(&mut self, _: &mut App<'_>, _: Ticks) {}
}

/// What a board consists of.
#[derive(Debug)]
pub struct Device<S, K, P, C, W, T> {
    /// The line to the host.
    pub serial: S,
    /// The keys, or the touch panel.
    pub keys: K,
    /// The display.
    pub panel: P,
    /// The clock.
    pub clock: C,
    /// The watchdog.
    pub watchdog: W,
    /// Where models go that come over the line.
    pub storage: T,
}

/// A device, whatever it consists of.
pub trait Run {
    /// Runs for ever.
    fn run(&mut self, app: &mut App<'static>, line: &mut Line) -> !;
}

impl<S: Read + ReadReady + Write, K: Input, P: Show, C: Clock, W: Watchdog, T: Storage> Run
    for Device<S, K, P, C, W, T>
{
    fn run(&mut self, app: &mut App<'static>, line: &mut Line) -> ! {
        self.storage.place(app, &mut self.clock);
        loop {
            self.step(app, line);
            // Before the next answer. Reading a model takes much of the stack.
            app.repair();
            self.storage.adopt(app);
        }
    }
}

impl<S: Read + ReadReady + Write, K: Input, P: Show, C: Clock, W: Watchdog, T: Storage>
    Device<S, K, P, C, W, T>
{
    /// Does what there is to do now, up to one answer, and does not wait for more.
    // Not inlined: what it has on the stack would be there while a model is read again.
    #[inline(never)]
    pub fn step(&mut self, app: &mut App<'_>, line: &mut Line) {
        self.watchdog.feed();
        for _ in 0..BURST {
            let mut byte = [0];
            if !self.has_byte() || !matches!(self.serial.read(&mut byte), Ok(1)) {
                break;
            }
            let [byte] = byte;
            if let Some(reply) = line.push(byte, app, &mut self.clock, &mut self.storage) {
                // Where there is no flow control the host sends nothing more until it has its answer,
                // so while the display is redrawn before that no byte can be lost.
                app.settle(&mut self.clock);
                self.panel.show(&app.view());
                // A host that has gone does not get its answer.
                let _ = self.serial.write_all(reply);
                let _ = self.serial.flush();
                // However busy the line is, the whole model is checked sooner or later.
                let now = ticks(self.clock.nanoseconds());
                (0..BUSY).for_each(|_| app.check(now));
                break;
            }
        }
        let now = ticks(self.clock.nanoseconds());
        self.keys.apply(app, now);
        app.tick(now);
        app.settle(&mut self.clock);
        self.panel.show(&app.view());
        for _ in 0..IDLE {
            // One in any case: there are lines that neither rest nor end a frame.
            app.check(now);
            if self.has_byte() {
                break;
            }
        }
    }

    /// Whether a byte has come. A line that cannot be read is a line on which nothing comes.
    fn has_byte(&mut self) -> bool {
        matches!(self.serial.read_ready(), Ok(true))
    }
}
