//! Inkbit on the Raspberry Pi Pico: RP2040, USB, and an OLED on I2C0 and five buttons if they are
//! there. README.md has the wiring.

#![no_std]
#![no_main]

use fugit::RateExtU32 as _;
use inkbit_app::{Device, Keys, Oled, Pages, Run, Store};
use inkbit_arch::{SysTick, firmware};
use inkbit_rp2040::{Bus, Chip, Flash, ModelCopy, Port};
use rp2040_hal::I2C;

firmware!(
    start: inkbit_rp2040::start,
    device: device,
    line: Port,
    // That of the alarm that the guard sets.
    warning: 0,
    boot_loader: inkbit_rp2040::leave,
    slots: SLOTS,
    lend PICTURE: Pages = [[0; 128]; 8],
    lend BUS: Option<Bus> = None,
    lend COPY: ModelCopy = ModelCopy::new(),
);

#[allow(unsafe_code)]
fn device(
    picture: &'static mut Pages,
    bus: &'static mut Option<Bus>,
    copy: &'static mut ModelCopy,
) -> impl Run {
    let (Chip { mut resets, i2c0, clock, timer, core, .. }, pins) = Chip::take();
    let (data, pulse) = (pins.gpio4.reconfigure(), pins.gpio5.reconfigure());
    let wires = I2C::i2c0(i2c0, data, pulse, 400.kHz(), &mut resets, clock);
    let uart = (pins.gpio0, pins.gpio1);
    let (serial, watchdog) = core.start(bus, uart, board().name, timer, &mut resets);
    // SAFETY: the only one, with the slots that `firmware!` has.
    let flash = unsafe { Flash::new(SLOTS) };
    Device {
        serial,
        keys: Keys::new([
            pins.gpio10.into_pull_up_input().into_dyn_pin(),
            pins.gpio11.into_pull_up_input().into_dyn_pin(),
            pins.gpio12.into_pull_up_input().into_dyn_pin(),
            pins.gpio13.into_pull_up_input().into_dyn_pin(),
            pins.gpio14.into_pull_up_input().into_dyn_pin(),
        ]),
        panel: Oled::panel(wires, picture),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog,
        storage: Store::new(flash, SLOTS, copy.bytes()),
    }
}
