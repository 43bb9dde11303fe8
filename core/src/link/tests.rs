extern crate std;

use std::vec;
use std::vec::Vec as StdVec;

use super::*;
use crate::{Frame, Layout, Sample};

/// xorshift64: enough chance for these tests, and the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

type Line = Receiver<{ request_bytes(784) }>;

fn frame<T: Serialize>(message: &T) -> StdVec<u8> {
    let mut out = [0; 1024];
    encode(message, &mut out).unwrap().to_vec()
}

/// What a receiver makes of some bytes: the ids of requests to classify, and refusals.
fn outcomes(line: &mut Line, bytes: &[u8]) -> StdVec<Result<u32, Refusal>> {
    let mut outcomes = vec![];
    for &byte in bytes {
        if let Some(message) = line.push(byte) {
            outcomes.push(message.and_then(decode).map(|request| match request {
                Request::Classify { id, .. } => id,
                _ => u32::MAX,
            }));
        }
    }
    outcomes
}

fn classify(id: u32, length: usize) -> StdVec<u8> {
    frame(&Request::Classify { id, pixels: &vec![7; length] })
}

#[test]
fn every_request_arrives_as_it_was_sent() {
    let requests = [
        Request::Hello,
        Request::Classify { id: u32::MAX, pixels: &[0, 1, 255, 0, 0, 9] },
        Request::Status,
        Request::Key { key: Key::Select, pressed: true },
        Request::Pen { x: 27, y: 0, down: false },
        Request::Clear,
        Request::Show(Mode::Samples),
        Request::Panic,
        Request::Boot,
        Request::Store { offset: 3 * STORE_PAGE as u32, bytes: &[7; STORE_PAGE] },
    ];
    let mut line = Line::new();
    for request in requests {
        let mut arrived = 0;
        let sent = frame(&request);
        assert_eq!(device::write_request(&request, &mut [0; 2048]), Some(&sent[..]));
        for byte in sent {
            if let Some(message) = line.push(byte) {
                assert_eq!(decode::<Request<'_>>(message.unwrap()), Ok(request));
                assert_eq!(device::read_request(message.unwrap()), Ok(request));
                arrived += 1;
            }
        }
        assert_eq!(arrived, 1, "{request:?}");
    }
}

#[test]
fn the_largest_responses_fit_their_frame() {
    let text = "x".repeat(MAX_TEXT);
    let logits = [i32::MIN; MAX_LOGITS].into_iter().collect();
    let limits = Limits {
        model_address: u32::MAX,
        model_bytes: u32::MAX,
        cells: u32::MAX,
        pixels: u32::MAX,
        classes: u32::MAX,
    };
    let responses: [Response<'_>; 3] = [
        Response::Logits { id: u32::MAX, nanoseconds: u32::MAX, logits },
        Response::Panicked { message: &text },
        Response::Hello(Hello {
            protocol: PROTOCOL,
            firmware: "12.345.678-prerelease",
            board: "a-board-with-a-long-name",
            limits,
            model: Err(&text),
            reset: Reset::Stuck { at: u32::MAX },
        }),
    ];
    for response in responses {
        let mut out = [0; RESPONSE_FRAME];
        let frame = encode(&response, &mut out).expect("fits").to_vec();
        let mut line = Receiver::<RESPONSE_FRAME>::new();
        let end = frame.len() - 1;
        assert!(frame[..end].iter().all(|&byte| line.push(byte).is_none()));
        let message = line.push(frame[end]).unwrap().unwrap();
        assert_eq!(decode::<Response<'_>>(message), Ok(response));
    }
}

#[test]
fn a_device_writes_what_serde_would() {
    let limits =
        Limits { model_address: 0x5000, model_bytes: 1 << 31, cells: 128, pixels: 127, classes: 0 };
    let loaded = Loaded { name: "mnist", crc: 0xDEAD_BEEF, sample: Sample::mnist(28), classes: 10 };
    let of = |sample| Ok(Loaded { sample, ..loaded });
    let images = |layout| Sample::Image(Frame { width: 1024, height: 1, layout });
    let features = Sample::Features { count: 300, signed: true, ranges: 1 };
    let hello = |model, reset| {
        let (protocol, firmware, board) = (PROTOCOL, "0.1.0", "a");
        Response::Hello(Hello { protocol, firmware, board, limits, model, reset })
    };
    let status = |class| {
        let (mode, permille, stack, stack_room, check, in_ram) =
            (Mode::Link, 999, 1, 0, 1 << 20, false);
        Response::Status(Status { mode, class, permille, stack, stack_room, check, in_ram })
    };
    let logits = [0, -1, 1, -64, 64, i32::MIN, i32::MAX];
    let many = [-1_000_000_i32; MAX_LOGITS];
    let refused = [
        Refusal::Damaged,
        Refusal::Oversized { limit: 300 },
        Refusal::Unknown,
        Refusal::NoModel,
        Refusal::Pixels { found: 0, expected: 784 },
        Refusal::ModelChanged,
    ];
    let mut responses: StdVec<Response<'_, &[i32]>> = vec![
        hello(Ok(loaded), Reset::Ordinary),
        hello(of(images(Layout::AsItIs)), Reset::Ordinary),
        hello(of(images(Layout::Fitted)), Reset::Ordinary),
        hello(of(features), Reset::Ordinary),
        hello(Ok(loaded), Reset::Stuck { at: 0x1234 }),
        hello(Err("no model"), Reset::Fault { at: 1 << 31 }),
        hello(Err(""), Reset::Panic),
        Response::Logits { id: 0, nanoseconds: u32::MAX, logits: &logits },
        Response::Logits { id: 1 << 14, nanoseconds: 0, logits: &many },
        Response::Logits { id: 1, nanoseconds: 0, logits: &[] },
        status(None),
        status(Some(300)),
        Response::Done,
        Response::Panicked { message: "src/main.rs:1: oh" },
    ];
    responses.extend(refused.map(Response::Refused));
    for response in responses {
        let mut out = [0; RESPONSE_FRAME];
        let written = device::write_response(&response, &mut out).expect("fits");
        assert_eq!(written, frame(&response), "{response:?}");
        let length = written.len();
        for too_few in 0..length {
            assert_eq!(device::write_response(&response, &mut out[..too_few]), None);
        }
    }
}

#[test]
fn a_frame_whose_last_block_is_full_is_the_same_from_device_and_host() {
    let mut full = 0;
    for length in 0..600 {
        let message = "x".repeat(length);
        let response: Response<'_, &[i32]> = Response::Panicked { message: &message };
        let mut out = [0; 700];
        let written = device::write_response(&response, &mut out).expect("fits");
        let expected = frame(&response);
        assert_eq!(written, expected, "{length}");
        full += usize::from(written.ends_with(&[1, 0]));
    }
    assert!(full > 0, "no frame has a full last block");
}

#[test]
fn a_device_refuses_what_serde_refuses() {
    let mut chance = Chance(99);
    let mut understood = 0;
    for _ in 0..200_000 {
        let message: StdVec<u8> = (0..chance.below(7)).map(|_| chance.below(9) as u8).collect();
        let request = decode::<Request<'_>>(&message);
        assert_eq!(device::read_request(&message), request, "{message:?}");
        understood += usize::from(request.is_ok());
    }
    assert!(understood > 1_000);
}

#[test]
fn a_frame_that_does_not_fit_is_not_written() {
    let whole = frame(&Request::Clear).len();
    for length in 0..whole {
        assert_eq!(encode(&Request::Clear, &mut vec![0; length]), None, "{length} bytes");
    }
}

#[test]
fn every_changed_byte_is_noticed_and_the_next_frame_is_not_lost() {
    let (good, next) = (classify(1, 40), classify(2, 3));
    let mut line = Line::new();
    for place in 0..good.len() {
        for change in 1..=255 {
            let mut bytes = good.clone();
            bytes[place] ^= change;
            bytes.push(0);
            bytes.extend(&next);
            let outcomes = outcomes(&mut line, &bytes);
            let (last, before) = outcomes.split_last().unwrap();
            assert_eq!(*last, Ok(2));
            assert!(!before.is_empty(), "byte {place} changed by {change} went unseen");
            assert!(before.iter().all(Result::is_err), "{before:?}");
        }
    }
}

#[test]
fn half_a_frame_costs_only_itself() {
    let (good, next) = (classify(1, 300), classify(2, 300));
    for cut in 1..good.len() {
        let mut line = Line::new();
        // The zero byte that a host sends when it connects ends what was cut off.
        let bytes = [&good[..cut], &[0], &next].concat();
        let outcomes = outcomes(&mut line, &bytes);
        assert_eq!(outcomes.last(), Some(&Ok(2)), "cut at {cut}");
        assert!(outcomes.len() <= 2 && (cut == good.len() - 1 || outcomes[0].is_err()));
    }
}

#[test]
fn a_flood_without_an_end_is_refused_once() {
    let mut line = Line::new();
    assert_eq!(outcomes(&mut line, &[0x55; 100_000]), []);
    let refused = outcomes(&mut line, &[0]);
    assert!(matches!(refused[..], [Err(Refusal::Damaged | Refusal::Oversized { .. })]));
    assert_eq!(outcomes(&mut line, &classify(3, 9)), [Ok(3)]);
    let limit = request_bytes(784) as u32;
    assert_eq!(outcomes(&mut line, &classify(4, 800)), [Err(Refusal::Oversized { limit })]);
    assert_eq!(outcomes(&mut line, &classify(5, 784)), [Ok(5)]);
}

#[test]
fn noise_between_frames_never_invents_a_message() {
    let mut chance = Chance(0x1234_5678_9ABC_DEF1);
    let mut line = Line::new();
    for id in 0..2_000 {
        let mut bytes: StdVec<u8> = (0..chance.below(60)).map(|_| chance.next() as u8).collect();
        bytes.push(0);
        bytes.extend(classify(id, chance.below(300)));
        let outcomes = outcomes(&mut line, &bytes);
        let (last, before) = outcomes.split_last().unwrap();
        assert_eq!(*last, Ok(id));
        assert!(before.iter().all(Result::is_err), "{before:?}");
    }
}

#[test]
fn a_message_with_bytes_behind_it_is_unknown() {
    assert_eq!(decode::<Request<'_>>(&[0]), Ok(Request::Hello));
    assert_eq!(decode::<Request<'_>>(&[0, 0]), Err(Refusal::Unknown));
    assert_eq!(decode::<Request<'_>>(&[99]), Err(Refusal::Unknown));
    assert_eq!(decode::<Request<'_>>(&[]), Err(Refusal::Unknown));
}

#[test]
fn any_image_comes_through_packing_within_its_bound() {
    let mut chance = Chance(42);
    for round in 0..3_000 {
        let length = chance.below(900);
        let paper = chance.below(11);
        let pixels: StdVec<u8> = (0..length)
            .map(|_| if chance.below(10) < paper { 0 } else { chance.next() as u8 })
            .collect();
        let mut out = vec![0; length + length.div_ceil(PIXEL_OVERHEAD)];
        let packed = pack_pixels(&pixels, &mut out).unwrap_or_else(|| panic!("round {round}"));
        let mut back = vec![1; length];
        assert_eq!(unpack_pixels(packed, &mut back), length);
        assert_eq!(back, pixels);
    }
}

#[test]
fn damaged_packing_stays_inside_its_buffer() {
    let mut chance = Chance(7);
    for _ in 0..3_000 {
        let packed: StdVec<u8> = (0..chance.below(64)).map(|_| chance.next() as u8).collect();
        let mut out = [0; 100];
        let counted = unpack_pixels(&packed, &mut out);
        assert!(counted <= packed.len() * 129);
    }
}
