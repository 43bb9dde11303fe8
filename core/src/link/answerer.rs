//! The device's end of the link for a firmware of your own, which has a model and nothing else to show.

use super::device::{read_request, write_response};
use super::{
    Hello, Limits, Loaded, MAX_LOGITS, PROTOCOL, RESPONSE_FRAME, Receiver, Refusal, Request, Reset,
    Response, unpack_pixels,
};
use crate::crc::crc32;
use crate::engine::SampleEngine;
use crate::scratch::Memory;

/// Answers a host that asks for the model and for the logits of samples, such as `inkbit verify`. All other
/// requests are refused.
///
/// `REQUEST` is [`request_bytes`](super::request_bytes)`(BYTES)`, and `BYTES` those of a sample.
/// [`answer_host!`](crate::answer_host) writes both, and the loop.
///
/// ```
/// use inkbit_core::link::{self, Answerer, Receiver, Request, Response};
/// use inkbit_core::{Engine, Error, Model, Scratch, Sizes, include_blob};
///
/// static BLOB: &[u8] = include_blob!("../../golden/one-layer.inkbit");
/// const SIZES: Sizes = Sizes::of(BLOB);
///
/// let scratch = Scratch::<{ SIZES.cells }>::new();
/// let mut engine = Engine::new(Model::parse(BLOB)?, scratch)?.for_samples()?;
/// let mut answerer =
///     Answerer::<{ link::request_bytes(SIZES.bytes) }, { SIZES.bytes }>::new("mine", BLOB);
///
/// // What comes over the line, byte by byte; and what goes back.
/// let mut line = [0; 32];
/// let request = link::encode(&Request::Hello, &mut line).expect("it fits");
/// let mut answers = request.iter().filter_map(|&byte| {
///     answerer.push(byte, &mut engine).map(<[u8]>::to_vec)
/// });
/// let frame = answers.next().expect("a whole request is answered");
///
/// let mut receiver = Receiver::<{ link::RESPONSE_FRAME }>::new();
/// let (end, rest) = frame.split_last().expect("a frame ends in 0");
/// assert!(rest.iter().all(|&byte| receiver.push(byte).is_none()));
/// let message = receiver.push(*end).expect("it is whole").expect("it is sound");
/// let Ok(Response::Hello(hello)) = link::decode::<Response<'_>>(message) else { panic!() };
/// assert_eq!((hello.board, hello.model.map(|model| model.name)), ("mine", Ok("random")));
/// # Ok::<_, Error>(())
/// ```
#[derive(Debug)]
pub struct Answerer<const REQUEST: usize, const BYTES: usize> {
    board: &'static str,
    blob: &'static [u8],
    receiver: Receiver<REQUEST>,
    sample: [u8; BYTES],
    reply: [u8; RESPONSE_FRAME],
}

impl<const REQUEST: usize, const BYTES: usize> Answerer<REQUEST, BYTES> {
    /// For a device of this name, with the engine for the model of this blob.
    pub const fn new(board: &'static str, blob: &'static [u8]) -> Self {
        let (sample, reply) = ([0; BYTES], [0; RESPONSE_FRAME]);
        Self { board, blob, receiver: Receiver::new(), sample, reply }
    }

    /// Takes one byte of the line. If it completes a request, does what that asks for and returns the frame
    /// of the response, which is to be sent.
    pub fn push<M: Memory>(
        &mut self,
        byte: u8,
        engine: &mut SampleEngine<'_, M, BYTES>,
    ) -> Option<&[u8]> {
        let Self { board, blob, receiver, sample, reply } = self;
        let request = receiver.push(byte)?.and_then(read_request);
        let logits;
        let response = match request {
            Ok(Request::Hello) => Response::Hello(hello(board, blob, engine)),
            Ok(Request::Classify { id, pixels }) => match unpack_pixels(pixels, sample) {
                // A host has no room for more.
                _ if engine.model().classes() > MAX_LOGITS => Response::Refused(Refusal::NoModel),
                found if found == BYTES => {
                    logits = engine.infer(sample);
                    Response::Logits { id, nanoseconds: 0, logits: &*logits }
                }
                found => Response::Refused(Refusal::Pixels {
                    found: found as u32,
                    expected: BYTES as u32,
                }),
            },
            Ok(_) => Response::Refused(Refusal::Unknown),
            Err(refusal) => Response::Refused(refusal),
        };
        write_response(&response, reply)
    }
}

fn hello<'e, M: Memory, const BYTES: usize>(
    board: &'e str,
    blob: &[u8],
    engine: &'e SampleEngine<'_, M, BYTES>,
) -> Hello<'e> {
    let model = engine.model();
    let loaded = Loaded {
        name: model.header().name,
        // Of the bytes as they are now, not as they were when the model was checked.
        crc: blob.split_last_chunk::<4>().map_or(0, |(content, _)| crc32(content)),
        sample: model.sample(),
        classes: model.classes() as u16,
    };
    Hello {
        protocol: PROTOCOL,
        firmware: env!("CARGO_PKG_VERSION"),
        board,
        limits: Limits {
            model_address: blob.as_ptr().addr() as u32,
            model_bytes: blob.len() as u32,
            cells: model.scratch_cells() as u32,
            pixels: BYTES as u32,
            classes: MAX_LOGITS as u32,
        },
        model: match model.classes() > MAX_LOGITS {
            true => Err("model has over 64 classes, more than this line carries"),
            false => Ok(loaded),
        },
        reset: Reset::Ordinary,
    }
}

/// Answers a host for ever: see [`Answerer`](crate::link::Answerer).
///
/// It takes the device's name, the `static` blob, its [`SampleEngine`](crate::SampleEngine), an expression
/// that waits for the next byte of the line and is called for each, and one that sends a frame.
///
/// ```no_run
/// use inkbit_core::{Engine, Error, Model, Scratch, Sizes, answer_host, include_blob};
/// # fn read() -> u8 { 0 }
/// # fn write(_: &[u8]) {}
///
/// static BLOB: &[u8] = include_blob!("../../golden/one-layer.inkbit");
/// const SIZES: Sizes = Sizes::of(BLOB);
///
/// fn answer() -> Result<(), Error> {
///     let scratch = Scratch::<{ SIZES.cells }>::new();
///     let mut engine = Engine::new(Model::parse(BLOB)?, scratch)?.for_samples()?;
///     answer_host!("mine", BLOB, engine, read, write)
/// }
/// ```
#[macro_export]
macro_rules! answer_host {
    ($board:expr, $blob:expr, $engine:expr, $read:expr, $write:expr) => {{
        const SIZES: $crate::Sizes = $crate::Sizes::of($blob);
        const REQUEST: usize = $crate::link::request_bytes(SIZES.bytes);
        let (mut read, mut write) = ($read, $write);
        let mut answerer = $crate::link::Answerer::<REQUEST, { SIZES.bytes }>::new($board, $blob);
        loop {
            if let Some(frame) = answerer.push(read(), &mut $engine) {
                write(frame);
            }
        }
    }};
}
