//! Inkbit on the BBC micro:bit, a Cortex-M0 in an nRF51822: the line, no display.

#![no_std]
#![no_main]

mod timer;
mod uart;

use inkbit_app::{NoWatchdog, Run};
use inkbit_arch::{firmware, line_only};

use timer::Timer;
use uart::Uart;

firmware!(start: Uart::start, device: device, line: Uart);

fn device() -> impl Run {
    // The part has a watchdog. It is not used, because no emulator has it to test the firmware with.
    line_only(Uart, Timer::start(), NoWatchdog)
}
