//! Inkbit on the BBC micro:bit, a Cortex-M0 in an nRF51822: the line, no display.

#![no_std]
#![no_main]

mod timer;
mod uart;

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use inkbit_app::{Board, Device, Memory, NoKeys, NoPanel, NoWatchdog};
use inkbit_arch::{Serial, interrupts, model_region, report, reset, restart};
use inkbit_core::link::Reset;

use timer::Timer;
use uart::Uart;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

interrupts!([None; 1]);

#[entry]
#[allow(unsafe_code)]
fn main() -> ! {
    static mut MEMORY: Memory<CELLS> = Memory::new();
    // Before anything that takes time: the host may be sending already.
    let uart = Uart::start();
    // SAFETY: the region is flash behind the code.
    let region = unsafe { model_region(&BOARD) };
    let (app, line) = MEMORY.start(Board { reset: reset::last(), ..BOARD }, region);
    Device {
        serial: Serial(uart, NoWatchdog),
        keys: NoKeys,
        panel: NoPanel,
        clock: Timer::start(),
        // The part has one. It is not used, because no emulator has it to test the firmware with.
        watchdog: NoWatchdog,
    }
    .run(app, line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(info, &mut Uart);
    restart(Reset::Panic)
}
