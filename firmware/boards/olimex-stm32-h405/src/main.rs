//! Inkbit on the Olimex STM32-H405, a Cortex-M4F in an STM32F405: the line on PA9 and PA10, no
//! display.

#![no_std]
#![no_main]

use inkbit_app::{NoWatchdog, Run};
use inkbit_arch::{Register, Stm32Usart, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: USART);

// SAFETY: USART1.
#[allow(unsafe_code)]
const USART: Stm32Usart = unsafe { Stm32Usart::at(0x4001_1000) };

/// Sets the core to 168 MHz and the line to 115,200 baud, from the 8 MHz crystal.
#[allow(unsafe_code)]
fn start() {
    // SAFETY: registers of flash, clocks and port A; they touch no memory.
    let register = |address| unsafe { Register::at(address) };
    let (switches, source) = (register(0x4002_3800), register(0x4002_3808));
    register(0x4002_3C00).write(0x705); // flash: 5 wait states, caches
    register(0x4002_3804).write(7 << 24 | 1 << 22 | 336 << 6 | 8); // PLL: crystal / 8 × 336 / 2
    // A bit that says that something is ready can only be set by the part. QEMU has no clocks, and
    // keeps what is written there.
    for crystal_or_pll in [16, 24] {
        switches.set(0b11 << crystal_or_pll);
        while switches.read() & 0b10 << crystal_or_pll == 0 {}
    }
    source.write(0b100 << 13 | 0b101 << 10 | 0b1010); // buses at 84 and 42 MHz, core from the PLL
    while source.read() & 0b1000 == 0 {}
    register(0x4002_3830).set(1); // port A
    register(0x4002_3844).set(1 << 4); // USART1
    register(0x4002_0024).set(0x77 << 4); // which has PA9 and PA10
    register(0x4002_0000).set(0b1010 << 18);
    USART.start(729); // 84 MHz / 115,200 baud
}

fn device() -> impl Run {
    // The part has a watchdog. It is not used, because no emulator has it to test the firmware with.
    line_only(USART, SysTick::start(NANOSECONDS_PER_CYCLE), NoWatchdog)
}
