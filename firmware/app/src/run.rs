//! The loop of a device.

use embedded_io::{Read, ReadReady, Write};
use inkbit_core::link::Key;

use crate::board::Watchdog;
use crate::clock::{Clock, Ticks, ticks};
use crate::line::Line;
use crate::machine::{App, Event};
use crate::panel::Show;
use crate::storage::Storage;

/// Bytes that are taken from the line before anything else has its turn.
const BURST: usize = 64;

/// Slices of the model that are checked where the line is at rest, before anything else has its turn.
/// The line is looked at after each of them.
const IDLE: usize = 32;
/// Slices that are checked after every answer, however busy the line is.
const BUSY: usize = 8;

/// Keys that tell what has happened to them.
pub trait ReadKeys {
    /// The next key that has gone down (`true`) or up, if one has.
    fn next(&mut self, now: Ticks) -> Option<(Key, bool)>;
}

/// A board without keys.
#[derive(Clone, Copy, Debug)]
pub struct NoKeys;

impl ReadKeys for NoKeys {
    fn next(&mut self, _: Ticks) -> Option<(Key, bool)> {
        None
    }
}

/// What a board consists of.
#[derive(Debug)]
pub struct Device<S, K, P, C, W, T> {
    /// The line to the host.
    pub serial: S,
    /// The keys.
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
    fn run(&mut self, app: &mut App<'_>, line: &mut Line) -> !;
}

impl<S: Read + ReadReady + Write, K: ReadKeys, P: Show, C: Clock, W: Watchdog, T: Storage> Run
    for Device<S, K, P, C, W, T>
{
    fn run(&mut self, app: &mut App<'_>, line: &mut Line) -> ! {
        loop {
            self.step(app, line);
            // Before the next answer. Reading a model takes much of the stack.
            app.repair();
            self.storage.adopt(app);
        }
    }
}

impl<S: Read + ReadReady + Write, K: ReadKeys, P: Show, C: Clock, W: Watchdog, T: Storage>
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
        while let Some((key, pressed)) = self.keys.next(now) {
            app.handle(Event::Key(key, pressed), now);
        }
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
