//! Inkbit on the Arm MPS2+ board with the AN505 image, a Cortex-M33 in its secure state: the line,
//! no display.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use inkbit_app::{Board, Device, Memory, NoKeys, NoPanel};
use inkbit_arch::{
    CmsdkUart, CmsdkWatchdog, Serial, SysTick, interrupts, model_region, report, reset, restart,
};
use inkbit_core::link::Reset;

include!(concat!(env!("OUT_DIR"), "/board.rs"));

// SAFETY: the image's UART 0.
#[allow(unsafe_code)]
const UART: CmsdkUart = unsafe { CmsdkUart::at(0x5020_0000) };

// SAFETY: the image's watchdog, whose warning is the exception NMI.
#[allow(unsafe_code)]
const WATCHDOG: CmsdkWatchdog = unsafe { CmsdkWatchdog::at(0x5008_1000) };

interrupts!([None; 1]);

#[entry]
#[allow(unsafe_code)]
fn main() -> ! {
    static mut MEMORY: Memory<CELLS> = Memory::new();
    UART.start(174); // 20 MHz / 115,200 baud
    // SAFETY: the region is flash behind the code.
    let region = unsafe { model_region(&BOARD) };
    let (app, line) = MEMORY.start(Board { reset: reset::last(), ..BOARD }, region);
    let watchdog = WATCHDOG.start(NANOSECONDS_PER_CYCLE);
    Device {
        serial: Serial(UART, watchdog),
        keys: NoKeys,
        panel: NoPanel,
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog,
    }
    .run(app, line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(info, &mut { UART });
    restart(Reset::Panic)
}
