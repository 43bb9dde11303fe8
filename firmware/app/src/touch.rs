//! A finger on a touch display: strokes on the canvas, and buttons.

use embedded_graphics::geometry::Point;
use inkbit_core::link::Mode;

use crate::clock::Ticks;
use crate::layout::{Action, Button, Layout as _, Touch, buttons, canvas_at};
use crate::machine::{App, Event};
use crate::run::Input;

/// A finger that is not felt for so long has left; a resistive panel loses a light one for moments.
const LIFTED: Ticks = 24;

/// A panel that feels a finger.
pub trait TouchPanel {
    /// Where the finger is, as (column, row) of the display, if there is one.
    fn finger(&mut self) -> Option<(i32, i32)>;
}

/// A finger on a panel, from one look at it to the next.
#[derive(Debug)]
pub struct Finger<P> {
    panel: P,
    contact: Option<Contact>,
    felt: Ticks,
}

/// What a finger does until it leaves.
#[derive(Clone, Copy, Debug)]
enum Contact {
    /// It draws, and has come to this point of the display.
    Stroke(Point),
    /// It has pressed something, or nothing, and does no more.
    Done,
}

impl<P: TouchPanel> Finger<P> {
    /// A panel that nothing touches so far.
    pub const fn new(panel: P) -> Self {
        Self { panel, contact: None, felt: 0 }
    }
}

impl<P: TouchPanel> Input for Finger<P> {
    fn apply(&mut self, app: &mut App<'_>, now: Ticks) {
        let Some((x, y)) = self.panel.finger() else {
            if self.contact.is_some() && now.wrapping_sub(self.felt) >= LIFTED {
                self.contact = None;
                app.stroke(None);
            }
            return;
        };
        self.felt = now;
        let at = Point::new(x, y);
        self.contact = Some(match self.contact {
            None => touch(app, at, now),
            Some(Contact::Stroke(last)) if app.mode() == Mode::Draw => {
                // Half way to what the panel says, which is never quite still.
                let to = (last + at) / 2;
                if to != last {
                    app.stroke(Some(canvas_at(to)));
                }
                Contact::Stroke(to)
            }
            Some(_) => Contact::Done,
        });
    }
}

/// A finger comes down.
fn touch(app: &mut App<'_>, at: Point, now: Ticks) -> Contact {
    // What lies below a message cannot be seen.
    if app.dismiss() {
        return Contact::Done;
    }
    let mode = app.mode();
    if mode == Mode::Draw && Touch::IMAGE.contains(at) {
        app.stroke(Some(canvas_at(at)));
        return Contact::Stroke(at);
    }
    if let Some(Button { action, .. }) =
        buttons(mode).iter().find(|button| button.area.contains(at))
    {
        match *action {
            Action::Clear => app.handle(Event::Clear, now),
            Action::Next => app.handle(Event::Show(app.next_mode()), now),
            Action::Press(key) => {
                app.handle(Event::Key(key, true), now);
                app.handle(Event::Key(key, false), now);
            }
        }
    }
    Contact::Done
}
