//! A board that is a thread, at the other end of a pseudo-terminal.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use inkbit::model::{Blob, HostEngine};
use inkbit_core::link::device::read_request;
use inkbit_core::link::{
    Hello, Limits, Loaded, PROTOCOL, Receiver, Request, Reset, Response, encode, unpack_pixels,
};
use serialport::{SerialPort, TTYPort};

/// A board with a firmware and a model. It does what it is asked to do by saying that it has.
pub struct StandIn {
    /// The board's name.
    pub name: &'static str,
    /// Its model.
    pub blob: Blob,
    /// Why it has started.
    pub reset: Reset,
    /// The number of images that it answers before it is unplugged.
    pub answers: usize,
}

impl StandIn {
    /// One that has started as usual, and stays.
    pub fn new(name: &'static str, blob: Blob) -> Self {
        Self { name, blob, reset: Reset::Ordinary, answers: usize::MAX }
    }

    /// Plugs it in; returns the name of its port.
    pub fn plug_in(self) -> String {
        let (mut line, host) = TTYPort::pair().unwrap();
        line.set_timeout(Duration::from_secs(20)).unwrap();
        let port = host.name().unwrap();
        // One at a time may have it open.
        drop(host);
        thread::spawn(move || self.answer(&mut line));
        port
    }

    /// Does what it is asked to do.
    pub fn answer(self, line: &mut TTYPort) {
        let model = self.blob.model().unwrap();
        let mut engine = HostEngine::new(&model);
        let (sample, classes) = (model.sample(), model.classes() as u16);
        let (mut receiver, mut answered) = (Receiver::<4096>::new(), 0);
        while answered < self.answers {
            let mut byte = [0];
            if line.read_exact(&mut byte).is_err() {
                thread::sleep(Duration::from_millis(10)); // nobody has it open yet
                continue;
            }
            let Some(Ok(message)) = receiver.push(byte[0]) else { continue };
            let logits;
            let response = match read_request(message).unwrap() {
                Request::Classify { id, pixels } => {
                    let mut image = vec![0; model.sample().bytes()];
                    unpack_pixels(pixels, &mut image);
                    logits = engine.infer(&image).to_vec();
                    answered += 1;
                    Response::Logits { id, nanoseconds: 1, logits: &logits[..] }
                }
                Request::Hello => Response::Hello(Hello {
                    protocol: PROTOCOL,
                    firmware: env!("CARGO_PKG_VERSION"),
                    board: self.name,
                    limits: Limits {
                        model_address: 0,
                        model_bytes: 0,
                        cells: 0,
                        pixels: 0,
                        classes: 0,
                    },
                    model: Ok(Loaded { name: "any", crc: self.blob.crc(), sample, classes }),
                    reset: self.reset,
                }),
                _ => Response::Done,
            };
            // Nobody may listen any more.
            let _ = line.write_all(encode(&response, &mut [0; 1024]).unwrap());
        }
        // What was sent is read before the line ends.
        thread::sleep(Duration::from_millis(500));
    }
}
