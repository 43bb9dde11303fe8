//! Messages between host and device, and the frames that carry them over a serial line.
//!
//! A frame is the [postcard](https://postcard.jamesmunns.com/wire-format) bytes of one [`Request`]
//! or [`Response`], then their CRC-32 (little-endian, the one that closes a blob), all of it
//! [COBS](https://en.wikipedia.org/wiki/Consistent_Overhead_Byte_Stuffing)-coded so that no byte
//! is zero, then one zero byte. Whatever happened before a zero byte, a frame may begin after it:
//! that is all there is to resynchronisation. A sender that starts, or that does not know what the
//! line carried before, sends a zero byte first.
//!
//! The host asks and the device answers every request with exactly one response, in order. A frame
//! that arrives damaged, too long or unknown is answered with [`Response::Refused`], never with
//! silence. A host that waits in vain (the line swallowed a zero byte) sends a zero byte and asks
//! again; [`Request::Classify`] carries an `id` so that a late answer is not taken for another.
//!
//! ```
//! use inkbit_core::link::{self, Receiver, Request};
//! let mut line = [0; 32];
//! let frame = link::encode(&Request::Hello, &mut line).unwrap();
//! let mut receiver = Receiver::<32>::new();
//! let mut received = 0;
//! for &byte in frame.iter() {
//!     if let Some(message) = receiver.push(byte) {
//!         assert_eq!(link::decode(message.unwrap()), Ok(Request::Hello));
//!         received += 1;
//!     }
//! }
//! assert_eq!(received, 1);
//! ```

use heapless::Vec;
use postcard::ser_flavors::{Cobs, Flavor, Slice};
use serde::{Deserialize, Serialize};

use crate::crc::Crc32;
use crate::sample::Sample;
use crate::wire::{Write, wire};

mod answerer;
pub mod device;
mod pixels;
mod receiver;
mod refusal;

pub use answerer::Answerer;
pub use pixels::{PIXEL_OVERHEAD, pack_pixels, unpack_pixels};
pub use receiver::Receiver;
pub use refusal::Refusal;

/// Version of the messages. It changes with every change to [`Request`] or [`Response`].
pub const PROTOCOL: u8 = 4;
/// The most classes whose logits a [`Response::Logits`] carries.
pub const MAX_LOGITS: usize = 64;
/// The longest text in a message, in bytes.
pub const MAX_TEXT: usize = 240;
/// A buffer of this many bytes holds any frame that carries a [`Response`].
pub const RESPONSE_FRAME: usize = 448;

/// Bytes of flash that a device writes at once.
pub const STORE_PAGE: usize = 256;
/// The most bytes of a blob in a [`Request::Store`].
pub const STORE_BYTES: usize = 4 * STORE_PAGE;

const CRC_BYTES: usize = 4;
/// The largest request but its pixels: its kind, an id, and the length of the pixels.
const REQUEST_HEAD: usize = 1 + 5 + 3;

/// A buffer of this many bytes holds any message that a [`Request`] about an image of `pixels`
/// pixels becomes, and with 16 bytes more its frame; the greatest number if there is none.
pub const fn request_bytes(pixels: usize) -> usize {
    let packed = pixels.saturating_add(pixels.div_ceil(PIXEL_OVERHEAD));
    packed.saturating_add(REQUEST_HEAD + CRC_BYTES)
}

wire! {
    /// What the host asks of the device.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Request [<'a>] [<'a>] [<'a>] {
        /// Who are you? Answered by [`Response::Hello`].
        Hello,
        /// Classify a sample and show it. Answered by [`Response::Logits`].
        Classify {
            /// Comes back in the answer. The display shows its lower 16 bits.
            id: u32,
            /// The sample's bytes, packed by [`pack_pixels`].
            pixels: &'a [u8],
        },
        /// What is on the display? Answered by [`Response::Status`].
        Status,
        /// A key goes down or up, as if pressed on the board. Answered by [`Response::Done`].
        Key {
            /// The key.
            key: Key,
            /// Whether it goes down.
            pressed: bool,
        },
        /// The pen moves over the canvas of the draw screen, and a line is drawn if `down` holds now
        /// and held before. Answered by [`Response::Done`].
        Pen {
            /// Column in pixels of the canvas, from 0 at the left.
            x: u8,
            /// Row, from 0 at the top.
            y: u8,
            /// Whether the pen is down.
            down: bool,
        },
        /// Clear the canvas. Answered by [`Response::Done`].
        Clear,
        /// Change the screen. Answered by [`Response::Done`].
        Show(Mode),
        /// Panic, to prove that a panic reaches the host. Answered by [`Response::Panicked`], after
        /// which the device starts anew.
        Panic,
        /// Leave the firmware for the board's boot loader, which waits to be told what to flash.
        /// Answered by [`Response::Done`], after which the device is gone from the line.
        Boot,
        /// Keep bytes of a blob in the second slot for models, while the first is in use. Answered by
        /// [`Response::Done`]. Bytes come in order; those at offset 0 begin a blob anew. After the last
        /// of them the device is gone from the line until it has started anew, with that model if it can
        /// run it.
        Store {
            /// Their place in the blob. A multiple of [`STORE_PAGE`].
            offset: u32,
            /// As many as there are, of [`STORE_BYTES`] at the most. Only the last of a blob are no
            /// multiple of [`STORE_PAGE`].
            bytes: &'a [u8],
        },
    } [Both]
}

wire! {
    /// What the device answers. `L` is a list of logits: a device sends `&[i32]`, so that it needs no
    /// copy of them; a host receives the list that is the default.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Response [<'a, L = Vec<i32, MAX_LOGITS>>] [<'a, L: Write>] [<'a, L>] {
        /// Answer to [`Request::Hello`].
        #[serde(borrow)]
        Hello(Hello<'a>),
        /// Answer to [`Request::Classify`].
        Logits {
            /// As asked.
            id: u32,
            /// Time that the inference took, in nanoseconds of the device's clock. In QEMU with
            /// `-icount shift=0` that is the number of instructions, rounded to the clock's step.
            nanoseconds: u32,
            /// The logits, in the order of the classes.
            logits: L,
        },
        /// Answer to [`Request::Status`].
        Status(Status),
        /// The request was carried out.
        Done,
        /// The request was not carried out.
        Refused(Refusal),
        /// The firmware has panicked and starts anew. May come at any time.
        Panicked {
            /// Place and message, cut at [`MAX_TEXT`] bytes.
            message: &'a str,
        },
    } [Write]
}

wire! {
    /// Who the device is and what it holds.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Hello [<'a>] {
        /// [`PROTOCOL`] of the firmware. It is the first field for ever, so that a host of another
        /// version can name it.
        pub protocol: u8,
        /// The firmware's version.
        pub firmware: &'a str,
        /// The board's name.
        pub board: &'a str,
        /// What fits the board.
        pub limits: Limits,
        /// The model in the board's model region, or why there is none that can be run.
        #[serde(borrow)]
        pub model: Result<Loaded<'a>, &'a str>,
        /// Why the firmware has started.
        pub reset: Reset,
    } [Write]
}

wire! {
    /// Why a firmware has started.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Reset [] [] [] {
        /// Power came, or somebody pressed the reset button.
        Ordinary,
        /// The watchdog found the firmware's loop standing still.
        Stuck {
            /// Address of the instruction that was next.
            at: u32,
        },
        /// The processor refused an instruction, such as a read where there is no memory.
        Fault {
            /// The instruction's address.
            at: u32,
        },
        /// The firmware had panicked.
        Panic,
    } [Write]
}

wire! {
    /// What fits a board.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Limits [] {
        /// Address of the model region.
        pub model_address: u32,
        /// Its length in bytes.
        pub model_bytes: u32,
        /// Cells of working memory that are built in; see
        /// [`Model::scratch_cells`](crate::Model::scratch_cells).
        pub cells: u32,
        /// The most bytes of a sample.
        pub pixels: u32,
        /// The most classes.
        pub classes: u32,
    } [Write]
}

wire! {
    /// The model that a device runs.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Loaded [<'a>] {
        /// Its name.
        pub name: &'a str,
        /// The CRC-32 of its blob, as computed when the whole of it was last checked.
        pub crc: u32,
        /// What it takes.
        pub sample: Sample,
        /// Number of its classes.
        pub classes: u16,
    } [Write]
}

wire! {
    /// What the device shows, and what it has needed so far.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Status [] {
        /// The screen.
        pub mode: Mode,
        /// The class on the display; `None` where it shows "?".
        pub class: Option<u16>,
        /// Confidence in it, in thousandths.
        pub permille: u16,
        /// Deepest use of the stack since the start, in bytes.
        pub stack: u32,
        /// Bytes of the stack's room.
        pub stack_room: u32,
        /// Time between the last two checks of the whole model, in units of 2²⁰ ns; 0 before the
        /// second one.
        pub check: u32,
        /// Whether the model is read from a copy in RAM, where that was found to be faster.
        pub in_ram: bool,
    } [Write]
}

wire! {
    /// The screens of the firmware.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Mode [] [] [] {
        /// A canvas to draw on.
        Draw,
        /// Built-in digits, one after another.
        Samples,
        /// What came over the line.
        Link,
    } [Both]
}

wire! {
    /// The keys of a board.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Key [] [] [] {
        /// Pen up the page.
        Up,
        /// Pen down the page.
        Down,
        /// Pen to the left.
        Left,
        /// Pen to the right.
        Right,
        /// Lift or lower the pen; held, clear the canvas; with an arrow, change the screen.
        Select,
    } [Both]
}

/// Writes the frame of a message into the front of `out` and returns it; `None` if `out` is too
/// small.
///
/// ```
/// use inkbit_core::link::{Receiver, Request, decode, encode};
/// let mut line = [0; 64];
/// let frame = encode(&Request::Pen { x: 3, y: 9, down: true }, &mut line).expect("it fits");
/// let mut receiver = Receiver::<64>::new();
/// let (end, rest) = frame.split_last().expect("a frame ends in 0");
/// assert!(rest.iter().all(|&byte| receiver.push(byte).is_none()));
/// let message = receiver.push(*end).expect("it is whole")?;
/// assert_eq!(decode(message), Ok(Request::Pen { x: 3, y: 9, down: true }));
/// # Ok::<_, inkbit_core::link::Refusal>(())
/// ```
pub fn encode<'o, T: Serialize>(message: &T, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
    let frame = Cobs::try_new(Slice::new(out)).ok()?;
    postcard::serialize_with_flavor(message, Checked { frame, crc: Crc32::new() }).ok()
}

/// Passes bytes on, and their CRC-32 after the last.
struct Checked<F> {
    frame: F,
    crc: Crc32,
}

impl<F: Flavor> Flavor for Checked<F> {
    type Output = F::Output;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.crc.update(&[byte]);
        self.frame.try_push(byte)
    }

    fn finalize(mut self) -> postcard::Result<F::Output> {
        self.frame.try_extend(&self.crc.value().to_le_bytes())?;
        self.frame.finalize()
    }
}

/// Reads the message that [`Receiver::push`] has returned the bytes of.
///
/// # Errors
///
/// [`Refusal::Unknown`] if they are no message of this type and version.
pub fn decode<'a, T: Deserialize<'a>>(message: &'a [u8]) -> Result<T, Refusal> {
    match postcard::take_from_bytes(message) {
        Ok((value, [])) => Ok(value),
        _ => Err(Refusal::Unknown),
    }
}

#[cfg(test)]
mod tests;
