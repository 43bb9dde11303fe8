//! Pins, and the UART that Nordic's nRF51 and nRF52 have at the same place.
#![allow(unsafe_code)]

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin};

use crate::{Port, Register};

/// A pin. Those of the second port have the numbers from 32.
#[derive(Clone, Copy, Debug)]
pub struct NrfPin(u8);

impl NrfPin {
    /// # Safety
    ///
    /// The chip is an nRF51 or nRF52 and has this pin: elsewhere, other parts lie at these addresses.
    pub const unsafe fn at(number: u8) -> Self {
        Self(number)
    }

    const fn register(self, offset: usize) -> Register {
        // SAFETY: the promise of `at`: registers of the pin's port, which touch no memory.
        unsafe { Register::at(0x5000_0000 + self.0 as usize / 32 * 0x300 + offset) }
    }

    const fn bit(self) -> u32 {
        1 << (self.0 % 32)
    }

    /// Makes it an output.
    pub fn output(self, high: bool) {
        self.write(high);
        self.register(0x518).write(self.bit());
    }

    /// Makes it an input that is high unless something pulls it low.
    pub fn input(self) -> Self {
        self.register(0x700 + self.0 as usize % 32 * 4).write(0b11 << 2);
        self
    }

    /// Sets an output.
    pub fn write(self, high: bool) {
        self.register(if high { 0x508 } else { 0x50C }).write(self.bit());
    }
}

impl ErrorType for NrfPin {
    type Error = Infallible;
}

impl InputPin for NrfPin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.register(0x510).read() & self.bit() != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

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

/// The UART, at 115,200 baud.
#[derive(Clone, Copy, Debug)]
pub struct NrfUart;

impl NrfUart {
    /// Switches it on.
    pub fn start(send: NrfPin, receive: NrfPin) {
        // SAFETY: a register of the clock; it touches no memory.
        let start_crystal = unsafe { Register::at(0x4000_0000) };
        // The part's own oscillator is too far off for a UART.
        start_crystal.write(1);
        send.output(true);
        SEND_PIN.write(send.0.into());
        RECEIVE_PIN.write(receive.input().0.into());
        BAUD_RATE.write(0x01D7_E000);
        ENABLE.write(4);
        START_SENDING.write(1);
        START_RECEIVING.write(1);
    }
}

impl Port for NrfUart {
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
