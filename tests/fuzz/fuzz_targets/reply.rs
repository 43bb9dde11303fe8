//! Whatever a device answers, the host ends with an answer or a named error.
#![no_main]

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use inkbit::data::{Images, Shape};
use inkbit::device::{Client, DeviceError, verify};
use inkbit::model::builtin;
use inkbit_core::link::{MAX_LOGITS, Mode, RESPONSE_FRAME};
use inkbit_fuzz::files::assert_tells;
use inkbit_fuzz::frame::frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    let answers = if kind.is_multiple_of(2) { data.to_vec() } else { framed(data) };
    let mut client = Client::new(Device(io::Cursor::new(answers)), usize::from(kind / 8 % 4));
    client = client.with_timeout(Duration::from_millis(1));
    let asked = match kind / 2 % 4 {
        0 => talk(&mut client),
        1 => classify(&mut client),
        _ => return prove(&mut client),
    };
    // The device has hung up at the latest after its last answer.
    assert_tells(&asked.expect_err("more answers than there are"));
});

fn talk(client: &mut Client) -> Result<(), DeviceError> {
    loop {
        let hello = client.hello()?;
        assert!(hello.firmware.len() + hello.board.len() <= RESPONSE_FRAME);
        if let Ok(model) = hello.expect_model(7) {
            assert!((1..=2048 * 1024).contains(&model.sample.bytes()) && model.classes > 0);
        }
        client.show(Mode::Draw)?;
        client.pen(1, 2, true)?;
        client.status()?;
        let _ = client.provoke_panic().map(|message| assert!(message.len() <= RESPONSE_FRAME));
    }
}

fn classify(client: &mut Client) -> Result<(), DeviceError> {
    loop {
        let answer = client.classify(&[7; 9])?;
        assert!(answer.logits.len() <= MAX_LOGITS);
        let images = [[1; 4], [2; 4], [3; 4], [4; 4]];
        let mut answers = [0; 4];
        client.classify_all(images.iter().map(|image| &image[..]), |index, _| {
            answers[index] += 1;
            ControlFlow::Continue(())
        })?;
        assert_eq!(answers, [1; 4], "each image has one answer");
    }
}

/// The device cannot know the logits: they are verified only if it sends the right ones.
fn prove(client: &mut Client) {
    let model = builtin::find("nano").expect("it is built in");
    let images = Images { shape: Shape::square(28), pixels: vec![0; 2 * 784], labels: vec![0; 2] };
    match verify(client, &model, &images, |_| ()) {
        Ok(proof) => assert_eq!(proof.images, 2),
        Err(error) => assert_tells(&error),
    }
}

/// Takes the input apart into messages, each behind its length, and puts them into frames.
fn framed(mut data: &[u8]) -> Vec<u8> {
    let mut line = Vec::new();
    while let Some((&length, rest)) = data.split_first() {
        let (message, rest) = rest.split_at(usize::from(length).min(rest.len()));
        line.extend(frame(message));
        data = rest;
    }
    line
}

/// A line on which these bytes come in, and then its end.
struct Device(io::Cursor<Vec<u8>>);

impl Read for Device {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Write for Device {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
