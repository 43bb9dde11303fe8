//! The line over UART0: GP0 sends, GP1 receives, 115,200 baud.

use core::ops::Deref;

use fugit::RateExtU32 as _;
use rp2040_hal::Clock as _;
use rp2040_hal::clocks::ClocksManager;
use rp2040_hal::gpio::FunctionUart;
use rp2040_hal::pac;
use rp2040_hal::uart::{DataBits, StopBits, UartConfig, UartPeripheral};

use crate::Parts;

/// A UART needs no memory that is lent.
pub type Bus = ();

/// The line to the host.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// Switches the port on.
pub(crate) fn start(
    _: &'static mut Option<Bus>,
    (_, uart, (sends, receives)): Parts,
    _: &'static str,
    clocks: ClocksManager,
    resets: &mut pac::RESETS,
) -> Port {
    let pins = (sends.into_function::<FunctionUart>(), receives.into_function::<FunctionUart>());
    let config = UartConfig::new(115_200.Hz(), DataBits::Eight, None, StopBits::One);
    let clock = clocks.peripheral_clock.freq();
    if UartPeripheral::new(uart, pins, resets).enable(config, clock).is_err() {
        panic!("the UART has no such baud rate");
    }
    Port
}

impl inkbit_arch::Port for Port {
    fn take(&mut self) -> Option<u8> {
        self.ready().then(|| registers().uartdr().read().data().bits())
    }

    fn ready(&mut self) -> bool {
        registers().uartfr().read().rxfe().bit_is_clear()
    }

    fn full(&mut self) -> bool {
        registers().uartfr().read().txff().bit_is_set()
    }

    #[allow(unsafe_code)]
    fn put(&mut self, byte: u8) {
        while self.full() {}
        // SAFETY: the byte may be any.
        registers().uartdr().write(|word| unsafe { word.data().bits(byte) });
    }
}

#[allow(unsafe_code)]
fn registers() -> &'static <pac::UART0 as Deref>::Target {
    // SAFETY: they touch no memory, and after the start nothing else uses them.
    unsafe { &*pac::UART0::PTR }
}
