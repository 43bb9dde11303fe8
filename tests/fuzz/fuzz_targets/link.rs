//! The serial line: any bytes on it, any message under a right CRC, any packed image.
#![no_main]

use inkbit_core::link::device::{read_request, write_request, write_response};
use inkbit_core::link::{
    PIXEL_OVERHEAD, RESPONSE_FRAME, Receiver, Refusal, Request, Response, decode, encode,
    pack_pixels, unpack_pixels,
};
use inkbit_fuzz::frame::frame;
use inkbit_tests::oracle::crc32;
use libfuzzer_sys::fuzz_target;

/// Bytes of the longest message here: short, so that some are longer.
const LIMIT: usize = 320;

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => line(data),
        1 => request(data),
        2 => response(data),
        _ => image(data),
    }
});

/// A receiver makes of a line what the definition of COBS makes of it, and never loses what follows.
fn line(data: &[u8]) {
    let hello = frame(&[0]);
    let mut receiver = Receiver::<LIMIT>::new();
    let line = [data, &[0], &hello[..]].concat();
    let found = line.iter().filter_map(|&byte| receiver.push(byte).map(|m| m.map(<[u8]>::to_vec)));
    let frames = line.split(|&byte| byte == 0).filter(|frame| !frame.is_empty());
    let expected: Vec<_> = frames.map(unframe).collect();
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(expected.last(), Some(&Ok(vec![0])));
}

/// A device reads a request as serde does, in its shortest form only, and a page writes it as serde does.
fn request(body: &[u8]) {
    let (by_device, by_serde) = (read_request(body), decode::<Request<'_>>(body));
    let Ok(request) = by_serde else { return assert_eq!(by_device, by_serde) };
    let again = written(&request);
    assert_eq!(write_request(&request, &mut vec![0xAA; again.len()]), Some(&again[..]));
    let is_shortest = again == frame(body);
    assert_eq!(by_device, if is_shortest { Ok(request) } else { Err(Refusal::Unknown) });
    if let Request::Classify { pixels, .. } = request {
        image(pixels);
    }
}

/// A host reads any response or refuses it, and a device writes it as serde does.
fn response(body: &[u8]) {
    let Ok(response) = decode::<Response<'_>>(body) else { return };
    let expected = written(&response);
    let message = unframe(&expected[..expected.len() - 1]);
    if let Ok(message) = &message {
        assert_eq!(decode(message).as_ref(), Ok(&response));
    }
    let response: Response<'_, &[i32]> = match &response {
        Response::Hello(hello) => Response::Hello(hello.clone()),
        &Response::Logits { id, nanoseconds, ref logits } => {
            Response::Logits { id, nanoseconds, logits }
        }
        &Response::Status(status) => Response::Status(status),
        Response::Done => Response::Done,
        &Response::Refused(refusal) => Response::Refused(refusal),
        Response::Panicked { message } => Response::Panicked { message },
    };
    let mut out = vec![0xAA; expected.len()];
    assert_eq!(write_response(&response, &mut out), Some(&expected[..]));
    assert_eq!(write_response(&response, &mut out[1..]), None);
}

/// Packed pixels stay in their buffer, and pixels come through packing.
fn image(data: &[u8]) {
    let room = data.first().map_or(0, |&byte| usize::from(byte) * 4);
    let mut out = vec![1; room];
    let count = unpack_pixels(data, &mut out);
    assert!(count <= data.len() * 129);
    let mut whole = vec![1; count];
    assert_eq!(unpack_pixels(data, &mut whole), count);
    let kept = count.min(room);
    assert_eq!((&out[..kept], &out[kept..]), (&whole[..kept], &vec![1; room - kept][..]));
    for pixels in [data, &whole] {
        let mut packed = vec![0; pixels.len() + pixels.len().div_ceil(PIXEL_OVERHEAD)];
        let packed = pack_pixels(pixels, &mut packed).expect("within its bound");
        let mut back = vec![1; pixels.len()];
        assert_eq!(unpack_pixels(packed, &mut back), pixels.len());
        assert_eq!(back, pixels);
        let mut short = vec![0; packed.len().saturating_sub(1)];
        assert!(pixels.is_empty() || pack_pixels(pixels, &mut short).is_none());
    }
}

/// The frame of a message by core, in a buffer of its very length.
fn written(message: &impl serde::Serialize) -> Vec<u8> {
    let mut out = [0; 2 * RESPONSE_FRAME + 4096];
    let frame = encode(message, &mut out).expect("it fits").to_vec();
    let mut exact = vec![0; frame.len()];
    assert_eq!(encode(message, &mut exact).as_deref(), Some(&frame[..]));
    assert_eq!(encode(message, &mut exact[1..]), None);
    frame
}

/// The message in a frame without its closing zero, by the definition of COBS.
fn unframe(frame: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (mut rest, mut message) = (frame, Vec::new());
    while let Some((&code, after)) = rest.split_first() {
        let length = usize::from(code) - 1;
        let (part, after) = after.split_at_checked(length).ok_or(Refusal::Damaged)?;
        message.extend(part);
        if code < 255 && !after.is_empty() {
            message.push(0);
        }
        rest = after;
    }
    if message.len() > LIMIT {
        return Err(Refusal::Oversized { limit: LIMIT as u32 });
    }
    let (body, crc) = message.split_last_chunk().ok_or(Refusal::Damaged)?;
    if crc32(body).to_le_bytes() == *crc { Ok(body.to_vec()) } else { Err(Refusal::Damaged) }
}
