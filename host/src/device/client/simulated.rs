//! A simulated device for the tests.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::time::Duration;

use inkbit_core::blob::pack_layer;
use inkbit_core::link::{
    self, Limits, Loaded, Mode, PROTOCOL, RESPONSE_FRAME, Receiver, Refusal, Request, Reset,
    Response, Status,
};
use inkbit_core::{Header, Input, LayerShape, Model, Numbers, Sample, Stage};

use crate::model::Blob;

/// A model of 2×2 pixels whose logits are their sum and their number, as [`Device`] has it.
pub fn sum() -> Blob {
    let shape =
        LayerShape { inputs: 4, outputs: 2, bits: 8, multipliers: 0, numbers: Numbers::Wide };
    let mut data = vec![0; shape.data_bytes()];
    pack_layer(0, shape, &[], &[0, 4], |output, _| 1 - output as i32, &mut data).unwrap();
    let header = Header {
        name: "sum",
        labels: "sum\nnumber",
        sample: Sample::mnist(2),
        stages: [Stage::alone(Input::full(2), 1.0, 1)].into_iter().collect(),
        layers: [shape].into_iter().collect(),
        provenance: &[],
    };
    Blob::from_model(&Model::new(header, &data).unwrap()).unwrap()
}

/// A device in memory that answers the sum of the pixels and their number, at the end of a line
/// that damages and loses bytes, in both directions.
pub struct Device {
    receiver: Receiver<{ link::request_bytes(784) }>,
    answers: VecDeque<u8>,
    /// One byte in this many is damaged or lost; 0 for none.
    loss: u64,
    chance: u64,
    pub silent: bool,
    /// Sends one byte for ever, and never the end of a frame.
    pub babbles: bool,
    /// Time of the first read, as if this process had been suspended.
    pub held_off: Duration,
    pub protocol: u8,
    /// Its answer to every image.
    pub refusal: Option<Refusal>,
    /// CRC of its model, which takes 2×2 pixels and has 2 classes.
    pub model: Option<u32>,
    /// The classes that it says its model has.
    pub classes: u16,
    /// The image, counted from 0, whose last logit is one too much.
    pub wrong: Option<u32>,
    /// The number of the first image's request.
    first: Option<u32>,
}

/// Limits of a board for which the tests need none.
pub const NO_LIMITS: Limits =
    Limits { model_address: 0, model_bytes: 0, cells: 0, pixels: 0, classes: 0 };

impl Device {
    pub fn new(loss: u64) -> Self {
        Self {
            receiver: Receiver::new(),
            answers: VecDeque::new(),
            loss,
            chance: 0x1234_5678_9ABC_DEF1,
            silent: false,
            babbles: false,
            held_off: Duration::ZERO,
            protocol: PROTOCOL,
            refusal: None,
            model: None,
            classes: 2,
            wrong: None,
            first: None,
        }
    }

    fn next(&mut self) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance
    }

    /// The byte as it leaves the line, if it does.
    fn pass(&mut self, byte: u8) -> Option<u8> {
        if self.loss == 0 || !self.next().is_multiple_of(self.loss) {
            return Some(byte);
        }
        let change = self.next() as u8;
        (change >= 64).then_some(byte ^ change)
    }

    fn answer(&mut self, response: &Response<'_>) {
        let mut buffer = [0; RESPONSE_FRAME];
        for byte in link::encode(response, &mut buffer).unwrap() {
            let passed = self.pass(*byte);
            self.answers.extend(passed);
        }
    }
}

impl Write for Device {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            let Some(byte) = self.pass(*byte) else { continue };
            let Some(message) = self.receiver.push(byte) else { continue };
            let message = message.map(<[u8]>::to_vec);
            if self.silent {
                continue;
            }
            let request = message.as_deref().map_err(|refusal| *refusal).and_then(link::decode);
            match (request, self.refusal) {
                (Ok(Request::Classify { .. }), Some(refusal)) => {
                    self.answer(&Response::Refused(refusal));
                }
                (Ok(Request::Classify { id, pixels }), None) => {
                    let mut image = [0; 784];
                    let length = link::unpack_pixels(pixels, &mut image);
                    let sum = image[..length].iter().copied().map(i32::from).sum();
                    let index = id.wrapping_sub(*self.first.get_or_insert(id));
                    let number = length as i32 + i32::from(self.wrong == Some(index));
                    let logits = [sum, number].into_iter().collect();
                    self.answer(&Response::Logits { id, nanoseconds: 1, logits });
                }
                (Ok(Request::Hello), _) => {
                    let (limits, classes) = (NO_LIMITS, self.classes);
                    let loaded =
                        |crc| Loaded { name: "sum", crc, sample: Sample::mnist(2), classes };
                    self.answer(&Response::Hello(link::Hello {
                        protocol: self.protocol,
                        firmware: "1",
                        board: "simulated",
                        limits,
                        model: self.model.map(loaded).ok_or("none"),
                        reset: Reset::Ordinary,
                    }));
                }
                (Ok(Request::Status), _) => self.answer(&Response::Status(Status {
                    mode: Mode::Link,
                    class: None,
                    permille: 0,
                    stack: 100,
                    stack_room: 200,
                    check: 0,
                    in_ram: false,
                })),
                (Ok(Request::Panic), _) => {
                    self.answer(&Response::Panicked { message: "at main.rs:7" });
                }
                (Ok(_), _) => self.answer(&Response::Done),
                (Err(refusal), _) => self.answer(&Response::Refused(refusal)),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Device {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(std::mem::take(&mut self.held_off));
        if self.babbles {
            bytes.fill(7);
            return Ok(bytes.len());
        }
        // Short reads, so that frames arrive in pieces.
        let length = self.answers.len().min(bytes.len()).min(7);
        for (place, byte) in bytes.iter_mut().zip(self.answers.drain(..length)) {
            *place = byte;
        }
        if length == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(length) }
    }
}
