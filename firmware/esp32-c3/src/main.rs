//! Inkbit on an ESP32-C3: the line on its USB connector, and an OLED and five buttons if they are wired.
//! README.md says how to flash it.

#![no_std]
#![no_main]

use core::convert::Infallible;
use core::panic::PanicInfo;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use esp_hal::Blocking;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::{Input, InputConfig, Pull};
use esp_hal::i2c::master::{Config, I2c};
use esp_hal::peripherals::USB_DEVICE;
use esp_hal::rtc_cntl::{SocResetReason, reset_reason};
use esp_hal::system::{Cpu, software_reset};
use esp_hal::time::{Instant, Rate};
use esp_hal::usb::usb_serial_jtag::UsbSerialJtag;
use esp_storage::FlashStorage;
use inkbit_app::{
    Board, Clock, Device, Keys, Memory, NoStorage, NoWatchdog, Oled, Pages, Run, Text,
};
use inkbit_core::blob::stated_length;
use inkbit_core::link::device::write_response;
use inkbit_core::link::{RESPONSE_FRAME, Reset, Response};
use static_cell::ConstStaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// Where the model lies in flash: far behind the program, which begins at 0x1_0000.
const MODEL: u32 = 0x11_0000;

/// RAM for the model: Espressif's boot loader makes flash readable for the program alone. As much as the
/// largest reference model takes.
#[repr(align(8))]
struct ModelCopy([u8; 0x3_A800]);

static COPY: ConstStaticCell<ModelCopy> = ConstStaticCell::new(ModelCopy([0; 0x3_A800]));
static MEMORY: ConstStaticCell<Memory<1040>> = ConstStaticCell::new(Memory::new());
static PICTURE: ConstStaticCell<Pages> = ConstStaticCell::new([[0; 128]; 8]);

/// The line: a byte that has come may wait here.
struct Usb(UsbSerialJtag<'static, Blocking>, Option<u8>);

impl ErrorType for Usb {
    type Error = Infallible;
}

impl ReadReady for Usb {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        if self.1.is_none() {
            self.1 = self.0.read_byte().ok();
        }
        Ok(self.1.is_some())
    }
}

impl Read for Usb {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        while !self.read_ready()? {}
        *first = self.1.take().unwrap_or_default();
        Ok(1)
    }
}

impl Write for Usb {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buffer).map(|()| buffer.len())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush_tx()
    }
}

/// Time since the start.
struct Time;

impl Clock for Time {
    fn nanoseconds(&mut self) -> u64 {
        Instant::now().duration_since_epoch().as_micros() * 1000
    }
}

fn board(copy: &[u8]) -> Board {
    Board {
        name: "esp32-c3",
        model_address: MODEL,
        model_bytes: copy.len() as u32,
        stack: || (0, 0),
        // Only a panic resets the chip by software.
        reset: match reset_reason(Cpu::ProCpu) {
            Some(SocResetReason::CoreSw | SocResetReason::Cpu0Sw) => Reset::Panic,
            _ => Reset::Ordinary,
        },
        boot_loader: None,
    }
}

/// Reads the model as far as it goes. What is no model is left to the app to name.
fn read(flash: &mut FlashStorage<'_>, copy: &mut [u8]) {
    // By words, as the flash is read.
    let Some(prefix) = copy.get_mut(..16) else { return };
    if flash.read(MODEL, prefix).is_err() {
        return;
    }
    let length = stated_length(prefix).map_or(16, |length| length.next_multiple_of(4));
    let rest = copy.get_mut(16..length).unwrap_or_default();
    let _ = flash.read(MODEL + 16, rest);
}

#[esp_hal::main]
fn main() -> ! {
    let chip = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let serial = Usb(UsbSerialJtag::new(chip.USB_DEVICE), None);
    let copy = &mut COPY.take().0[..];
    read(&mut FlashStorage::new(chip.FLASH), copy);
    let (app, line) = MEMORY.take().start(board(copy), copy);
    let pull = InputConfig::default().with_pull(Pull::Up);
    let config = Config::default().with_frequency(Rate::from_khz(400));
    let Ok(bus) = I2c::new(chip.I2C0, config) else { panic!("400 kHz are refused") };
    Device {
        serial,
        keys: Keys::new([
            Input::new(chip.GPIO0, pull),
            Input::new(chip.GPIO1, pull),
            Input::new(chip.GPIO3, pull),
            Input::new(chip.GPIO4, pull),
            Input::new(chip.GPIO10, pull),
        ]),
        panel: Oled::panel(bus.with_sda(chip.GPIO5).with_scl(chip.GPIO6), PICTURE.take()),
        clock: Time,
        watchdog: NoWatchdog,
        storage: NoStorage,
    }
    .run(app, line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut text = Text::new();
    if let Some(place) = info.location() {
        text.say(place.file()).say(":").number(place.line()).say(": ");
    }
    text.say(info.message().as_str().unwrap_or("panicked with values"));
    // SAFETY: whoever had it does not run any more.
    #[allow(unsafe_code)]
    let mut port = UsbSerialJtag::new(unsafe { USB_DEVICE::steal() });
    let mut frame = [0; RESPONSE_FRAME];
    // The zero byte ends a response that was on its way.
    let _ = port.write(&[0]);
    if let Some(frame) = write_response(&Response::Panicked { message: text.as_str() }, &mut frame)
    {
        let _ = port.write(frame);
    }
    let _ = port.flush_tx();
    software_reset()
}
