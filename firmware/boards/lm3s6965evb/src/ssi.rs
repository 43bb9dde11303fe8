//! SSI0, an Arm PL022, as the bus of the OLED.
#![allow(unsafe_code)]

use core::convert::Infallible;

use embedded_hal::spi::{ErrorType, SpiBus};
use inkbit_arch::Register;

use crate::gpio::Port;

// SAFETY: registers of SSI0; they touch no memory.
const CONTROL_0: Register = unsafe { Register::at(0x4000_8000) };
// SAFETY: as above.
const CONTROL_1: Register = unsafe { Register::at(0x4000_8004) };
// SAFETY: as above.
const DATA: Register = unsafe { Register::at(0x4000_8008) };
// SAFETY: as above.
const STATUS: Register = unsafe { Register::at(0x4000_800C) };
// SAFETY: as above.
const PRESCALER: Register = unsafe { Register::at(0x4000_8010) };

const RECEIVED: u32 = 1 << 2;

/// The bus, for eight-bit words.
pub(crate) struct Ssi;

impl Ssi {
    /// Switches it on, at a bit rate that the display can take: 50 MHz / 14 = 3.6 MHz.
    pub(crate) fn start() -> Self {
        Port::A.peripheral(0b11_0100); // PA2 clock, PA4 in, PA5 out
        PRESCALER.write(2);
        // Divided by 7 once more; clock high when idle, data taken at its rising edge; 8 bits.
        CONTROL_0.write(6 << 8 | 1 << 7 | 1 << 6 | 0x07);
        CONTROL_1.write(1 << 1); // on
        Self
    }

    fn exchange(byte: u8) -> u8 {
        DATA.write(u32::from(byte));
        while STATUS.read() & RECEIVED == 0 {}
        DATA.read() as u8
    }
}

impl ErrorType for Ssi {
    type Error = Infallible;
}

impl SpiBus for Ssi {
    fn read(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        words.iter_mut().for_each(|word| *word = Self::exchange(0));
        Ok(())
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Infallible> {
        words.iter().for_each(|&word| {
            Self::exchange(word);
        });
        Ok(())
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Infallible> {
        for index in 0..read.len().max(write.len()) {
            let word = Self::exchange(write.get(index).copied().unwrap_or_default());
            if let Some(place) = read.get_mut(index) {
                *place = word;
            }
        }
        Ok(())
    }

    fn transfer_in_place(&mut self, words: &mut [u8]) -> Result<(), Infallible> {
        words.iter_mut().for_each(|word| *word = Self::exchange(*word));
        Ok(())
    }

    /// Every word that was sent has brought one back, so nothing is on its way.
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
