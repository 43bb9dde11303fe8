//! Inkbit on the BBC micro:bit, a Cortex-M0 in an nRF51822: the line, no display.

#![no_std]
#![no_main]

mod timer;
mod uart;

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use inkbit_app::{Device, Memory, NoKeys, NoPanel};
use inkbit_arch::{Serial, model_region, report};

use timer::Timer;
use uart::Uart;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

#[entry]
#[allow(unsafe_code)]
fn main() -> ! {
    static mut MEMORY: Memory<CELLS> = Memory::new();
    // Before anything that takes time: the host may be sending already.
    let uart = Uart::start();
    // SAFETY: the region is flash behind the code.
    let region = unsafe { model_region(&BOARD) };
    let (app, line) = MEMORY.start(BOARD, region);
    Device { serial: Serial(uart), keys: NoKeys, panel: NoPanel, clock: Timer::start() }
        .run(app, line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(info, &mut Uart)
}
