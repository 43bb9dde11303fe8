//! Inkbit on the LM3S6965 evaluation board: Cortex-M3, OLED, five keys, UART.

#![no_std]
#![no_main]

mod gpio;
mod ssi;

use inkbit_app::{Device, FrameBuffer, Keys, NoStorage, Panel, Run, Small, Ssd0323};
use inkbit_arch::{CmsdkWatchdog, Pl011, Register, Serial, SysTick, firmware};

use gpio::{Input, Output, Port};
use ssi::Ssi;

/// Interrupt of the watchdog.
const WARNING: usize = 18;

firmware!(
    start: start,
    device: device,
    line: UART,
    warning: WARNING,
    lend FRAME_BUFFER: FrameBuffer = [[0; 64]; 64],
);

// SAFETY: UART0.
#[allow(unsafe_code)]
const UART: Pl011 = unsafe { Pl011::at(0x4000_C000) };

fn start() {
    clocks();
    Port::A.peripheral(0b11);
    // 50 MHz / 115,200 baud
    UART.start(1736);
}

fn device(picture: &'static mut FrameBuffer) -> impl Run {
    // The OLED's chip select stays low: nothing else is on its bus.
    Output::new(Port::D, 0).write(false);
    let mut display = Ssd0323::new(Ssi::start(), Output::new(Port::C, 7), picture);
    // A display that is not there must not keep the line from answering.
    let _ = display.start();
    let arrow = |pin| Input::new(Port::E, pin);
    let watchdog = watchdog();
    Device {
        serial: Serial(UART, watchdog),
        keys: Keys::new([arrow(0), arrow(1), arrow(2), arrow(3), Input::new(Port::F, 1)]),
        panel: Panel::<Small, _, _>::new(display, |display| {
            let _ = display.flush();
        }),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog,
        storage: NoStorage,
    }
}

#[allow(unsafe_code)]
fn watchdog() -> CmsdkWatchdog {
    // SAFETY: the processor's register that enables interrupts; it touches no memory.
    const ENABLE: Register = unsafe { Register::at(0xE000_E100) };
    // SAFETY: the part's watchdog.
    const WATCHDOG: CmsdkWatchdog = unsafe { CmsdkWatchdog::at(0x4000_0000) };
    ENABLE.write(1 << WARNING);
    WATCHDOG.start(NANOSECONDS_PER_CYCLE)
}

/// Sets the core to 50 MHz from the 8 MHz crystal, and powers the peripherals.
#[allow(unsafe_code)]
fn clocks() {
    // SAFETY: registers of the system control block; they touch no memory.
    const RIS: Register = unsafe { Register::at(0x400F_E050) };
    // SAFETY: as above.
    const RCC: Register = unsafe { Register::at(0x400F_E060) };
    // SAFETY: as above.
    const RCGC0: Register = unsafe { Register::at(0x400F_E100) };
    // SAFETY: as above.
    const RCGC1: Register = unsafe { Register::at(0x400F_E104) };
    // SAFETY: as above.
    const RCGC2: Register = unsafe { Register::at(0x400F_E108) };
    const PLL_LOCKED: u32 = 1 << 6;
    const BYPASS: u32 = 1 << 11;
    const USE_DIVIDER: u32 = 1 << 22;
    /// Main oscillator on, 8 MHz crystal, PLL powered, 200 MHz divided by 4.
    const SPEED: u32 = 3 << 23 | 0xE << 6;

    // The crystal and the PLL start up while the core runs without them.
    RCC.write(SPEED | USE_DIVIDER | BYPASS);
    while RIS.read() & PLL_LOCKED == 0 {}
    RCC.write(SPEED | USE_DIVIDER);
    const WATCHDOG: u32 = 1 << 3;
    RCGC0.set(WATCHDOG);
    /// UART0 and SSI0.
    const SERIAL: u32 = 1 << 0 | 1 << 4;
    RCGC1.set(SERIAL);
    /// Ports A to F.
    const PORTS: u32 = 0x3F;
    RCGC2.set(PORTS);
}
