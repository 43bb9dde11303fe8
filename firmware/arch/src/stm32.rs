//! The USARTs of ST's parts.
#![allow(unsafe_code)]

use crate::Register;
use crate::serial::Port;

const RECEIVED: u32 = 1 << 5;
const SEND_EMPTY: u32 = 1 << 7;

/// A USART.
#[derive(Clone, Copy, Debug)]
pub struct Stm32Usart {
    base: usize,
    map: &'static Map,
}

/// Where registers lie, and the bit that switches it on.
#[derive(Debug)]
struct Map {
    state: usize,
    receive: usize,
    send: usize,
    baud: usize,
    control: usize,
    on: u32,
}

const OLD: &Map = &Map { state: 0, receive: 0x04, send: 0x04, baud: 0x08, control: 0x0C, on: 13 };
const NEW: &Map = &Map { state: 0x1C, receive: 0x24, send: 0x28, baud: 0x0C, control: 0, on: 0 };

impl Stm32Usart {
    /// The USART at an address of a part of the families F1, F2, F4 or L1.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn at(base: usize) -> Self {
        Self { base, map: OLD }
    }

    /// The USART at an address of a part of the later families.
    ///
    /// # Safety
    ///
    /// There is one.
    pub const unsafe fn later_at(base: usize) -> Self {
        Self { base, map: NEW }
    }

    /// Switches it on; a bit takes this many cycles of its clock.
    pub fn start(self, cycles_per_bit: u32) {
        self.register(self.map.baud).write(cycles_per_bit);
        self.register(self.map.control).write(1 << self.map.on | 1 << 3 | 1 << 2); // send, receive
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise made to `at`; its registers touch no memory.
        unsafe { Register::at(self.base + offset) }
    }

    fn state(self) -> u32 {
        self.register(self.map.state).read()
    }
}

impl Port for Stm32Usart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| self.register(self.map.receive).read() as u8)
    }

    fn ready(&mut self) -> bool {
        self.state() & RECEIVED != 0
    }

    fn full(&mut self) -> bool {
        self.state() & SEND_EMPTY == 0
    }

    fn put(&mut self, byte: u8) {
        while self.full() {}
        self.register(self.map.send).write(u32::from(byte));
    }
}
