//! From bytes on the line to messages.

use cobs::{DecodeResult, DecoderState};

use super::{CRC_BYTES, Refusal};
use crate::crc::crc32;

/// Collects the bytes of a serial line into messages of at most `N` bytes, CRC included.
#[derive(Debug)]
pub struct Receiver<const N: usize> {
    state: DecoderState,
    buffer: [u8; N],
    length: usize,
}

impl<const N: usize> Receiver<N> {
    /// A receiver at the beginning of a frame.
    pub const fn new() -> Self {
        Self { state: DecoderState::Idle, buffer: [0; N], length: 0 }
    }

    /// Takes one byte. At the end of a frame, returns the message or what is wrong with it; the
    /// next byte begins the next frame either way. Empty frames are passed over.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], Refusal>> {
        match self.state.feed(byte) {
            Ok(DecodeResult::NoData) => return None,
            Ok(DecodeResult::DataContinue(value)) => {
                if let Some(place) = self.buffer.get_mut(self.length) {
                    *place = value;
                }
                // One beyond the buffer says that the frame is too long, however long it is.
                self.length = (self.length + 1).min(N + 1);
                return None;
            }
            Ok(DecodeResult::DataComplete) => {}
            Err(_) => {
                self.length = 0;
                return Some(Err(Refusal::Damaged));
            }
        }
        let length = core::mem::take(&mut self.length);
        let Some(bytes) = self.buffer.get(..length) else {
            return Some(Err(Refusal::Oversized { limit: N as u32 }));
        };
        let message = bytes.split_last_chunk::<CRC_BYTES>();
        let message =
            message.filter(|(body, crc)| crc32(body).to_le_bytes() == **crc).map(|(body, _)| body);
        Some(message.ok_or(Refusal::Damaged))
    }
}
