//! Inkbit on the BBC micro:bit, a Cortex-M0 in an nRF51822: the line, 5 × 5 lights that show the answer,
//! and two buttons.

#![no_std]
#![no_main]

mod timer;

use inkbit_app::{Device, NoStorage, NoWatchdog, Pair, Run};
use inkbit_arch::{Lights, NO_LIGHT, NrfPin, NrfUart, Serial, firmware};

use timer::Timer;

firmware!(start: start, device: device, line: NrfUart);

/// The lights at three rows of nine columns.
const MAP: [[u8; 9]; 3] = [
    [0, 2, 4, 19, 18, 17, 16, 15, 11],
    [14, 10, 12, 1, 3, 23, 21, NO_LIGHT, NO_LIGHT],
    [22, 24, 20, 5, 6, 7, 8, 9, 13],
];

/// A pin of the chip's.
#[allow(unsafe_code)]
const fn pin(number: u8) -> NrfPin {
    // SAFETY: the chip is an nRF51, and those that are asked for here are there.
    unsafe { NrfPin::at(number) }
}

fn start() {
    // The pins that lead to the board's USB interface.
    NrfUart::start(pin(24), pin(25));
}

fn device() -> impl Run {
    Device {
        serial: Serial(NrfUart, NoWatchdog),
        keys: Pair::new([pin(17), pin(26)].map(NrfPin::input)),
        panel: Lights::start([13, 14, 15].map(pin), [4, 5, 6, 7, 8, 9, 10, 11, 12].map(pin), &MAP),
        clock: Timer::start(),
        // The part has one. It is not used, because no emulator has it to test the firmware with.
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
}
