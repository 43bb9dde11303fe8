//! The firmware's board-free part: what a device shows, what it does with keys, touch and serial
//! bytes, and drivers that speak embedded-hal. A board adds its registers and calls [`run`].
//!
//! Nothing here waits, allocates or knows an address.

#![no_std]
#![forbid(unsafe_code)]

mod board;
mod canvas;
mod clock;
mod engine;
mod font;
mod glyph;
mod guard;
mod keys;
mod layout;
mod line;
mod machine;
mod oled;
mod panel;
mod run;
mod samples;
mod screen;
mod shade;
mod ssd0323;
mod storage;
mod text;
mod touch;
mod xpt2046;

pub use board::{Board, Buffers, Memory, NoWatchdog, PIXELS, Watchdog};
pub use canvas::{Canvas, SIDE, STEP};
pub use clock::{Clock, Ticks, ticks};
pub use engine::{Engine, Verdict};
pub use glyph::Glyph;
pub use keys::{Keys, Pair};
pub use layout::{Layout, Small, Touch};
pub use line::Line;
pub use machine::{App, Event};
pub use oled::{Oled, Pages};
pub use panel::{NoPanel, Panel, Show};
pub use run::{Device, Input, NoKeys, Run};
pub use samples::{Sample, samples};
pub use screen::{Screen, View};
pub use shade::Shade;
pub use ssd0323::{FrameBuffer, NotSent, Ssd0323};
pub use storage::{Flash, Journal, NoStorage, RECORD, Slots, Storage, Store};
pub use text::Text;
pub use touch::{Finger, TouchPanel};
pub use xpt2046::{Edges, Xpt2046};
