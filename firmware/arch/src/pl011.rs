//! Arm's UART PL011.
#![allow(unsafe_code)]

use crate::{Port, Register};

const NOTHING_RECEIVED: u32 = 1 << 4;
const SEND_FULL: u32 = 1 << 5;

/// A PL011.
#[derive(Clone, Copy, Debug)]
pub struct Pl011 {
    base: usize,
}

impl Pl011 {
    /// The PL011 at an address.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn at(base: usize) -> Self {
        Self { base }
    }

    /// Switches it on: 8 data bits, no parity, one stop bit. A bit takes this many cycles of its clock,
    /// in quarters.
    pub fn start(self, quarters_per_bit: u32) {
        // Sixteenths of a bit, in 64ths of a cycle.
        self.register(0x24).write(quarters_per_bit / 64);
        self.register(0x28).write(quarters_per_bit % 64);
        self.register(0x2C).write(0b11 << 5 | 1 << 4); // 8 bits, buffers on
        self.register(0x30).write(1 << 9 | 1 << 8 | 1); // receive, send, on
        // The buffers were emptied, and QEMU asks its line for more only after a read.
        if self.has(NOTHING_RECEIVED) {
            let _ = self.register(0).read();
        }
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise made to `at`; its registers touch no memory.
        unsafe { Register::at(self.base + offset) }
    }

    fn has(self, flag: u32) -> bool {
        self.register(0x18).read() & flag != 0
    }
}

impl Port for Pl011 {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| self.register(0).read() as u8)
    }

    fn ready(&mut self) -> bool {
        !self.has(NOTHING_RECEIVED)
    }

    fn full(&mut self) -> bool {
        self.has(SEND_FULL)
    }

    fn put(&mut self, byte: u8) {
        while self.full() {}
        self.register(0).write(u32::from(byte));
    }
}
