//! The line over USB, as the serial port that every system has a driver for.

use core::cell::RefCell;

use critical_section::{CriticalSection, Mutex};
use rp2040_hal::clocks::ClocksManager;
use rp2040_hal::pac::RESETS;
use rp2040_hal::usb::UsbBus;
use usb_device::UsbError;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{
    StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid,
};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

use crate::Parts;

/// What Raspberry Pi gives out for serial ports of programs on the RP2040.
const ID: UsbVidPid = UsbVidPid(0x2E8A, 0x000A);

/// Bytes of a packet at full speed.
const PACKET: usize = 64;

/// After so many polls without success the host has closed the port, and the rest of the answer is
/// dropped.
const PATIENCE: u32 = 200_000;

/// What the port's parts refer to.
pub type Bus = UsbBusAllocator<UsbBus>;

struct Usb {
    serial: SerialPort<'static, UsbBus>,
    /// Made after the serial port, which it counts.
    device: Option<UsbDevice<'static, UsbBus>>,
    /// A packet that has come, of which the first bytes are taken.
    received: [u8; PACKET],
    length: usize,
    taken: usize,
    /// A packet that is to go.
    outgoing: [u8; PACKET],
    waiting: usize,
}

/// The port lies here for the report of a panic, too.
static USB: Mutex<RefCell<Option<Usb>>> = Mutex::new(RefCell::new(None));

/// The line to the host.
#[derive(Clone, Copy, Debug)]
pub struct Port;

/// Switches the port on. `bus` is empty, and is the port's from now on.
pub(crate) fn start(
    bus: &'static mut Option<Bus>,
    ((registers, memory), ..): Parts,
    name: &'static str,
    clocks: ClocksManager,
    resets: &mut RESETS,
) -> Port {
    let usb = UsbBus::new(registers, memory, clocks.usb_clock, true, resets);
    // One after the other, so that their stacks are not added.
    allocate(bus, usb);
    if let Some(bus) = bus {
        open(bus);
        build(bus, name);
    }
    Port
}

#[inline(never)]
fn allocate(bus: &mut Option<Bus>, usb: UsbBus) {
    *bus = Some(UsbBusAllocator::new(usb));
}

#[inline(never)]
fn open(bus: &'static Bus) {
    critical_section::with(|section| {
        // Assigned, not replaced, and made in place: copies would be on the stack.
        *USB.borrow_ref_mut(section) = Some(Usb {
            serial: SerialPort::new(bus),
            device: None,
            received: [0; PACKET],
            length: 0,
            taken: 0,
            outgoing: [0; PACKET],
            waiting: 0,
        });
    });
}

#[inline(never)]
fn build(bus: &'static Bus, name: &'static str) {
    let names =
        StringDescriptors::default().manufacturer("Inkbit").product("Inkbit").serial_number(name);
    let builder = UsbDeviceBuilder::new(bus, ID).device_class(USB_CLASS_CDC);
    // One packet for a descriptor, for hosts that read no second one.
    let builder = builder.strings(&[names]).and_then(|builder| builder.max_packet_size_0(64));
    let Ok(builder) = builder else { panic!("USB takes other packets") };
    with(|usb| usb.device = Some(builder.build()));
}

impl inkbit_arch::Port for Port {
    fn take(&mut self) -> Option<u8> {
        with(Usb::take).flatten()
    }

    fn ready(&mut self) -> bool {
        with(Usb::ready).unwrap_or(false)
    }

    fn put(&mut self, byte: u8) {
        with(|usb| usb.put(byte));
    }

    fn flush(&mut self) {
        with(Usb::flush);
    }
}

/// None before the port is switched on, and in a panic within it.
fn with<R>(action: impl FnOnce(&mut Usb) -> R) -> Option<R> {
    critical_section::with(|section: CriticalSection<'_>| {
        let mut usb = USB.borrow(section).try_borrow_mut().ok()?;
        usb.as_mut().map(action)
    })
}

impl Usb {
    fn take(&mut self) -> Option<u8> {
        if !self.ready() {
            return None;
        }
        let byte = self.received.get(self.taken).copied();
        self.taken += 1;
        byte
    }

    fn ready(&mut self) -> bool {
        if self.taken >= self.length {
            let Some(device) = &mut self.device else { return false };
            device.poll(&mut [&mut self.serial]);
            self.length = self.serial.read(&mut self.received).unwrap_or(0);
            self.taken = 0;
        }
        self.taken < self.length
    }

    fn put(&mut self, byte: u8) {
        if let Some(place) = self.outgoing.get_mut(self.waiting) {
            *place = byte;
            self.waiting += 1;
        }
        if self.waiting == PACKET {
            self.flush();
        }
    }

    /// Sends what waits; what no host takes is lost.
    fn flush(&mut self) {
        let Some(device) = &mut self.device else { return };
        let mut sent = 0;
        for _ in 0..PATIENCE {
            if device.state() != UsbDeviceState::Configured {
                break;
            }
            let rest = self.outgoing.get(sent..self.waiting).unwrap_or_default();
            if rest.is_empty() {
                if self.serial.flush().is_ok() {
                    break;
                }
            } else {
                match self.serial.write(rest) {
                    Ok(count) => sent += count,
                    Err(UsbError::WouldBlock) => {}
                    Err(_) => break,
                }
            }
            device.poll(&mut [&mut self.serial]);
        }
        self.waiting = 0;
    }
}
