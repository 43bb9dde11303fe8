//! The loop of a device.

use embedded_io::{Read, ReadReady, Write};
use inkbit_core::link::Key;

use crate::clock::{Clock, Ticks, ticks};
use crate::line::Line;
use crate::machine::{App, Event};
use crate::panel::Show;

/// Bytes that are taken from the line before anything else has its turn.
const BURST: usize = 64;

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
pub struct Device<S, K, P, C> {
    /// The line to the host.
    pub serial: S,
    /// The keys.
    pub keys: K,
    /// The display.
    pub panel: P,
    /// The clock.
    pub clock: C,
}

impl<S: Read + ReadReady + Write, K: ReadKeys, P: Show, C: Clock> Device<S, K, P, C> {
    /// Runs for ever.
    pub fn run(&mut self, app: &mut App<'_>, line: &mut Line) -> ! {
        loop {
            self.step(app, line);
        }
    }

    /// Does what there is to do now, and does not wait for more.
    pub fn step(&mut self, app: &mut App<'_>, line: &mut Line) {
        for _ in 0..BURST {
            let mut byte = [0];
            // A line that cannot be read is a line on which nothing comes.
            if !matches!(self.serial.read_ready(), Ok(true))
                || !matches!(self.serial.read(&mut byte), Ok(1))
            {
                break;
            }
            let [byte] = byte;
            if let Some(reply) = line.push(byte, app, &mut self.clock) {
                // Where there is no flow control the host sends nothing more until it has its answer,
                // so while the display is redrawn before that no byte can be lost.
                app.settle(&mut self.clock);
                self.panel.show(&app.view());
                // A host that has gone does not get its answer.
                let _ = self.serial.write_all(reply);
                let _ = self.serial.flush();
            }
        }
        let now = ticks(self.clock.nanoseconds());
        while let Some((key, pressed)) = self.keys.next(now) {
            app.handle(Event::Key(key, pressed), now);
        }
        app.tick(now);
        app.settle(&mut self.clock);
        self.panel.show(&app.view());
    }
}
