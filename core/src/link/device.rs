//! The device's end of the line: the same bytes as [`encode`](super::encode) and
//! [`decode`](super::decode) give, which the tests prove, in a third of the code that goes through
//! serde. It is 2 KiB less on a board where code has 22 KiB.

use cobs::CobsEncoder;

use super::{Refusal, Request, Response};
use crate::crc::Crc32;
use crate::wire::{Read, Reader, Write, Writer};

/// Reads the request that [`Receiver::push`](super::Receiver::push) has returned the bytes of.
///
/// # Errors
///
/// [`Refusal::Unknown`] if they are no request of this version.
pub fn read_request(message: &[u8]) -> Result<Request<'_>, Refusal> {
    let mut reader = Reader::new(message);
    Request::read(&mut reader).ok().filter(|_| reader.is_empty()).ok_or(Refusal::Unknown)
}

/// Writes the frame of a response into the front of `out` and returns it; `None` if `out` is too
/// small.
///
/// ```
/// use inkbit_core::link::device::write_response;
/// use inkbit_core::link::{Receiver, Response, decode};
/// let mut line = [0; 64];
/// let frame = write_response(&Response::Logits { id: 7, nanoseconds: 900, logits: &[-3, 5] }, &mut line);
/// let mut receiver = Receiver::<64>::new();
/// let (end, rest) = frame.expect("it fits").split_last().expect("a frame ends in 0");
/// assert!(rest.iter().all(|&byte| receiver.push(byte).is_none()));
/// let message = receiver.push(*end).expect("it is whole")?;
/// let Response::Logits { id, logits, .. } = decode::<Response<'_>>(message)? else { panic!() };
/// assert_eq!((id, &logits[..]), (7, &[-3, 5][..]));
/// # Ok::<_, inkbit_core::link::Refusal>(())
/// ```
pub fn write_response<'o>(response: &Response<'_, &[i32]>, out: &'o mut [u8]) -> Option<&'o [u8]> {
    write(response, out)
}

/// Writes the frame of a request, for a host that is as small as a device: a page in a browser. Otherwise as
/// [`write_response`].
///
/// ```
/// use inkbit_core::link::device::write_request;
/// use inkbit_core::link::{Request, encode};
/// let (mut line, mut other) = ([0; 64], [0; 64]);
/// let request = Request::Store { offset: 256, bytes: &[1, 0, 3] };
/// assert_eq!(write_request(&request, &mut line), encode(&request, &mut other).as_deref());
/// ```
pub fn write_request<'o>(request: &Request<'_>, out: &'o mut [u8]) -> Option<&'o [u8]> {
    write(request, out)
}

fn write<'o>(message: &impl Write, out: &'o mut [u8]) -> Option<&'o [u8]> {
    let mut frame = Frame { encoder: CobsEncoder::new(out), crc: Crc32::new(), fits: true };
    message.write(&mut frame);
    let Frame { mut encoder, crc, fits } = frame;
    encoder.push(&crc.value().to_le_bytes()).ok().filter(|()| fits)?;
    // Says that more is to come, so that a full block at the end is closed by an empty one, as the
    // host does it. A receiver takes both.
    encoder.push(&[]).ok()?;
    let end = encoder.finalize();
    *out.get_mut(end)? = 0;
    out.get(..end + 1)
}

struct Frame<'o> {
    encoder: CobsEncoder<'o>,
    crc: Crc32,
    fits: bool,
}

impl Writer for Frame<'_> {
    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        self.crc.update(&[byte]);
        self.fits &= self.encoder.push(&[byte]).is_ok();
    }

    #[inline(never)]
    fn number(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    #[inline(never)]
    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        text.bytes().for_each(|byte| self.byte(byte));
    }
}
