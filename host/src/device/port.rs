//! Serial ports of real boards.

use std::time::Duration;

use serialport::{ClearBuffer, Parity, SerialPort, SerialPortType, available_ports};

use crate::support::error::Advised;
use crate::support::system::lists_ports;
use crate::support::visible;

/// The speed of every board's firmware in bits a second.
pub const BAUD: u32 = 115_200;

/// Vendor and product of a firmware's port on USB: those of serial ports of any program for the
/// RP2040, so that only an answer tells an Inkbit from others.
const USB: (u16, u16) = (0x2E8A, 0x000A);

/// The names of the ports that may be those of boards with a firmware.
pub fn plugged_in() -> Vec<String> {
    let ports = if lists_ports() { available_ports().unwrap_or_default() } else { Vec::new() };
    let is_board = |kind: &SerialPortType| match kind {
        SerialPortType::UsbPort(usb) => (usb.vid, usb.pid) == USB,
        _ => false,
    };
    // macOS has two for each board; this one waits for nobody.
    let waits = |name: &str| name.starts_with("/dev/tty.");
    let boards = ports.into_iter().filter(|port| is_board(&port.port_type));
    boards.map(|port| port.port_name).filter(|name| !waits(name)).collect()
}

/// A port that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the serial port {}", visible::line(port))]
pub struct PortError {
    port: String,
    source: Advised<serialport::Error>,
}

/// Opens a port with 8 bits, no parity and one stop bit, and discards the bytes received so far.
pub fn open(port: &str, baud: u32) -> Result<Box<dyn SerialPort>, PortError> {
    open_with(port, baud, Parity::None)
}

/// The same with this parity.
pub fn open_with(port: &str, baud: u32, parity: Parity) -> Result<Box<dyn SerialPort>, PortError> {
    let advice = "; is the board plugged in, does no other program use it, and may you (on Linux: \
                  `sudo usermod -a -G dialout $USER`, then log in again)? Ports are called \
                  /dev/ttyACM0 on Linux, /dev/cu.usbmodem1101 on macOS, COM3 on Windows";
    let failed = |cause| PortError { port: port.to_owned(), source: Advised { cause, advice } };
    let opened =
        serialport::new(port, baud).parity(parity).timeout(Duration::from_millis(20)).open();
    opened.and_then(|port| port.clear(ClearBuffer::All).map(|()| port)).map_err(failed)
}
