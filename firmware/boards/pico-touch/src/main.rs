//! Inkbit on the Raspberry Pi Pico with a touch display: RP2040, USB, an ILI9341 on SPI0 and an
//! XPT2046 on SPI1. README.md has the wiring.

#![no_std]
#![no_main]

use embedded_hal::spi::MODE_0;
use embedded_hal_bus::spi::ExclusiveDevice;
use fugit::RateExtU32 as _;
use inkbit_app::{Device, Edges, Finger, Panel, Run, Store, Touch, Xpt2046};
use inkbit_arch::{SysTick, firmware};
use inkbit_rp2040::{Bus, Chip, Flash, ModelCopy, Port};
use mipidsi::Builder;
use mipidsi::interface::SpiInterface;
use mipidsi::models::ILI9341Rgb565;
use mipidsi::options::{ColorOrder, Orientation, Rotation};
use rp2040_hal::gpio::FunctionSpi;
use rp2040_hal::spi::Spi;

firmware!(
    start: inkbit_rp2040::start,
    device: device,
    line: Port,
    // That of the alarm that the guard sets.
    warning: 0,
    boot_loader: inkbit_rp2040::leave,
    slots: SLOTS,
    lend BATCH: [u8; 128] = [0; 128],
    lend BUS: Option<Bus> = None,
    lend COPY: ModelCopy = ModelCopy::new(),
);

/// What the touch controller of the usual module of 2.8 inches measures at the display's edges.
const EDGES: Edges = Edges { columns: (300, 3800), rows: (300, 3800), size: (320, 240) };

/// On its side, with the pins at the left.
const ORIENTATION: Orientation = Orientation::new().rotate(Rotation::Deg90).flip_vertical();

#[allow(unsafe_code)]
fn device(
    batch: &'static mut [u8; 128],
    bus: &'static mut Option<Bus>,
    copy: &'static mut ModelCopy,
) -> impl Run {
    let (Chip { mut resets, spi0, spi1, clock, mut timer, core, .. }, pins) = Chip::take();
    let wires =
        (pins.gpio19.into_function::<FunctionSpi>(), pins.gpio18.into_function::<FunctionSpi>());
    let spi = Spi::<_, _, _, 8>::new(spi0, wires);
    let spi = spi.init(&mut resets, clock, 31_250_000.Hz(), MODE_0);
    let select = pins.gpio17.into_push_pull_output();
    // Its pins and its bus cannot fail, and a display that is not there does not answer anyway.
    let Ok(spi) = ExclusiveDevice::new_no_delay(spi, select);
    let interface = SpiInterface::new(spi, pins.gpio20.into_push_pull_output(), batch);
    let display = Builder::new(ILI9341Rgb565, interface)
        .reset_pin(pins.gpio21.into_push_pull_output())
        .color_order(ColorOrder::Bgr)
        .orientation(ORIENTATION)
        .init(&mut timer);
    let Ok(display) = display else { panic!("the display has other columns and rows") };

    let wires = (
        pins.gpio11.into_function::<FunctionSpi>(),
        pins.gpio12.into_function::<FunctionSpi>(),
        pins.gpio10.into_function::<FunctionSpi>(),
    );
    let spi = Spi::<_, _, _, 8>::new(spi1, wires);
    let spi = spi.init(&mut resets, clock, 2.MHz(), MODE_0);
    let Ok(spi) = ExclusiveDevice::new_no_delay(spi, pins.gpio13.into_push_pull_output());
    let touch = Xpt2046::new(spi, pins.gpio14.into_pull_up_input(), EDGES);

    let uart = (pins.gpio0, pins.gpio1);
    let (serial, watchdog) = core.start(bus, uart, board().name, timer, &mut resets);
    // SAFETY: the only one, with the slots that `firmware!` has.
    let flash = unsafe { Flash::new(SLOTS) };
    Device {
        serial,
        keys: Finger::new(touch),
        panel: Panel::<Touch, _, _>::new(display, |_| ()),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog,
        storage: Store::new(flash, SLOTS, copy.bytes()),
    }
}
