//! Inkbit on the Arm MPS2+ board with the AN505 image, a Cortex-M33 in its secure state: the line,
//! no display.

#![no_std]
#![no_main]

use inkbit_app::Run;
use inkbit_arch::{CmsdkUart, CmsdkWatchdog, SysTick, firmware, line_only};

firmware!(start: start, device: device, line: UART);

// SAFETY: the image's UART 0.
#[allow(unsafe_code)]
const UART: CmsdkUart = unsafe { CmsdkUart::at(0x5020_0000) };

// SAFETY: the image's watchdog, whose warning is the exception NMI.
#[allow(unsafe_code)]
const WATCHDOG: CmsdkWatchdog = unsafe { CmsdkWatchdog::at(0x5008_1000) };

fn start() {
    UART.start(174); // 20 MHz / 115,200 baud
}

fn device() -> impl Run {
    let watchdog = WATCHDOG.start(NANOSECONDS_PER_CYCLE);
    line_only(UART, SysTick::start(NANOSECONDS_PER_CYCLE), watchdog)
}
