//! Inkbit on ST's B-L475E-IOT01A, a Cortex-M4F in an STM32L475: the line on its USB connector, the
//! answer on a shield with a DM163 and 8 × 8 lights.

#![no_std]
#![no_main]

mod matrix;

use inkbit_app::{Device, NoKeys, NoStorage, NoWatchdog, Run};
use inkbit_arch::{Register, Serial, Stm32Usart, SysTick, firmware};

use matrix::Matrix;

firmware!(start: start, device: device, line: USART);

// SAFETY: USART1.
#[allow(unsafe_code)]
const USART: Stm32Usart = unsafe { Stm32Usart::later_at(0x4001_3800) };

/// Sets the core to 80 MHz from the 4 MHz oscillator that runs after a reset, and the line to 115,200
/// baud.
#[allow(unsafe_code)]
fn start() {
    // SAFETY: registers of flash, clocks and port B; they touch no memory.
    let register = |address| unsafe { Register::at(address) };
    let (switches, source) = (register(0x4002_1000), register(0x4002_1008));
    register(0x4002_2000).write(0x704); // flash: 4 wait states, caches
    register(0x4002_100C).write(1 << 24 | 40 << 8 | 1); // PLL: oscillator × 40 / 2
    switches.set(1 << 24);
    while switches.read() & 1 << 25 == 0 {}
    source.set(0b11); // core and buses from the PLL
    while source.read() & 0b1100 != 0b1100 {}
    register(0x4002_104C).set(0b111); // ports A to C
    register(0x4002_1060).set(1 << 14); // USART1
    register(0x4800_0420).set(0x77 << 24); // which has PB6 and PB7
    register(0x4800_0400).clear(0b0101 << 12);
    USART.start(694); // 80 MHz / 115,200 baud
}

fn device() -> impl Run {
    Device {
        serial: Serial(USART, NoWatchdog),
        keys: NoKeys,
        panel: Matrix::start(),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        // The part has one. It is not used, because no emulator has it to test the firmware with.
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
}
