//! The digits on a picture, found in a browser as `inkbit predict` finds them.
//!
//! A page makes an instance, writes grey pixels to its memory, and calls `find`; then it asks for the place
//! and the image of each digit, or for the request by which a device is asked what it reads.
//! `host/templates/play/pictures.js` is such a page's script, `tests/src/finder.rs` another host of the module.
#![no_std]
#![allow(unsafe_code)]

use inkbit_core::link::device::write_request;
use inkbit_core::link::{Request, pack_pixels, request_bytes};
use inkbit_core::picture::{BYTES, Digit, Finder, LABELS, Wanted};
use inkbit_core::{Frame, Layout};

#[cfg(target_arch = "wasm32")]
#[path = "../../panicked.rs"]
mod panicked;

/// Side length of an image of the device's canvas.
const SIDE: usize = 28;
const MESSAGE: usize = request_bytes(SIDE * SIDE);
/// COBS adds a byte for every 254, and two.
const FRAME: usize = MESSAGE + MESSAGE / 254 + 2;

static mut MEMORY: [u8; BYTES] = [0; BYTES];
static mut NUMBERS: [u16; LABELS] = [0; LABELS];
static mut FINDER: Option<Finder<'static>> = None;
static mut IMAGE: [u8; SIDE * SIDE] = [0; SIDE * SIDE];
static mut PACKED: [u8; MESSAGE] = [0; MESSAGE];
static mut FRAMED: [u8; FRAME] = [0; FRAME];

/// Looks for digits on a picture of grey pixels, row by row; returns how many there are.
///
/// # Safety
///
/// There are `width` × `height` pixels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn find(grey: *const u8, width: usize, height: usize) -> usize {
    // SAFETY: the module has one thread, and none of its functions calls another one. What was found before
    // goes before its memory is used again.
    let finder = unsafe { &mut *(&raw mut FINDER) };
    *finder = None;
    // SAFETY: the caller's promise, and as above.
    let (grey, bytes, labels) = unsafe {
        let grey = core::slice::from_raw_parts(grey, width.saturating_mul(height));
        (grey, &mut *(&raw mut MEMORY), &mut *(&raw mut NUMBERS))
    };
    *finder = Finder::new(grey, (width, height), Wanted::All, bytes, labels).ok();
    finder.as_ref().map_or(0, |finder| finder.digits().len())
}

/// Left, top, width or height of a digit in pixels of the picture: `side` 0 to 3.
#[unsafe(no_mangle)]
pub extern "C" fn place(number: usize, side: usize) -> usize {
    // SAFETY: as in `find`.
    let finder = unsafe { (*(&raw const FINDER)).as_ref() };
    let digit = finder.and_then(|finder| finder.digits().nth(number));
    digit.map_or(0, |Digit { left, top, width, height }| match side {
        0 => left,
        1 => top,
        2 => width,
        _ => height,
    })
}

/// Makes the image of a digit and returns where it is: 28 × 28 pixels, row by row, 0 for background. If
/// `ink` is 0, the digit fills the image; else it is centred and its longer side has `ink` pixels.
#[unsafe(no_mangle)]
pub extern "C" fn image(number: usize, ink: u16) -> *const u8 {
    // SAFETY: as in `find`.
    let (finder, image) = unsafe { ((*(&raw mut FINDER)).as_mut(), &mut *(&raw mut IMAGE)) };
    if let Some(finder) = finder {
        let layout = if ink == 0 { Layout::Fitted } else { Layout::Centred { ink } };
        finder.image(number, image, Frame { layout, ..Frame::mnist(SIDE as u16) });
    }
    image.as_ptr()
}

/// Writes the frame that asks a device what it reads in the image that was made last; returns its length.
#[unsafe(no_mangle)]
pub extern "C" fn ask(id: u32) -> usize {
    // SAFETY: as in `find`.
    let (image, packed, framed) =
        unsafe { (&*(&raw const IMAGE), &mut *(&raw mut PACKED), &mut *(&raw mut FRAMED)) };
    let request = pack_pixels(image, packed).map(|pixels| Request::Classify { id, pixels });
    request.and_then(|request| write_request(&request, framed)).map_or(0, <[u8]>::len)
}

/// Where that frame is.
#[unsafe(no_mangle)]
pub extern "C" fn asked() -> *const u8 {
    (&raw const FRAMED).cast()
}
