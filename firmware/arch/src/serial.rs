//! Serial ports behind embedded-io's traits.

use core::convert::Infallible;

use embedded_io::{ErrorType, Read, ReadReady, Write};

/// What a board's serial port can do.
pub trait Port {
    /// The next byte that has come, if one has.
    fn take(&mut self) -> Option<u8>;
    /// Whether a byte has come.
    fn ready(&mut self) -> bool;
    /// Sends a byte as soon as there is room for it.
    fn put(&mut self, byte: u8);
    /// Sends what waits. Ports that send packets have something to do here.
    fn flush(&mut self) {}
}

/// A port as embedded-io sees it.
#[derive(Clone, Copy, Debug)]
pub struct Serial<P>(pub P);

impl<P> ErrorType for Serial<P> {
    type Error = Infallible;
}

impl<P: Port> ReadReady for Serial<P> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.ready())
    }
}

impl<P: Port> Read for Serial<P> {
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

impl<P: Port> Write for Serial<P> {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Infallible> {
        buffer.iter().for_each(|&byte| self.0.put(byte));
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.0.flush();
        Ok(())
    }
}
