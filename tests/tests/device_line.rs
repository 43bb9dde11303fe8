//! Faults of the serial line of an emulated board, and its report of a panic.

use std::io::Write;
use std::time::Duration;

use inkbit::device::{Client, DeviceError};
use inkbit_core::link::{Refusal, Request, Reset, encode};
use inkbit_tests::devices::{classic, digits, emulated, start};

const BOARD: &str = "lm3s6965evb";

/// The frame of a request.
fn frame(request: &Request<'_>) -> Vec<u8> {
    let mut buffer = [0; 2048];
    encode(request, &mut buffer).unwrap().to_vec()
}

#[test]
fn damaged_half_and_endless_frames_are_refused_and_the_next_request_is_answered() {
    let Some((board, firmware)) = emulated(BOARD) else { return };
    let blob = classic();
    let model = blob.model().unwrap();
    let mut engine = inkbit::model::HostEngine::new(&model);
    let images = digits(3);
    let mut emulator = start(&board, &firmware, blob.bytes());
    let good = frame(&Request::Classify { id: 7, pixels: &[0x55; 300] });
    let mut damaged = good.clone();
    damaged[40] ^= 0x10;
    let half = &good[..good.len() / 2];
    let flood = vec![0xA5; 50_000];
    let unended = frame(&Request::Hello)[..3].to_vec();
    let noise: Vec<u8> =
        (0..3_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (what, bytes) in [
        ("damaged", &damaged[..]),
        ("half", half),
        ("flood", &flood),
        ("unended", &unended),
        ("noise", &noise),
        ("only ends", &[0; 100]),
    ] {
        // A new connection each: the previous host left in the middle of a frame.
        let mut line = emulator.connect().unwrap();
        line.write_all(bytes).unwrap();
        drop(line);
        let line = emulator.connect().unwrap();
        let mut client = Client::new(line, 8).with_timeout(Duration::from_secs(10));
        for image in 0..images.len() {
            let answer = client.classify(images.image(image));
            let answer = answer.unwrap_or_else(|error| panic!("after {what}: {error:?}"));
            assert_eq!(answer.logits, engine.infer(images.image(image)), "after {what}");
        }
        let losses = client.losses();
        assert!(losses.repeats <= 2, "after {what}: {losses}");
    }
}

#[test]
fn an_image_of_another_size_is_refused_in_numbers() {
    let Some((board, firmware)) = emulated(BOARD) else { return };
    let blob = classic();
    let mut client = start(&board, &firmware, blob.bytes()).into_client().unwrap();
    for (found, pixels) in [(783, vec![1; 783]), (0, vec![]), (1_000, vec![0; 1_000])] {
        let error = client.classify(&pixels).unwrap_err();
        let expected = Refusal::Pixels { found, expected: 784 };
        assert!(matches!(error, DeviceError::Refused(refusal) if refusal == expected), "{error}");
    }
    let hello = client.hello().unwrap();
    assert_eq!(hello.board, BOARD);
    assert_eq!(hello.expect_model(blob.crc()).unwrap().classes, 10);
}

#[test]
fn a_panic_is_reported_with_place_and_message_and_then_every_board_starts_anew() {
    for name in inkbit::device::board::names() {
        let Some((board, firmware)) = emulated(&name) else { continue };
        let blob = classic();
        let mut client = start(&board, &firmware, blob.bytes()).into_client().unwrap();
        assert_eq!(client.hello().unwrap().reset, Reset::Ordinary, "{name}");
        let message = client.provoke_panic().unwrap();
        assert!(message.contains(".rs:"), "{name}: no place: {message}");
        let hello = client.hello().unwrap();
        assert_eq!(hello.reset, Reset::Panic, "{name}");
        assert!(hello.warning().unwrap().contains("panicked"), "{name}");
        hello.expect_model(blob.crc()).unwrap();
    }
}
