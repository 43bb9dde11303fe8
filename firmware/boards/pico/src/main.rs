//! Inkbit on the Raspberry Pi Pico: RP2040, USB, and an OLED on I2C0 and five buttons if they are
//! there. README.md has the wiring.

#![no_std]
#![no_main]

mod flash;
mod guard;
mod usb;

use core::cell::Cell;

use critical_section::Mutex;
use fugit::RateExtU32 as _;
use inkbit_app::{Device, Keys, NoWatchdog, Oled, Pages, Panel, Run, Store};
use inkbit_arch::{Serial, SysTick, firmware};
use rp2040_hal::clocks::{ClocksManager, init_clocks_and_plls};
use rp2040_hal::gpio::Pins;
use rp2040_hal::{Clock as _, I2C, Sio, Watchdog, pac};

firmware!(
    start: start,
    device: device,
    line: usb::Port,
    // That of the alarm that the guard sets.
    warning: 0,
    boot_loader: guard::leave,
    slots: SLOTS,
    lend PICTURE: Pages = [[0; 128]; 8],
    lend BUS: Option<usb::Bus> = None,
);

/// The crystal of every Pico, in hertz.
const CRYSTAL: u32 = 12_000_000;

/// What the chip runs first: it makes the flash readable as memory.
#[used]
#[allow(unsafe_code)]
// SAFETY: the linker puts this section where the chip looks for it.
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// What [`start`] leaves to [`device`].
static STARTED: Mutex<Cell<Option<(ClocksManager, Watchdog)>>> = Mutex::new(Cell::new(None));

/// Sets the clock to 125 MHz: at the one that the chip starts with it would take twenty times as long
/// to read the model.
fn start() {
    guard::keep_reset();
    let Some(mut pac) = pac::Peripherals::take() else { panic!("peripherals are taken twice") };
    let mut watchdog = Watchdog::new(pac.WATCHDOG);
    let clocks = init_clocks_and_plls(
        CRYSTAL,
        pac.XOSC,
        pac.CLOCKS,
        pac.PLL_SYS,
        pac.PLL_USB,
        &mut pac.RESETS,
        &mut watchdog,
    );
    let Ok(clocks) = clocks else { panic!("the crystal of 12 MHz does not run") };
    critical_section::with(|section| {
        STARTED.borrow(section).set(Some((clocks, watchdog)));
    });
}

#[allow(unsafe_code)]
fn device(picture: &'static mut Pages, bus: &'static mut Option<usb::Bus>) -> impl Run {
    let started = critical_section::with(|section| STARTED.borrow(section).take());
    let Some((clocks, watchdog)) = started else { panic!("the clocks are not set") };
    // SAFETY: what `start` has taken and kept, the clocks and the watchdog, is not used here.
    let mut pac = unsafe { pac::Peripherals::steal() };
    let sio = Sio::new(pac.SIO);
    let pins = Pins::new(pac.IO_BANK0, pac.PADS_BANK0, sio.gpio_bank0, &mut pac.RESETS);
    let wires = I2C::i2c0(
        pac.I2C0,
        pins.gpio4.reconfigure(),
        pins.gpio5.reconfigure(),
        400.kHz(),
        &mut pac.RESETS,
        clocks.system_clock.freq(),
    );
    // SAFETY: this is the only one, and the app refers to the slot that is in use alone.
    let chip = unsafe { flash::Chip::new() };
    let timer = rp2040_hal::Timer::new(pac.TIMER, &mut pac.RESETS, &clocks);
    let serial =
        usb::start(bus, pac.USBCTRL_REGS, pac.USBCTRL_DPRAM, clocks.usb_clock, &mut pac.RESETS);
    Device {
        // It gives a host that reads nothing up long before the guard would act.
        serial: Serial(serial, NoWatchdog),
        keys: Keys::new([
            pins.gpio10.into_pull_up_input().into_dyn_pin(),
            pins.gpio11.into_pull_up_input().into_dyn_pin(),
            pins.gpio12.into_pull_up_input().into_dyn_pin(),
            pins.gpio13.into_pull_up_input().into_dyn_pin(),
            pins.gpio14.into_pull_up_input().into_dyn_pin(),
        ]),
        // A display that is not there must not keep the line from answering.
        panel: Panel::new(Oled::new(wires, picture), |display| {
            let _ = display.flush();
        }),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog: guard::Guard::start(watchdog, timer),
        storage: Store::new(chip, SLOTS),
    }
}
