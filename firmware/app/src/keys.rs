//! Push-buttons.

use embedded_hal::digital::InputPin;
use inkbit_core::link::Key;

use crate::clock::Ticks;
use crate::run::ReadKeys;

/// After a change a contact bounces; for this time its level is not believed.
const BOUNCE: Ticks = 8;
const KEYS: [Key; 5] = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Select];

/// Five push-buttons that pull their pins low, in the order up, down, left, right, select.
#[derive(Debug)]
pub struct Keys<P> {
    pins: [P; 5],
    pressed: [bool; 5],
    changed: [Ticks; 5],
}

impl<P> Keys<P> {
    /// Buttons at these pins, none of them pressed so far.
    pub const fn new(pins: [P; 5]) -> Self {
        Self { pins, pressed: [false; 5], changed: [0; 5] }
    }
}

impl<P: InputPin> ReadKeys for Keys<P> {
    fn next(&mut self, now: Ticks) -> Option<(Key, bool)> {
        let states = self.pressed.iter_mut().zip(&mut self.changed);
        for ((pin, key), (pressed, changed)) in self.pins.iter_mut().zip(KEYS).zip(states) {
            // A pin that cannot be read is a button that is not touched.
            let low = pin.is_low().unwrap_or(*pressed);
            if low != *pressed && now.wrapping_sub(*changed) >= BOUNCE {
                (*pressed, *changed) = (low, now);
                return Some((key, low));
            }
        }
        None
    }
}
