//! Panics: reported over the line, whatever was going on.

use core::panic::PanicInfo;

use inkbit_app::Text;
use inkbit_core::link::device::write_response;
use inkbit_core::link::{RESPONSE_FRAME, Response};

use crate::serial::Port;

/// Turns of an empty loop before the restart. By then every port has sent its last byte, and nobody
/// has noticed the delay.
const SENT: u32 = 500_000;

/// Sends a panic's place and message to the host. Of a message with values in it only the place is
/// sent: to format values takes more flash than they are worth.
pub fn report(info: &PanicInfo<'_>, port: &mut impl Port) {
    let mut text = Text::new();
    if let Some(place) = info.location() {
        text.say(place.file()).say(":").number(place.line()).say(": ");
    }
    text.say(info.message().as_str().unwrap_or("panicked with values"));
    let response = Response::Panicked { message: text.as_str() };
    let mut frame = [0; RESPONSE_FRAME];
    // The zero byte ends a response that was on its way.
    port.put(0);
    if let Some(frame) = write_response(&response, &mut frame) {
        frame.iter().for_each(|&byte| port.put(byte));
    }
    port.flush();
    // A reset would stop what is still in the port's buffer.
    (0..SENT).for_each(|_| core::hint::spin_loop());
}
