//! Ports and pins.
#![allow(unsafe_code)]

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use inkbit_arch::Register;

/// A port of eight pins, by its address.
#[derive(Clone, Copy)]
pub(crate) struct Port(usize);

impl Port {
    pub(crate) const A: Self = Self(0x4000_4000);
    pub(crate) const C: Self = Self(0x4000_6000);
    pub(crate) const D: Self = Self(0x4000_7000);
    pub(crate) const E: Self = Self(0x4002_4000);
    pub(crate) const F: Self = Self(0x4002_5000);

    const fn register(self, offset: usize) -> Register {
        // SAFETY: registers of a port; they touch no memory.
        unsafe { Register::at(self.0 + offset) }
    }

    /// Bits 2 to 9 of the address say which pins an access to the data register is about.
    const fn data(self, pin: u8) -> Register {
        self.register(4 << pin)
    }

    const fn direction(self) -> Register {
        self.register(0x400)
    }

    const fn pull_up(self) -> Register {
        self.register(0x510)
    }

    const fn digital(self) -> Register {
        self.register(0x51C)
    }

    /// Gives pins to the peripheral that they belong to.
    pub(crate) fn peripheral(self, pins: u32) {
        self.register(0x420).set(pins);
        self.digital().set(pins);
    }
}

/// A pin that is driven.
pub(crate) struct Output(Register, u8);

impl Output {
    pub(crate) fn new(port: Port, pin: u8) -> Self {
        port.direction().set(1 << pin);
        port.digital().set(1 << pin);
        Self(port.data(pin), pin)
    }

    pub(crate) fn write(&mut self, high: bool) {
        self.0.write(u32::from(high) << self.1);
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.write(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.write(true);
        Ok(())
    }
}

/// A pin that is read, pulled up.
pub(crate) struct Input(Register);

impl Input {
    /// Makes a pin an input. It is driven high for a moment first: a real line is charged sooner
    /// than by its pull-up, and QEMU's, which knows of no pull-up, would be low until its first
    /// change.
    pub(crate) fn new(port: Port, pin: u8) -> Self {
        port.pull_up().set(1 << pin);
        Output::new(port, pin).write(true);
        port.direction().clear(1 << pin);
        Self(port.data(pin))
    }
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.read() != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}
