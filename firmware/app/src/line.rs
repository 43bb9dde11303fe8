//! The device's end of the serial line: requests in, responses out.

use inkbit_core::link::device::{read_request, write_response};
use inkbit_core::link::{
    Hello, Loaded, PROTOCOL, RESPONSE_FRAME, Receiver, Refusal, Request, Response, STORE_BYTES,
    request_bytes, unpack_pixels,
};

use crate::board::PIXELS;
use crate::clock::{Clock, ticks};
use crate::machine::{App, Event};
use crate::storage::Storage;

// The bytes of a model fit a buffer for images.
const _: () = assert!(request_bytes(PIXELS) >= 1 + 5 + 2 + STORE_BYTES + 4);

/// Collects requests and holds the response that goes out.
#[derive(Debug)]
pub struct Line {
    receiver: Receiver<{ request_bytes(PIXELS) }>,
    reply: [u8; RESPONSE_FRAME],
}

impl Line {
    /// A line on which nothing has come yet.
    pub const fn new() -> Self {
        Self { receiver: Receiver::new(), reply: [0; RESPONSE_FRAME] }
    }

    /// Takes one byte. If it completes a frame, does what the frame asks for and returns the
    /// response's frame.
    // Not inlined: a response takes much of the stack, and only while it is made.
    #[inline(never)]
    pub fn push(
        &mut self,
        byte: u8,
        app: &mut App<'_>,
        clock: &mut impl Clock,
        storage: &mut impl Storage,
    ) -> Option<&[u8]> {
        let message = self.receiver.push(byte)?;
        let response = message
            .and_then(read_request)
            .and_then(|request| answer(request, app, clock, storage))
            .unwrap_or_else(Response::Refused);
        // RESPONSE_FRAME holds every response.
        write_response(&response, &mut self.reply)
    }
}

fn answer<'a>(
    request: Request<'_>,
    app: &'a mut App<'_>,
    clock: &mut impl Clock,
    storage: &mut impl Storage,
) -> Result<Response<'a, &'a [i32]>, Refusal> {
    let now = ticks(clock.nanoseconds());
    let event = match request {
        Request::Hello => return Ok(Response::Hello(hello(app))),
        Request::Classify { id, pixels } => {
            let (nanoseconds, logits) =
                app.classify(id, clock, |image| unpack_pixels(pixels, image))?;
            return Ok(Response::Logits { id, nanoseconds, logits });
        }
        Request::Status => {
            app.settle(clock);
            return Ok(Response::Status(app.status()));
        }
        Request::Boot => {
            app.board().boot_loader.ok_or(Refusal::NoBootLoader)?();
            return Ok(Response::Done);
        }
        Request::Store { offset, bytes } => {
            storage.store(offset, bytes)?;
            return Ok(Response::Done);
        }
        #[cfg(feature = "panics")]
        #[allow(clippy::panic)] // what is asked for
        Request::Panic => panic!("asked to by the host"),
        #[cfg(not(feature = "panics"))]
        Request::Panic => return Err(Refusal::Unknown),
        Request::Key { key, pressed } => Event::Key(key, pressed),
        Request::Pen { x, y, down } => Event::Pen(x, y, down),
        Request::Clear => Event::Clear,
        Request::Show(mode) => Event::Show(mode),
    };
    app.handle(event, now);
    Ok(Response::Done)
}

fn hello<'a>(app: &'a App<'_>) -> Hello<'a> {
    Hello {
        protocol: PROTOCOL,
        firmware: env!("CARGO_PKG_VERSION"),
        board: app.board().name,
        limits: app.limits(),
        model: app.engine().model().map(|model| Loaded {
            name: model.header().name,
            crc: app.engine().crc(),
            sample: model.sample(),
            classes: model.classes() as u16,
        }),
        reset: app.board().reset,
    }
}
