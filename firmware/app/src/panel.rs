//! Displays, as the loop sees them.

use embedded_graphics::draw_target::DrawTarget;

use crate::layout::Layout;
use crate::screen::{Screen, View};
use crate::shade::Shade;

/// Something that shows a view.
pub trait Show {
    /// Brings the display up to date.
    fn show(&mut self, view: &View<'_>);
}

/// A board without a display.
#[derive(Clone, Copy, Debug)]
pub struct NoPanel;

impl Show for NoPanel {
    fn show(&mut self, _: &View<'_>) {}
}

/// A display, what is on it, and how drawings get there.
pub struct Panel<L: Layout, D, F> {
    display: D,
    screen: Screen<L>,
    flush: F,
}

impl<L: Layout, D: DrawTarget, F: FnMut(&mut D)> Panel<L, D, F> {
    /// A display that is black. `flush` is called after every change, for displays with a buffer.
    pub const fn new(display: D, flush: F) -> Self {
        Self { display, screen: Screen::new(), flush }
    }
}

impl<L: Layout, D: DrawTarget<Color: Shade>, F: FnMut(&mut D)> Show for Panel<L, D, F> {
    fn show(&mut self, view: &View<'_>) {
        // A display that fails has nowhere to say so; the line still answers.
        if let Ok(true) = self.screen.draw(view, &mut self.display) {
            (self.flush)(&mut self.display);
        }
    }
}
