//! Push-buttons.

use embedded_hal::digital::InputPin;
use inkbit_core::link::Key;

use crate::clock::Ticks;
use crate::machine::{App, Event};
use crate::run::Input;

/// After a change a contact bounces; for this time its level is not believed.
const BOUNCE: Ticks = 8;
const KEYS: [Key; 5] = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Select];

/// Five push-buttons that pull their pins low, in the order up, down, left, right, select.
#[derive(Debug)]
pub struct Keys<P>([Button<P>; 5]);

#[derive(Debug)]
struct Button<P> {
    pin: P,
    pressed: bool,
    changed: Ticks,
}

impl<P> Keys<P> {
    /// Buttons at these pins, none of them pressed so far.
    pub fn new(pins: [P; 5]) -> Self {
        Self(pins.map(|pin| Button { pin, pressed: false, changed: 0 }))
    }
}

impl<P: InputPin> Keys<P> {
    /// The next key that has gone down (`true`) or up, if one has.
    pub fn next(&mut self, now: Ticks) -> Option<(Key, bool)> {
        for (button, key) in self.0.iter_mut().zip(KEYS) {
            // A pin that cannot be read is a button that is not touched.
            let low = button.pin.is_low().unwrap_or(button.pressed);
            if low != button.pressed && now.wrapping_sub(button.changed) >= BOUNCE {
                (button.pressed, button.changed) = (low, now);
                return Some((key, low));
            }
        }
        None
    }
}

impl<P: InputPin> Input for Keys<P> {
    fn apply(&mut self, app: &mut App<'_>, now: Ticks) {
        while let Some((key, pressed)) = self.next(now) {
            app.handle(Event::Key(key, pressed), now);
        }
    }
}
