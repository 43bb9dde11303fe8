//! The UART, at 115,200 baud, on the pins that lead to the board's USB interface.
#![allow(unsafe_code)]

use inkbit_arch::{Port, Register};

const fn register(offset: usize) -> Register {
    // SAFETY: registers of the UART; they touch no memory.
    unsafe { Register::at(0x4000_2000 + offset) }
}

const START_RECEIVING: Register = register(0x000);
const START_SENDING: Register = register(0x008);
const RECEIVED: Register = register(0x108);
const SENT: Register = register(0x11C);
const ENABLE: Register = register(0x500);
const SEND_PIN: Register = register(0x50C);
const RECEIVE_PIN: Register = register(0x514);
const RECEIVE_DATA: Register = register(0x518);
const SEND_DATA: Register = register(0x51C);
const BAUD_RATE: Register = register(0x524);

pub(crate) struct Uart;

impl Uart {
    pub(crate) fn start() {
        // SAFETY: a register of the clock; it touches no memory.
        let start_crystal = unsafe { Register::at(0x4000_0000) };
        // The part's own oscillator is too far off for a UART.
        start_crystal.write(1);
        SEND_PIN.write(24);
        RECEIVE_PIN.write(25);
        BAUD_RATE.write(0x01D7_E000);
        ENABLE.write(4);
        START_SENDING.write(1);
        START_RECEIVING.write(1);
    }
}

impl Port for Uart {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| {
            RECEIVED.write(0);
            RECEIVE_DATA.read() as u8
        })
    }

    fn ready(&mut self) -> bool {
        RECEIVED.read() != 0
    }

    fn put(&mut self, byte: u8) {
        SENT.write(0);
        SEND_DATA.write(u32::from(byte));
        while SENT.read() == 0 {}
    }
}
