//! Inkbit on the Raspberry Pi Pico: RP2040, USB, and an OLED on I2C0 and five buttons if they are
//! there. README.md has the wiring.

#![no_std]
#![no_main]

mod guard;
mod usb;

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use fugit::RateExtU32 as _;
use inkbit_app::{Board, Device, Keys, Memory, NoWatchdog, Oled, Pages, Panel};
use inkbit_arch::{Serial, SysTick, interrupts, model_region, report, restart, stuck};
use inkbit_core::link::Reset;
use rp2040_hal::clocks::init_clocks_and_plls;
use rp2040_hal::gpio::bank0::{Gpio4, Gpio5};
use rp2040_hal::gpio::{DynPinId, FunctionI2C, FunctionSioInput, Pin, Pins, PullUp};
use rp2040_hal::{Clock as _, I2C, Sio, Timer, Watchdog, pac};

include!(concat!(env!("OUT_DIR"), "/board.rs"));

/// The crystal of every Pico, in hertz.
const CRYSTAL: u32 = 12_000_000;

/// What the chip runs first: it makes the flash readable as memory.
#[used]
#[allow(unsafe_code)]
// SAFETY: the linker puts this section where the chip looks for it.
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

// The first interrupt is that of the alarm that the guard sets.
interrupts!([Some(stuck); 1]);

/// The wires of the display's bus.
type Bus = I2C<pac::I2C0, (Pin<Gpio4, FunctionI2C, PullUp>, Pin<Gpio5, FunctionI2C, PullUp>)>;
type Button = Pin<DynPinId, FunctionSioInput, PullUp>;

/// What the board has, switched on.
struct Parts {
    serial: usb::Port,
    keys: Keys<Button>,
    bus: Bus,
    guard: guard::Guard,
}

#[entry]
#[allow(unsafe_code)]
fn main() -> ! {
    static mut MEMORY: Memory<CELLS> = Memory::new();
    static mut PICTURE: Pages = [[0; 128]; 8];
    static mut BUS: Option<usb::Bus> = None;
    let reset = guard::last_reset();
    // Before the model is read, which takes twenty times as long at the clock that the chip starts with.
    let Parts { serial, keys, bus, guard } = start(BUS);
    // SAFETY: the region is flash behind the code.
    let region = unsafe { model_region(&BOARD) };
    let (app, line) = MEMORY.start(Board { reset, ..BOARD }, region);
    Device {
        // It gives a host that reads nothing up long before the guard would act.
        serial: Serial(serial, NoWatchdog),
        keys,
        // A display that is not there must not keep the line from answering.
        panel: Panel::new(Oled::new(bus, PICTURE), |display| {
            let _ = display.flush();
        }),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog: guard,
    }
    .run(app, line)
}

/// Switches the board on: 125 MHz from the crystal, and all that it has.
// Not inlined: what it needs on the stack is not needed for ever.
#[inline(never)]
fn start(usb_bus: &'static mut Option<usb::Bus>) -> Parts {
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
    let sio = Sio::new(pac.SIO);
    let pins = Pins::new(pac.IO_BANK0, pac.PADS_BANK0, sio.gpio_bank0, &mut pac.RESETS);
    let keys = Keys::new([
        pins.gpio10.into_pull_up_input().into_dyn_pin(),
        pins.gpio11.into_pull_up_input().into_dyn_pin(),
        pins.gpio12.into_pull_up_input().into_dyn_pin(),
        pins.gpio13.into_pull_up_input().into_dyn_pin(),
        pins.gpio14.into_pull_up_input().into_dyn_pin(),
    ]);
    let bus = I2C::i2c0(
        pac.I2C0,
        pins.gpio4.reconfigure(),
        pins.gpio5.reconfigure(),
        400.kHz(),
        &mut pac.RESETS,
        clocks.system_clock.freq(),
    );
    let timer = Timer::new(pac.TIMER, &mut pac.RESETS, &clocks);
    let guard = guard::Guard::start(watchdog, timer);
    let (registers, memory) = (pac.USBCTRL_REGS, pac.USBCTRL_DPRAM);
    let serial = usb::start(usb_bus, registers, memory, clocks.usb_clock, &mut pac.RESETS);
    Parts { serial, keys, bus, guard }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report(info, &mut usb::Port);
    restart(Reset::Panic)
}
