//! Models that are sent to the emulated Pico, whose power is cut meanwhile: half of the cuts within a
//! byte on the line, half within one in flash. A plain run has 40 of them; with INKBIT_LONG they are
//! 200.

use std::env;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use inkbit::device::{Client, DeviceError, Emulator, verify};
use inkbit::model::Blob;
use inkbit::model::builtin::find;
use inkbit_core::link::{
    RESPONSE_FRAME, Receiver, Refusal, Request, Response, STORE_BYTES, STORE_PAGE, decode, encode,
};
use inkbit_tests::devices::{digits, emulated, start};

const SECTOR: usize = 4096;

/// Time for an answer: what has no power gives none.
const PATIENCE: Duration = Duration::from_millis(400);

/// The line to a device, without anybody who repeats what is lost.
struct Line<S> {
    stream: S,
}

impl<S: Read + Write> Line<S> {
    /// Sends bytes, and returns what `look` makes of the answer, if there is one within this time.
    fn send<T>(
        &mut self,
        bytes: &[u8],
        patience: Duration,
        look: impl Fn(Response<'_>) -> Option<T>,
    ) -> Option<T> {
        self.stream.write_all(bytes).unwrap();
        let deadline = Instant::now() + patience;
        let mut receiver = Receiver::<RESPONSE_FRAME>::new();
        while Instant::now() < deadline {
            let mut bytes = [0; 256];
            let length = match self.stream.read(&mut bytes) {
                Ok(length) => length,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    0
                }
                Err(error) => panic!("{error}"),
            };
            for &byte in &bytes[..length] {
                let Some(Ok(message)) = receiver.push(byte) else { continue };
                if let Some(found) = decode(message).ok().and_then(&look) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// The CRC of the model that runs, as soon as the board has started.
    fn crc(&mut self) -> u32 {
        let mut hello = vec![0];
        hello.extend(frame(&Request::Hello));
        for _ in 0..50 {
            let found = self.send(&hello, Duration::from_millis(300), |response| match response {
                Response::Hello(hello) => hello.model.ok().map(|model| model.crc),
                _ => None,
            });
            if let Some(crc) = found {
                return crc;
            }
        }
        panic!("the board does not start with a model");
    }
}

fn frame(request: &Request<'_>) -> Vec<u8> {
    encode(request, &mut [0; 2 * STORE_BYTES]).unwrap().to_vec()
}

/// The frames that bring a model to a board.
fn frames(blob: &Blob) -> Vec<Vec<u8>> {
    let pieces = blob.bytes().chunks(STORE_BYTES).enumerate();
    let pieces = pieces.map(|(index, bytes)| ((index * STORE_BYTES) as u32, bytes));
    pieces.map(|(offset, bytes)| frame(&Request::Store { offset, bytes })).collect()
}

/// Bytes of flash that are erased and programmed for a model.
fn written(blob: &Blob) -> usize {
    let length = blob.bytes().len();
    length.next_multiple_of(SECTOR) + length.next_multiple_of(STORE_PAGE) + SECTOR + STORE_PAGE
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn wherever_the_power_is_cut_a_board_runs_the_old_model_or_the_new_one() {
    let Some((board, firmware)) = emulated("pico") else { return };
    let models = [find("nano").unwrap(), find("tiny").unwrap()];
    let mut emulator: Emulator = start(&board, &firmware, models[0].bytes());
    let mut line = Line { stream: emulator.connect().unwrap() };
    let mut wiring = emulator.pico().unwrap();
    let cuts = if env::var_os("INKBIT_LONG").is_some() { 200 } else { 40 };
    let mut chance = fastrand::Rng::with_seed(13);
    let mut old = usize::from(line.crc() == models[1].crc());
    let mut taken = 0;
    for cut in 0..cuts {
        let blob = &models[1 - old];
        let mut frames = frames(blob);
        let by_line = cut % 2 == 0;
        if by_line {
            let mut rest = chance.usize(..frames.concat().len());
            frames.retain_mut(|frame| {
                frame.truncate(rest);
                rest -= frame.len();
                !frame.is_empty()
            });
        } else {
            wiring.cut(chance.u32(1..=written(blob) as u32)).unwrap();
        }
        for frame in frames {
            let done = |response: Response<'_>| (response == Response::Done).then_some(());
            // What is no whole frame has no answer.
            let patience =
                if by_line && *frame.last().unwrap() != 0 { Duration::ZERO } else { PATIENCE };
            if line.send(&frame, patience, done).is_none() {
                break;
            }
        }
        if by_line {
            wiring.cut(0).unwrap();
        }
        let crc = line.crc();
        let found = models.iter().position(|model| model.crc() == crc);
        let found = found.expect("one of both models");
        taken += u32::from(found != old);
        old = found;
    }
    assert!(taken < cuts / 2, "{taken} of {cuts} cuts came too late");
    // It is none the worse for it.
    let mut client = Client::new(line.stream, 1);
    client.send_model(&models[1 - old], |_| ()).unwrap();
    verify(&mut client, &models[1 - old], &digits(3), |_| ()).unwrap();
    println!("tried: {cuts} cuts of the power of a board that is sent a model");
}

#[test]
fn a_board_whose_flash_its_firmware_cannot_write_refuses_a_model_and_says_what_to_do() {
    let Some((board, firmware)) = emulated("microbit") else { return };
    let mut emulator = start(&board, &firmware, find("nano").unwrap().bytes());
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    let error = client.send_model(&find("tiny").unwrap(), |_| ()).unwrap_err();
    assert!(matches!(error, DeviceError::Refused(Refusal::NoSlot)), "{error}");
    assert!(error.to_string().contains("`inkbit image`"), "{error}");
}
