//! Inkbit on the Cortex-M33 of the Pico 2: the line on GP0 and GP1, OLED and buttons as on the Pico.

#![no_std]
#![no_main]

use cortex_m::peripheral::NVIC;
use embassy_rp::gpio::{Input, Pull};
use embassy_rp::i2c::{self, I2c};
use embassy_rp::{Peripherals, block::ImageDef, interrupt::TIMER0_IRQ_0, uart::Uart};
use inkbit_app::{Device, Keys, NoStorage, NoWatchdog, Oled, Pages, Run};
use inkbit_arch::{Pl011, Serial, SysTick, firmware};

firmware!(
    start: start => Peripherals,
    device: device,
    line: UART,
    lend PICTURE: Pages = [[0; 128]; 8],
);

// SAFETY: UART0.
#[allow(unsafe_code)]
const UART: Pl011 = unsafe { Pl011::at(0x4007_0000) };

/// By this the boot ROM knows a program for its Arm cores, if it is in the first 4 KiB of flash: among the
/// vectors, of which none but the processor's own are used.
#[used]
#[allow(unsafe_code)]
// SAFETY: the boot ROM's words, which are aligned.
#[unsafe(link_section = ".vector_table.interrupts")]
static IMAGE: ImageDef = ImageDef::secure_exe();

/// Sets the core to 150 MHz, and switches the line on.
fn start() -> Peripherals {
    let mut chip = embassy_rp::init(Default::default());
    // The crate's clock has no vector for its alarm, which nothing sets.
    NVIC::mask(TIMER0_IRQ_0);
    let (sends, receives) = (chip.PIN_0.reborrow(), chip.PIN_1.reborrow());
    let uart = chip.UART0.reborrow();
    core::mem::forget(Uart::new_blocking(uart, sends, receives, Default::default()));
    chip
}

fn device(chip: Peripherals, picture: &'static mut Pages) -> impl Run {
    let mut config = i2c::Config::default();
    config.frequency = 400_000;
    Device {
        serial: Serial(UART, NoWatchdog),
        keys: Keys::new([
            Input::new(chip.PIN_10, Pull::Up),
            Input::new(chip.PIN_11, Pull::Up),
            Input::new(chip.PIN_12, Pull::Up),
            Input::new(chip.PIN_13, Pull::Up),
            Input::new(chip.PIN_14, Pull::Up),
        ]),
        panel: Oled::panel(I2c::new_blocking(chip.I2C0, chip.PIN_5, chip.PIN_4, config), picture),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
}
