//! Inkbit on the Olimex STM32-H405, a Cortex-M4F in an STM32F405: the line on PA9 and PA10, no
//! display.

#![no_std]
#![no_main]

use inkbit_app::{NoWatchdog, Run};
use inkbit_arch::{Stm32F405, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: CHIP.usart());

// SAFETY: the chip is one.
#[allow(unsafe_code)]
const CHIP: Stm32F405 = unsafe { Stm32F405::at(8, 0, 9) };

fn start() {
    CHIP.start();
}

fn device() -> impl Run {
    // The part has a watchdog. It is not used, because no emulator has it to test the firmware with.
    line_only(CHIP.usart(), SysTick::start(NANOSECONDS_PER_CYCLE), NoWatchdog)
}
