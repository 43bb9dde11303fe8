//! Serial ports of real boards.

use std::time::Duration;

use serialport::{ClearBuffer, SerialPort};

use crate::support::error::Advised;

/// The speed of every board's firmware in bits a second.
pub const BAUD: u32 = 115_200;

/// A port that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the serial port {port}")]
pub struct PortError {
    port: String,
    source: Advised<serialport::Error>,
}

/// Opens a port with 8 bits, no parity and one stop bit, and discards the bytes received so far.
pub fn open(port: &str, baud: u32) -> Result<Box<dyn SerialPort>, PortError> {
    let advice = "; is the board plugged in, does no other program use it, and may you (on Linux: \
                  `sudo usermod -a -G dialout $USER`, then log in again)? Ports are called \
                  /dev/ttyACM0 on Linux, /dev/cu.usbmodem1101 on macOS, COM3 on Windows";
    let failed = |cause| PortError { port: port.to_owned(), source: Advised { cause, advice } };
    let opened = serialport::new(port, baud).timeout(Duration::from_millis(20)).open();
    opened.and_then(|port| port.clear(ClearBuffer::All).map(|()| port)).map_err(failed)
}
