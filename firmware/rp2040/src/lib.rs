//! What boards with an RP2040 have in common: the start, the clock, the line to the host, and what
//! resets a loop that stands still.

#![no_std]

mod flash;
mod guard;
#[cfg(feature = "uart")]
#[path = "uart.rs"]
mod line;
#[cfg(not(feature = "uart"))]
#[path = "usb.rs"]
mod line;

use core::cell::Cell;

use critical_section::Mutex;
use fugit::HertzU32;
use inkbit_app::NoWatchdog;
use inkbit_arch::Serial;
use rp2040_hal::clocks::{ClocksManager, init_clocks_and_plls};
use rp2040_hal::gpio::{FunctionNull, Pin, Pins, PullDown, bank0};
use rp2040_hal::{Clock as _, Sio, Timer, Watchdog, pac};

pub use flash::Flash;
pub use guard::{Guard, leave};
pub use line::{Bus, Port};

/// The crystal of every Pico, in hertz.
const CRYSTAL: u32 = 12_000_000;

/// What the chip runs first: it makes the flash readable as memory.
#[used]
#[allow(unsafe_code)]
// SAFETY: the linker puts this section where the chip looks for it.
#[unsafe(link_section = ".boot2")]
static BOOT2: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// What [`start`] leaves to [`Chip::take`].
static STARTED: Mutex<Cell<Option<(ClocksManager, Watchdog)>>> = Mutex::new(Cell::new(None));

/// Sets the clock to 125 MHz: at the one that the chip starts with it would take twenty times as long
/// to read the model.
pub fn start() {
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

/// The chip's parts that boards use.
pub struct Chip {
    /// What switches parts on.
    pub resets: pac::RESETS,
    /// A bus for a display.
    pub i2c0: pac::I2C0,
    /// A bus for a display.
    pub spi0: pac::SPI0,
    /// A bus for a touch panel.
    pub spi1: pac::SPI1,
    /// The clock that buses are given.
    pub clock: HertzU32,
    /// What waits and tells the time.
    pub timer: Timer,
    /// The line, and what watches over the loop.
    pub core: Core,
}

/// RAM for a copy of the model, which the chip reads faster than flash: as much as the largest
/// reference model takes.
// Models are read where 8-byte words can be.
#[repr(align(8))]
pub struct ModelCopy([u8; 0x3_A800]);

impl ModelCopy {
    /// No copy yet.
    pub const fn new() -> Self {
        Self([0; _])
    }

    /// The bytes.
    pub const fn bytes(&'static mut self) -> &'static mut [u8] {
        &mut self.0
    }
}

/// What every board needs.
pub struct Core {
    clocks: ClocksManager,
    watchdog: Watchdog,
    usb: (pac::USBCTRL_REGS, pac::USBCTRL_DPRAM),
    uart0: pac::UART0,
}

impl Chip {
    /// The chip's parts after [`start`], and its pins.
    // Not inlined: its variables would be on the stack for ever.
    #[inline(never)]
    #[allow(unsafe_code)]
    pub fn take() -> (Self, Pins) {
        let started = critical_section::with(|section| STARTED.borrow(section).take());
        let Some((clocks, watchdog)) = started else { panic!("the clocks are not set") };
        // SAFETY: what `start` has taken and kept, the clocks and the watchdog, is not used here.
        let mut pac = unsafe { pac::Peripherals::steal() };
        let sio = Sio::new(pac.SIO);
        let pins = Pins::new(pac.IO_BANK0, pac.PADS_BANK0, sio.gpio_bank0, &mut pac.RESETS);
        let clock = clocks.peripheral_clock.freq();
        let timer = Timer::new(pac.TIMER, &mut pac.RESETS, &clocks);
        let usb = (pac.USBCTRL_REGS, pac.USBCTRL_DPRAM);
        let core = Core { clocks, watchdog, usb, uart0: pac.UART0 };
        let (i2c0, spi0, spi1) = (pac.I2C0, pac.SPI0, pac.SPI1);
        (Self { resets: pac.RESETS, i2c0, spi0, spi1, clock, timer, core }, pins)
    }
}

/// The pins of UART0, which a line over USB leaves alone.
pub type Wires =
    (Pin<bank0::Gpio0, FunctionNull, PullDown>, Pin<bank0::Gpio1, FunctionNull, PullDown>);

impl Core {
    /// Switches the line on, and starts what watches over the loop. `bus` is empty, and is the line's
    /// from now on; `name` is the board's.
    // Not inlined: its variables would be on the stack for ever.
    #[inline(never)]
    pub fn start(
        self,
        bus: &'static mut Option<Bus>,
        wires: Wires,
        name: &'static str,
        timer: Timer,
        resets: &mut pac::RESETS,
    ) -> (Serial<Port, NoWatchdog>, Guard) {
        let port = line::start(bus, (self.usb, self.uart0, wires), name, self.clocks, resets);
        // It gives a host that reads nothing up long before the guard would act.
        (Serial(port, NoWatchdog), Guard::start(self.watchdog, timer))
    }
}

/// Of what a line is made.
type Parts = ((pac::USBCTRL_REGS, pac::USBCTRL_DPRAM), pac::UART0, Wires);
