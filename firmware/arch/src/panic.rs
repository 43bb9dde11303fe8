//! Panics: reported over the line, whatever was going on.

use core::fmt::Write;
use core::panic::PanicInfo;

use heapless::String;
use crate::serial::Port;
use inkbit_core::link::{self, MAX_TEXT, RESPONSE_FRAME, Response};

/// Sends a panic's place and message to the host and stands still.
pub fn report(info: &PanicInfo<'_>, port: &mut impl Port) -> ! {
    let mut text: String<MAX_TEXT> = String::new();
    // A text that is too long is cut.
    let _ = write!(text, "{info}");
    let mut frame = [0; RESPONSE_FRAME];
    // The zero byte ends a response that was on its way.
    port.put(0);
    if let Some(frame) = link::encode(&Response::Panicked { message: &text }, &mut frame) {
        frame.iter().for_each(|&byte| port.put(byte));
    }
    loop {
        core::hint::spin_loop();
    }
}
