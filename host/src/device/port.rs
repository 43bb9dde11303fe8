//! Serial ports of real boards.

use std::time::Duration;

use serialport::{ClearBuffer, SerialPort};

use crate::support::error::Advised;

/// Bits a second that the firmware of every board speaks at.
pub const BAUD: u32 = 115_200;

/// A port that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the serial port {port}")]
pub struct PortError {
    /// The port.
    pub port: String,
    /// What the system said.
    source: Advised<serialport::Error>,
}

/// Opens a port, 8 bits, no parity, one stop bit, and throws away what it has received so far.
///
/// # Errors
///
/// [`PortError`].
pub fn open(port: &str, baud: u32) -> Result<Box<dyn SerialPort>, PortError> {
    let advice = "; is the board plugged in, and may you use it (on Linux: `sudo usermod -a -G \
                  dialout $USER`, then log in again)?";
    let failed = |cause| PortError { port: port.to_owned(), source: Advised { cause, advice } };
    let opened = serialport::new(port, baud).timeout(Duration::from_millis(20)).open();
    let opened = opened.map_err(failed)?;
    opened.clear(ClearBuffer::All).map_err(failed)?;
    Ok(opened)
}
