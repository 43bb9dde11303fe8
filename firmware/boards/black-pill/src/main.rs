//! Inkbit on WeAct's Black Pill, a Cortex-M4F in an STM32F411: the line on PA9 (sends) and PA10
//! (receives), an OLED on PB6 (clock) and PB7 (data), and buttons from PA1 up, down, left, right, with
//! the board's own on PA0 as select.

#![no_std]
#![no_main]

use inkbit_app::{Device, Keys, NoStorage, NoWatchdog, Oled, Pages, Run};
use inkbit_arch::{Serial, Stm32Usart, SysTick, firmware};
use stm32f4xx_hal::gpio::{AnyPin, Input};
use stm32f4xx_hal::i2c::I2c;
use stm32f4xx_hal::pac::{I2C1, Peripherals, USART1};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::{Config, Enable as _};

firmware!(
    start: start => Started,
    device: device,
    line: USART,
    vectors: chip,
    lend PICTURE: Pages = [[0; 128]; 8],
);

// SAFETY: USART1.
#[allow(unsafe_code)]
const USART: Stm32Usart = unsafe { Stm32Usart::at(0x4001_1000) };

/// The buttons, and the display's bus.
type Started = (Keys<AnyPin<Input>>, I2c<I2C1>);

/// Sets the core to 100 MHz from the 25 MHz crystal, and the line to 115,200 baud.
fn start() -> Started {
    let Some(chip) = Peripherals::take() else { panic!("peripherals are taken twice") };
    let mut clocks = chip.RCC.freeze(Config::hse(25.MHz()).sysclk(100.MHz()));
    let (a, b) = (chip.GPIOA.split(&mut clocks), chip.GPIOB.split(&mut clocks));
    USART1::enable(&mut clocks);
    let _ = (a.pa9.into_alternate::<7>(), a.pa10.into_alternate::<7>());
    USART.start(clocks.clocks.pclk2().raw() / 115_200);
    let keys = Keys::new([
        a.pa1.into_pull_up_input().erase(),
        a.pa2.into_pull_up_input().erase(),
        a.pa3.into_pull_up_input().erase(),
        a.pa4.into_pull_up_input().erase(),
        a.pa0.into_pull_up_input().erase(),
    ]);
    // Where no display is wired, only these keep the bus from waiting for ever.
    let wires = (b.pb6.internal_pull_up(true), b.pb7.internal_pull_up(true));
    (keys, chip.I2C1.i2c(wires, 400.kHz(), &mut clocks))
}

fn device((keys, bus): Started, picture: &'static mut Pages) -> impl Run {
    Device {
        serial: Serial(USART, NoWatchdog),
        keys,
        panel: Oled::panel(bus, picture),
        clock: SysTick::start(NANOSECONDS_PER_CYCLE),
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
}
