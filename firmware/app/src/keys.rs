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
        Self(pins.map(Button::new))
    }
}

impl<P: InputPin> Keys<P> {
    /// The next key that has gone down (`true`) or up, if one has.
    pub fn next(&mut self, now: Ticks) -> Option<(Key, bool)> {
        let mut buttons = self.0.iter_mut().zip(KEYS);
        buttons.find_map(|(button, key)| Some((key, button.change(now)?)))
    }
}

impl<P> Button<P> {
    const fn new(pin: P) -> Self {
        Self { pin, pressed: false, changed: 0 }
    }
}

impl<P: InputPin> Button<P> {
    /// Whether it has gone down (`true`) or up, if it has done either.
    fn change(&mut self, now: Ticks) -> Option<bool> {
        // A pin that cannot be read is a button that is not touched.
        let low = self.pin.is_low().unwrap_or(self.pressed);
        let changes = low != self.pressed && now.wrapping_sub(self.changed) >= BOUNCE;
        changes.then(|| {
            (self.pressed, self.changed) = (low, now);
            low
        })
    }
}

/// Two push-buttons that pull their pins low: one alone is the arrow to its side, both together change
/// the screen.
#[derive(Debug)]
pub struct Pair<P> {
    buttons: [Button<P>; 2],
    /// Both were down, and one is still.
    both: bool,
    /// What is left to tell.
    events: &'static [(Key, bool)],
}

const ALONE: [&[(Key, bool)]; 2] =
    [&[(Key::Left, true), (Key::Left, false)], &[(Key::Right, true), (Key::Right, false)]];
const TOGETHER: &[(Key, bool)] =
    &[(Key::Select, true), (Key::Right, true), (Key::Right, false), (Key::Select, false)];

impl<P> Pair<P> {
    /// Buttons at these pins, the left one first, none of them pressed so far.
    pub fn new(pins: [P; 2]) -> Self {
        Self { buttons: pins.map(Button::new), both: false, events: &[] }
    }
}

impl<P: InputPin> Pair<P> {
    /// The next key that has gone down (`true`) or up, if one has.
    pub fn next(&mut self, now: Ticks) -> Option<(Key, bool)> {
        if self.events.is_empty() {
            let [left, right] = &mut self.buttons;
            let changes = [left.change(now), right.change(now)];
            match (left.pressed, right.pressed) {
                (true, true) if !self.both => (self.both, self.events) = (true, TOGETHER),
                (false, false) if self.both => self.both = false,
                (false, false) => {
                    // Only when it is let go is it known to be alone.
                    let mut alone = ALONE.into_iter().zip(changes);
                    self.events = alone.find(|(_, change)| change.is_some())?.0;
                }
                _ => {}
            }
        }
        let (&event, rest) = self.events.split_first()?;
        self.events = rest;
        Some(event)
    }
}

impl<P: InputPin> Input for Keys<P> {
    fn apply(&mut self, app: &mut App<'_>, now: Ticks) {
        tell(app, now, || self.next(now));
    }
}

impl<P: InputPin> Input for Pair<P> {
    fn apply(&mut self, app: &mut App<'_>, now: Ticks) {
        tell(app, now, || self.next(now));
    }
}

fn tell(app: &mut App<'_>, now: Ticks, mut next: impl FnMut() -> Option<(Key, bool)>) {
    while let Some((key, pressed)) = next() {
        app.handle(Event::Key(key, pressed), now);
    }
}
