//! The watchdog of Arm's CMSDK, which TI's parts have, too.
#![allow(unsafe_code)]

use inkbit_app::Watchdog;

use crate::Register;

/// A loop that has stood still for this long is stuck. The longest that the app is busy with one
/// thing, an inference of the largest model, takes a tenth of it.
const PATIENCE: u32 = 3_000_000_000;

/// A CMSDK watchdog. It warns by an interrupt, and resets the board if nothing has come of that
/// after the same time again.
#[derive(Clone, Copy, Debug)]
pub struct CmsdkWatchdog {
    base: usize,
}

impl CmsdkWatchdog {
    /// The watchdog at an address.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn at(base: usize) -> Self {
        Self { base }
    }

    /// Starts it. A cycle of its clock takes this many nanoseconds.
    pub fn start(self, nanoseconds_per_cycle: u32) -> Self {
        self.register(0x00).write(PATIENCE / nanoseconds_per_cycle);
        self.register(0x08).write(0b11); // warn, reset
        self
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise made to `at`; its registers touch no memory.
        unsafe { Register::at(self.base + offset) }
    }
}

impl Watchdog for CmsdkWatchdog {
    fn feed(&mut self) {
        self.register(0x0C).write(1);
    }
}
