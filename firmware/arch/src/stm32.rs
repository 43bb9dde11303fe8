//! The USART of ST's families F1, F2 and F4.
#![allow(unsafe_code)]

use crate::Register;
use crate::serial::Port;

const RECEIVED: u32 = 1 << 5;
const SEND_EMPTY: u32 = 1 << 7;

/// A USART.
#[derive(Clone, Copy, Debug)]
pub struct Stm32Usart {
    base: usize,
}

impl Stm32Usart {
    /// The USART at an address.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn at(base: usize) -> Self {
        Self { base }
    }

    /// Switches it on; a bit takes this many cycles of its clock.
    pub fn start(self, cycles_per_bit: u32) {
        self.register(0x08).write(cycles_per_bit);
        self.register(0x0C).write(1 << 13 | 1 << 3 | 1 << 2); // on, send, receive
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise made to `at`; its registers touch no memory.
        unsafe { Register::at(self.base + offset) }
    }

    fn state(self) -> u32 {
        self.register(0x00).read()
    }
}

impl Port for Stm32Usart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| self.register(0x04).read() as u8)
    }

    fn ready(&mut self) -> bool {
        self.state() & RECEIVED != 0
    }

    fn full(&mut self) -> bool {
        self.state() & SEND_EMPTY == 0
    }

    fn put(&mut self, byte: u8) {
        while self.full() {}
        self.register(0x04).write(u32::from(byte));
    }
}
