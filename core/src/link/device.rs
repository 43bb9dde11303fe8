//! The device's end of the line: the same bytes as [`encode`](super::encode) and
//! [`decode`](super::decode) give, which the tests prove, in a third of the code that goes through
//! serde. It is 2 KiB less on a board where code has 20 KiB.

use cobs::CobsEncoder;
use crc::{Digest, NoTable};

use super::{Hello, Key, Limits, Loaded, Mode, Refusal, Request, Response, Status};
use crate::blob::CRC;
use crate::reader::Reader;

/// Reads the request that [`Receiver::push`](super::Receiver::push) has returned the bytes of.
///
/// # Errors
///
/// [`Refusal::Unknown`] if they are no request of this version.
pub fn read_request(message: &[u8]) -> Result<Request<'_>, Refusal> {
    let mut reader = Reader::new(message);
    request(&mut reader).filter(|_| reader.is_empty()).ok_or(Refusal::Unknown)
}

fn request<'a>(reader: &mut Reader<'a>) -> Option<Request<'a>> {
    Some(match reader.byte().ok()? {
        0 => Request::Hello,
        1 => Request::Classify { id: reader.word().ok()?, pixels: reader.bytes().ok()? },
        2 => Request::Status,
        3 => {
            let keys = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Select];
            let key = *keys.get(usize::from(reader.byte().ok()?))?;
            Request::Key { key, pressed: flag(reader)? }
        }
        4 => {
            let (x, y) = (reader.byte().ok()?, reader.byte().ok()?);
            Request::Pen { x, y, down: flag(reader)? }
        }
        5 => Request::Clear,
        6 => {
            let modes = [Mode::Draw, Mode::Samples, Mode::Link];
            Request::Show(*modes.get(usize::from(reader.byte().ok()?))?)
        }
        7 => Request::Panic,
        _ => return None,
    })
}

fn flag(reader: &mut Reader<'_>) -> Option<bool> {
    match reader.byte().ok()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
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
    let frame = CobsEncoder::new(out);
    let mut writer = Writer { frame, digest: CRC.digest(), fits: true };
    writer.response(response);
    let Writer { mut frame, digest, fits } = writer;
    frame.push(&digest.finalize().to_le_bytes()).ok().filter(|()| fits)?;
    let end = frame.finalize();
    *out.get_mut(end)? = 0;
    out.get(..end + 1)
}

struct Writer<'o> {
    frame: CobsEncoder<'o>,
    digest: Digest<'static, u32, NoTable>,
    fits: bool,
}

impl Writer<'_> {
    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        self.digest.update(&[byte]);
        self.fits &= self.frame.push(&[byte]).is_ok();
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
    fn numbers(&mut self, values: &[u32]) {
        values.iter().for_each(|&value| self.number(value));
    }

    #[inline(never)]
    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        text.bytes().for_each(|byte| self.byte(byte));
    }

    fn response(&mut self, response: &Response<'_, &[i32]>) {
        match response {
            Response::Hello(hello) => {
                self.byte(0);
                self.hello(hello);
            }
            Response::Logits { id, nanoseconds, logits } => {
                self.numbers(&[1, *id, *nanoseconds, logits.len() as u32]);
                for &logit in *logits {
                    // Small numbers of either sign become small numbers without one.
                    self.number((logit << 1 ^ logit >> 31).cast_unsigned());
                }
            }
            Response::Status(Status { mode, class, permille, stack, stack_room }) => {
                self.numbers(&[2, *mode as u32, u32::from(class.is_some())]);
                if let Some(class) = class {
                    self.number(u32::from(*class));
                }
                self.numbers(&[u32::from(*permille), *stack, *stack_room]);
            }
            Response::Done => self.byte(3),
            Response::Refused(refusal) => {
                self.byte(4);
                match *refusal {
                    Refusal::Damaged => self.byte(0),
                    Refusal::Oversized { limit } => self.numbers(&[1, limit]),
                    Refusal::Unknown => self.byte(2),
                    Refusal::NoModel => self.byte(3),
                    Refusal::Pixels { found, expected } => self.numbers(&[4, found, expected]),
                }
            }
            Response::Panicked { message } => {
                self.byte(5);
                self.text(message);
            }
        }
    }

    fn hello(&mut self, hello: &Hello<'_>) {
        self.byte(hello.protocol);
        self.text(hello.firmware);
        self.text(hello.board);
        let Limits { model_address, model_bytes, cells, pixels, classes } = hello.limits;
        self.numbers(&[model_address, model_bytes, cells, pixels, classes]);
        match hello.model {
            Ok(Loaded { name, crc, side, classes }) => {
                self.byte(0);
                self.text(name);
                self.numbers(&[crc, u32::from(side), u32::from(classes)]);
            }
            Err(text) => {
                self.byte(1);
                self.text(text);
            }
        }
    }
}
