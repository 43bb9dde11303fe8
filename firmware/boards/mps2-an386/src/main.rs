//! Inkbit on the Arm MPS2 board with the AN386 image, a Cortex-M4F: the line, no display.

#![no_std]
#![no_main]

use inkbit_app::Run;
use inkbit_arch::{CmsdkUart, CmsdkWatchdog, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: UART);

// SAFETY: the image's UART 0.
#[allow(unsafe_code)]
const UART: CmsdkUart = unsafe { CmsdkUart::at(0x4000_4000) };

// SAFETY: the image's watchdog, whose warning is the exception NMI.
#[allow(unsafe_code)]
const WATCHDOG: CmsdkWatchdog = unsafe { CmsdkWatchdog::at(0x4000_8000) };

fn start() {
    UART.start(217); // 25 MHz / 115,200 baud
}

fn device() -> impl Run {
    let watchdog = WATCHDOG.start(NANOSECONDS_PER_CYCLE);
    line_only(UART, SysTick::start(NANOSECONDS_PER_CYCLE), watchdog)
}
