//! What a board tells the app, and the memory that it lends.

use core::mem::MaybeUninit;

use inkbit_core::link::Reset;

use crate::canvas::Canvas;
use crate::guard::Slot;
use crate::line::Line;
use crate::machine::App;
use crate::text::Text;

/// The most pixels of an image that a model may take: 32 × 32.
pub const PIXELS: usize = 1024;

/// What the app has to know about its board.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// The board's name, as in its file.
    pub name: &'static str,
    /// Address of the model region.
    pub model_address: u32,
    /// Its length in bytes.
    pub model_bytes: u32,
    /// Measures the stack: its deepest use so far, and its room, in bytes.
    pub stack: fn() -> (u32, u32),
    /// Why the firmware has started.
    pub reset: Reset,
    /// Asks the board to leave for its boot loader at the beginning of the next step, when the host has
    /// its answer; none of a board without a boot loader that a firmware can start.
    pub boot_loader: Option<fn()>,
}

/// What resets a board whose loop stands still.
pub trait Watchdog {
    /// Says that the loop is going on.
    fn feed(&mut self);
}

/// A board without a watchdog.
#[derive(Clone, Copy, Debug)]
pub struct NoWatchdog;

impl Watchdog for NoWatchdog {
    fn feed(&mut self) {}
}

/// The app's memory, too large for the stack. All zero, so that it costs no flash. It begins with
/// the cells, where tests look for them.
#[repr(C)]
pub struct Memory<const CELLS: usize> {
    buffers: Buffers<'static, CELLS>,
    app: MaybeUninit<App<'static>>,
    line: Line,
}

impl<const CELLS: usize> Memory<CELLS> {
    /// Memory that is not in use.
    pub const fn new() -> Self {
        Self { buffers: Buffers::new(), app: MaybeUninit::uninit(), line: Line::new() }
    }

    /// Starts the app with the model at the start of `region`, the board's flash for one.
    // Not inlined: `main` never returns, and what it has on the stack stays there.
    #[inline(never)]
    pub fn start(
        &'static mut self,
        board: Board,
        region: &'static [u8],
    ) -> (&'static mut App<'static>, &'static mut Line) {
        (self.app.write(App::new(board, region, &mut self.buffers)), &mut self.line)
    }
}

/// What the app works in.
#[derive(Debug)]
#[repr(C)]
pub struct Buffers<'m, const CELLS: usize> {
    pub(crate) scratch: [i32; CELLS],
    pub(crate) engine: Slot<'m>,
    /// What is drawn, and the image that the model sees.
    pub(crate) pictures: Pictures,
}

/// What is drawn, and the image that the model sees.
#[derive(Debug)]
pub(crate) struct Pictures {
    pub(crate) canvas: Canvas,
    pub(crate) image: [u8; PIXELS],
    pub(crate) notice: Text,
}

impl<const CELLS: usize> Buffers<'_, CELLS> {
    /// Memory that is not in use.
    pub const fn new() -> Self {
        let pictures = Pictures { canvas: Canvas::new(), image: [0; PIXELS], notice: Text::new() };
        Self { scratch: [0; CELLS], engine: Slot::new(), pictures }
    }
}
