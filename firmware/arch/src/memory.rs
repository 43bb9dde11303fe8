//! The app's memory: too large for the stack, so it lies in a static.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use inkbit_app::{App, Board, Buffers, Line};
use inkbit_core::{Error, Model};

/// Room for the app, its model and its line.
pub struct Memory<const CELLS: usize> {
    model: UnsafeCell<MaybeUninit<Result<Model<'static>, Error>>>,
    buffers: UnsafeCell<Buffers<'static, CELLS>>,
    app: UnsafeCell<MaybeUninit<App<'static, CELLS>>>,
    line: UnsafeCell<Line>,
}

// SAFETY: `start`, the only way to the cells, must not be called twice.
unsafe impl<const CELLS: usize> Sync for Memory<CELLS> {}

impl<const CELLS: usize> Memory<CELLS> {
    /// Memory that is not in use.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const function")]
    pub const fn new() -> Self {
        Self {
            model: UnsafeCell::new(MaybeUninit::uninit()),
            buffers: UnsafeCell::new(Buffers::new()),
            app: UnsafeCell::new(MaybeUninit::uninit()),
            line: UnsafeCell::new(Line::new()),
        }
    }

    /// Reads the model at the board's address and starts the app.
    ///
    /// # Safety
    ///
    /// Called once, and the board's model region is memory that can be read and that nothing
    /// writes to.
    // Not inlined: `main` never returns, and what it has on the stack stays there.
    #[inline(never)]
    #[expect(clippy::mut_from_ref, reason = "there is one call, and so one of each reference")]
    pub unsafe fn start(
        &'static self,
        board: Board,
    ) -> (&'static mut App<'static, CELLS>, &'static mut Line) {
        let address = core::ptr::with_exposed_provenance(board.model_address as usize);
        // SAFETY: the caller's promise about the region.
        let region = unsafe { core::slice::from_raw_parts(address, board.model_bytes as usize) };
        // SAFETY: this is the only call, so these are the only references, now and later.
        let (model, buffers) = unsafe { (&mut *self.model.get(), &mut *self.buffers.get()) };
        // SAFETY: as above.
        let (app, line) = unsafe { (&mut *self.app.get(), &mut *self.line.get()) };
        let model = model.write(Model::parse_region(region));
        (app.write(App::new(board, region, model, buffers)), line)
    }
}
