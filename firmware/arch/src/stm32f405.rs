//! The STM32F405: its clocks, and a line at USART1.
#![allow(unsafe_code)]

use crate::{Register, Stm32Usart};

/// The part, and what a board has at it.
#[derive(Clone, Copy, Debug)]
pub struct Stm32F405 {
    crystal: u32,
    port: usize,
    pin: usize,
}

impl Stm32F405 {
    /// With a crystal of this many MHz, and a line that sends on this pin of this port, from 0, and
    /// receives on the next one: PA9 or PB6, by the table of alternate functions in ST's data sheet.
    ///
    /// # Safety
    ///
    /// The chip is an STM32F405, and port and pin are one of those two: elsewhere, and for others, other
    /// registers lie at the addresses.
    pub const unsafe fn at(crystal: u32, port: usize, pin: usize) -> Self {
        Self { crystal, port, pin }
    }

    /// USART1.
    pub const fn usart(self) -> Stm32Usart {
        // SAFETY: the promise of `at`.
        unsafe { Stm32Usart::at(0x4001_1000) }
    }

    /// Sets the core to 168 MHz and the line to 115,200 baud.
    #[inline(always)]
    pub fn start(self) {
        // SAFETY: the promise of `at`: registers of flash, clocks and a port, which touch no memory.
        let register = |address| unsafe { Register::at(address) };
        let (switches, source) = (register(0x4002_3800), register(0x4002_3808));
        register(0x4002_3C00).write(0x705); // flash: 5 wait states, caches
        register(0x4002_3804).write(7 << 24 | 1 << 22 | 336 << 6 | self.crystal); // PLL: 1 MHz × 336 / 2
        // A bit that says that something is ready can only be set by the part. QEMU has no clocks, and
        // keeps what is written there.
        for crystal_or_pll in [16, 24] {
            switches.set(0b11 << crystal_or_pll);
            while switches.read() & 0b10 << crystal_or_pll == 0 {}
        }
        source.write(0b100 << 13 | 0b101 << 10 | 0b1010); // buses at 84 and 42 MHz, core from the PLL
        while source.read() & 0b1000 == 0 {}
        register(0x4002_3830).set(1 << self.port);
        register(0x4002_3844).set(1 << 4); // USART1
        let port = 0x4002_0000 + self.port * 0x400;
        register(port + 0x20 + self.pin / 8 * 4).set(0x77 << (self.pin % 8 * 4)); // which has both pins
        register(port).set(0b1010 << (self.pin * 2));
        self.usart().start(729); // 84 MHz / 115,200 baud
    }
}
