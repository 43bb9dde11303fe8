//! Inkbit on Nordic's nRF52840-DK, a Cortex-M4F: the line, no display.

#![no_std]
#![no_main]

use inkbit_app::{NoWatchdog, Run};
use inkbit_arch::{NrfPin, NrfUart, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: NrfUart);

/// A pin of the chip's.
#[allow(unsafe_code)]
const fn pin(number: u8) -> NrfPin {
    // SAFETY: the chip is an nRF52, and those that are asked for here are there.
    unsafe { NrfPin::at(number) }
}

fn start() {
    // P0.06 and P0.08, which lead to the board's USB interface.
    NrfUart::start(pin(6), pin(8));
}

fn device() -> impl Run {
    // The part has a watchdog. It is not used, because no emulator has it to test the firmware with.
    line_only(NrfUart, SysTick::start(NANOSECONDS_PER_CYCLE), NoWatchdog)
}
