//! Inkbit on the BBC micro:bit v2, a Cortex-M4F in an nRF52833: the line, 5 × 5 lights that show the
//! answer, and two buttons.

#![no_std]
#![no_main]

use inkbit_app::{Device, NoStorage, NoWatchdog, Pair, Run};
use inkbit_arch::{Lights, NrfPin, NrfUart, Serial, SysTick, firmware};

firmware!(start: start, device: device, line: NrfUart);

/// The lights at five rows of five columns.
const MAP: [[u8; 5]; 5] = [
    [0, 1, 2, 3, 4],
    [5, 6, 7, 8, 9],
    [10, 11, 12, 13, 14],
    [15, 16, 17, 18, 19],
    [20, 21, 22, 23, 24],
];

/// A pin of the chip's.
#[allow(unsafe_code)]
const fn pin(number: u8) -> NrfPin {
    // SAFETY: the chip is an nRF52, and those that are asked for here are there.
    unsafe { NrfPin::at(number) }
}

fn start() {
    // P0.06 and P1.08, which lead to the board's USB interface.
    NrfUart::start(pin(6), pin(40));
}

fn device() -> impl Run {
    Device {
        serial: Serial(NrfUart, NoWatchdog),
        keys: Pair::new([pin(14), pin(23)].map(NrfPin::input)),
        // The fourth column is P1.05.
        panel: Lights::start([21, 22, 15, 24, 19].map(pin), [28, 11, 31, 37, 30].map(pin), &MAP),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        // The part has one. It is not used, because no emulator has it to test the firmware with.
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
}
