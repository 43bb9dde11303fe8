//! Faults of the serial line of an emulated board, and its report of a panic.
//!
//! A plain run sends 300, 150 and 5 images over lines that spoil 0.01, 0.1 and 1 % of their bytes;
//! with INKBIT_LONG these are 20 times as many.

use std::env;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use inkbit::device::{Client, DeviceError};
use inkbit_core::link::{Refusal, Request, Reset, encode};
use inkbit_tests::devices::{classic, digits, emulated, emulated_names, start};

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
            assert_eq!(answer.logits, *engine.infer(images.image(image)), "after {what}");
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
    for name in emulated_names() {
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

/// A line that spoils bytes in both directions: it changes, drops or doubles them.
struct Noisy {
    line: UnixStream,
    /// Spoilt bytes among a million.
    rate: u32,
    chance: fastrand::Rng,
}

impl Noisy {
    fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(2 * bytes.len());
        for &byte in bytes {
            match (self.chance.u32(..1_000_000) < self.rate).then(|| self.chance.u8(..3)) {
                None => passed.push(byte),
                Some(0) => passed.push(byte ^ self.chance.u8(1..)),
                Some(1) => {}
                Some(_) => passed.extend([byte, byte]),
            }
        }
        passed
    }
}

impl Write for Noisy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let passed = self.pass(bytes);
        self.line.write_all(&passed)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.line.flush()
    }
}

impl Read for Noisy {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut received = vec![0; bytes.len() / 2];
        loop {
            let length = self.line.read(&mut received)?;
            let passed = self.pass(&received[..length]);
            bytes[..passed.len()].copy_from_slice(&passed);
            // Nothing would be the end of the line.
            if length == 0 || !passed.is_empty() {
                return Ok(passed.len());
            }
        }
    }
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_line_that_spoils_bytes_gives_no_wrong_answer_at_any_rate() {
    let Some((board, firmware)) = emulated(BOARD) else { return };
    let blob = classic();
    let model = blob.model().unwrap();
    let mut engine = inkbit::model::HostEngine::new(&model);
    let more = if env::var_os("INKBIT_LONG").is_some() { 20 } else { 1 };
    for (rate, count) in [(100, 300), (1_000, 150), (10_000, 5)] {
        let count = more * count;
        let mut emulator = start(&board, &firmware, blob.bytes());
        let chance = fastrand::Rng::with_seed(56);
        let line = Noisy { line: emulator.connect().unwrap(), rate, chance };
        let mut client = Client::new(line, 1).with_timeout(Duration::from_millis(150));
        let mut given_up = 0;
        for (pixels, _) in digits(count).iter() {
            let answer = loop {
                match client.classify(pixels) {
                    Ok(answer) => break answer,
                    // So bad that five tries were too few. Whoever asks may ask again.
                    Err(DeviceError::BadLine { .. } | DeviceError::Silent { .. }) => given_up += 1,
                    Err(error) => panic!("{error:?}"),
                }
            };
            assert_eq!(answer.logits, *engine.infer(pixels), "at {rate} of a million bytes");
        }
        let losses = client.losses();
        assert!(losses.bad > 0, "nothing was spoilt");
        assert!(given_up > 0 || rate < 10_000, "{losses}");
        println!("tried: {count} images over a line that spoils {rate} of a million bytes");
        println!("0 wrong answers; {losses}; {given_up} times five tries were too few");
    }
}
