//! Serial ports behind embedded-io's traits.

use core::convert::Infallible;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use inkbit_app::Watchdog;

/// What a board's serial port can do.
pub trait Port {
    /// The next byte that has come, if one has.
    fn take(&mut self) -> Option<u8>;
    /// Whether a byte has come.
    fn ready(&mut self) -> bool;
    /// Whether a byte that is sent now has to wait for room.
    fn full(&mut self) -> bool {
        false
    }
    /// Sends a byte as soon as there is room for it.
    fn put(&mut self, byte: u8);
    /// Sends what waits. Ports that send packets have something to do here.
    fn flush(&mut self) {}
}

/// A port as embedded-io sees it, with the board's watchdog: to wait for a host that reads nothing is
/// not to be stuck.
#[derive(Clone, Copy, Debug)]
pub struct Serial<P, W>(pub P, pub W);

impl<P, W> ErrorType for Serial<P, W> {
    type Error = Infallible;
}

impl<P: Port, W> ReadReady for Serial<P, W> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.ready())
    }
}

impl<P: Port, W> Read for Serial<P, W> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        loop {
            if let Some(byte) = self.0.take() {
                *first = byte;
                return Ok(1);
            }
        }
    }
}

impl<P: Port, W: Watchdog> Write for Serial<P, W> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Infallible> {
        for &byte in buffer {
            while self.0.full() {
                self.1.feed();
            }
            self.0.put(byte);
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.0.flush();
        Ok(())
    }
}
