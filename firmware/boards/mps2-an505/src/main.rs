//! Inkbit on the Arm MPS2+ board with the AN505 image, a Cortex-M33 in its secure state: the line,
//! no display.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use inkbit_app::{Device, Memory, NoKeys, NoPanel};
use inkbit_arch::{CmsdkUart, Serial, SysTick, model_region, report};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

// SAFETY: the image's UART 0.
#[allow(unsafe_code)]
const UART: CmsdkUart = unsafe { CmsdkUart::at(0x5020_0000) };

#[entry]
#[allow(unsafe_code)]
fn main() -> ! {
    static mut MEMORY: Memory<CELLS> = Memory::new();
    UART.start(174); // 20 MHz / 115,200 baud
    // SAFETY: the region is flash behind the code.
    let region = unsafe { model_region(&BOARD) };
    let (app, line) = MEMORY.start(BOARD, region);
    Device {
        serial: Serial(UART),
        keys: NoKeys,
        panel: NoPanel,
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
    }
    .run(app, line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(info, &mut { UART })
}
