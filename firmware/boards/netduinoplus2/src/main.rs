//! Inkbit on the Netduino Plus 2, a Cortex-M4F in an STM32F405: the line on PB6 (sends) and PB7
//! (receives), no display.

#![no_std]
#![no_main]

use inkbit_app::{NoWatchdog, Run};
use inkbit_arch::{Stm32F405, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: CHIP.usart());

// SAFETY: the chip is one.
#[allow(unsafe_code)]
const CHIP: Stm32F405 = unsafe { Stm32F405::at(25, 1, 6) };

fn start() {
    CHIP.start();
}

fn device() -> impl Run {
    // The part has a watchdog. It is not used, because no emulator has it to test the firmware with.
    line_only(CHIP.usart(), SysTick::start(NANOSECONDS_PER_CYCLE), NoWatchdog)
}
