//! The host's end of a line: what the page asks a board on a serial port, and what comes back.
//!
//! Requests are about the drawing and the model of the instance that makes them. An instance hears one
//! line, and need not be started for that. The page reads the messages itself: that is 3 kB less here.

use inkbit_app::PIXELS;
use inkbit_core::link::device::write_request;
use inkbit_core::link::{Receiver, Request, STORE_BYTES, pack_pixels, request_bytes};

use crate::device;

/// As long as the app's own receiver, whose code it shares.
const MESSAGE: usize = request_bytes(PIXELS);
/// COBS adds a byte for every 254, and two.
const FRAME: usize = MESSAGE + MESSAGE / 254 + 2;

static mut PACKED: [u8; MESSAGE] = [0; MESSAGE];
static mut FRAMED: [u8; FRAME] = [0; FRAME];
static mut RECEIVER: Receiver<MESSAGE> = Receiver::new();
static mut HEARD: &[u8] = &[];

/// Writes a request's frame and returns its length.
#[inline(never)]
fn ask(request: &Request<'_>) -> usize {
    // SAFETY: the module has one thread, and this is borrowed here alone.
    write_request(request, unsafe { &mut *(&raw mut FRAMED) }).map_or(0, <[u8]>::len)
}

/// Where the frame of the last request is.
#[unsafe(no_mangle)]
extern "C" fn asked() -> *const u8 {
    (&raw const FRAMED).cast()
}

/// Asks who the board is; this and those below return the frame's length.
#[unsafe(no_mangle)]
extern "C" fn ask_hello() -> usize {
    ask(&Request::Hello)
}

/// Asks what the board reads in the image that this model was last given; 0 if nothing is drawn, or there is
/// no model.
#[unsafe(no_mangle)]
extern "C" fn ask_classify(id: u32) -> usize {
    let Some((_, pixels)) = device().and_then(|device| device.app.seen()) else { return 0 };
    if pixels.iter().all(|&pixel| pixel == 0) {
        return 0;
    }
    // SAFETY: as in `ask`.
    let packed = pack_pixels(pixels, unsafe { &mut *(&raw mut PACKED) });
    packed.map_or(0, |pixels| ask(&Request::Classify { id, pixels }))
}

/// Asks the board to keep a piece of this model, counted from 0; 0 if there is none.
#[unsafe(no_mangle)]
extern "C" fn ask_store(piece: usize) -> usize {
    let blob = device().and_then(|device| device.app.engine().blob()).unwrap_or_default();
    let Some(bytes) = blob.chunks(STORE_BYTES).nth(piece) else { return 0 };
    ask(&Request::Store { offset: (piece * STORE_BYTES) as u32, bytes })
}

/// Takes a byte that a board has sent. At the end of a whole answer returns the length of its message, else 0.
#[unsafe(no_mangle)]
extern "C" fn hear(byte: u8) -> usize {
    // SAFETY: as in `ask`; what was heard before is not read any more.
    let receiver: &'static mut Receiver<MESSAGE> = unsafe { &mut *(&raw mut RECEIVER) };
    let Some(Ok(message)) = receiver.push(byte) else { return 0 };
    // SAFETY: as in `ask`.
    unsafe { *(&raw mut HEARD) = message };
    message.len()
}

/// Where the message is.
#[unsafe(no_mangle)]
extern "C" fn heard() -> *const u8 {
    // SAFETY: as in `ask`.
    unsafe { *(&raw const HEARD) }.as_ptr()
}
