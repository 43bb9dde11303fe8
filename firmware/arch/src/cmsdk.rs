//! The UART of Arm's CMSDK, which the FPGA images of the MPS2 boards have.
#![allow(unsafe_code)]

use crate::Register;
use crate::serial::Port;

const SEND_FULL: u32 = 1 << 0;
const RECEIVED: u32 = 1 << 1;

/// A CMSDK UART.
#[derive(Clone, Copy, Debug)]
pub struct CmsdkUart {
    base: usize,
}

impl CmsdkUart {
    /// The UART at an address.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn at(base: usize) -> Self {
        Self { base }
    }

    /// Switches it on; a bit takes this many cycles of its clock.
    pub fn start(self, cycles_per_bit: u32) {
        self.register(0x10).write(cycles_per_bit);
        self.register(0x08).write(0b11); // send and receive
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise made to `at`; its registers touch no memory.
        unsafe { Register::at(self.base + offset) }
    }

    fn state(self) -> u32 {
        self.register(0x04).read()
    }
}

impl Port for CmsdkUart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| self.register(0x00).read() as u8)
    }

    fn ready(&mut self) -> bool {
        self.state() & RECEIVED != 0
    }

    fn full(&mut self) -> bool {
        self.state() & SEND_FULL != 0
    }

    fn put(&mut self, byte: u8) {
        while self.full() {}
        self.register(0x00).write(u32::from(byte));
    }
}
