//! `flash` to a board whose part has a serial boot loader, here a thread at the other end of a
//! pseudo-terminal that goes by ST's AN3155 and by the rules of the part's flash.

use std::io::{Read, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use inkbit::device::{Board, Firmware};
use inkbit::model::Blob;
use inkbit_core::blob::stated_length;
use serialport::{SerialPort, TTYPort};

use crate::flash::place;
use crate::stand_in::StandIn;

const FLASH: u32 = 0x0800_0000;
const MODEL: usize = 0x8000;
/// The STM32F411's sectors: four of 16 KiB, one of 64, three of 128.
const SECTORS: [usize; 8] =
    [0x4000, 0x4000, 0x4000, 0x4000, 0x1_0000, 0x2_0000, 0x2_0000, 0x2_0000];

/// The part, while it waits in its boot loader.
struct Part {
    line: TTYPort,
    chip: u16,
    memory: Arc<Mutex<Vec<u8>>>,
    /// Bytes that are written before the plug is pulled.
    power: usize,
}

impl Part {
    /// An erased one with this number; returns what is in its flash.
    fn blank() -> Arc<Mutex<Vec<u8>>> {
        Arc::new(Mutex::new(vec![0xFF; SECTORS.iter().sum()]))
    }

    /// Holds BOOT0 and resets it; returns the name of its port.
    fn wait(chip: u16, memory: &Arc<Mutex<Vec<u8>>>, power: usize) -> String {
        let (mut line, host) = TTYPort::pair().unwrap();
        line.set_timeout(Duration::from_secs(20)).unwrap();
        let port = host.name().unwrap();
        drop(host);
        let memory = Arc::clone(memory);
        thread::spawn(move || Self { line, chip, memory, power }.run());
        port
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            // Nobody has it open yet, or any more.
            while self.line.read_exact(std::slice::from_mut(byte)).is_err() {
                thread::sleep(Duration::from_millis(2));
            }
        }
        bytes
    }

    fn say(&mut self, bytes: &[u8]) {
        let _ = self.line.write_all(bytes);
    }

    /// Acknowledges what holds, and refuses the rest.
    fn judge(&mut self, holds: bool) -> bool {
        self.say(&[if holds { 0x79 } else { 0x1F }]);
        holds
    }

    /// An address and its sum, as a place in flash.
    fn place(&mut self) -> Option<usize> {
        let [a, b, c, d, sum] = self.take();
        let place = u32::from_be_bytes([a, b, c, d]).checked_sub(FLASH).map(|place| place as usize);
        let holds = a ^ b ^ c ^ d == sum && place.is_some_and(|place| place < 0x8_0000);
        place.filter(|_| self.judge(holds))
    }

    fn run(mut self) {
        while self.take() != [0x7F] {}
        self.say(&[0x79]);
        loop {
            let [command, other] = self.take();
            if !self.judge(command == !other && [0x02, 0x11, 0x21, 0x31, 0x44].contains(&command)) {
                continue;
            }
            match command {
                0x02 => {
                    let [high, low] = self.chip.to_be_bytes();
                    self.say(&[1, high, low, 0x79]);
                }
                0x11 => {
                    let Some(place) = self.place() else { continue };
                    let [length, other] = self.take();
                    if self.judge(length == !other) {
                        let bytes = self.memory.lock().unwrap()
                            [place..=place + usize::from(length)]
                            .to_vec();
                        self.say(&bytes);
                    }
                }
                0x21 => {
                    if self.place() == Some(0) {
                        return self.start();
                    }
                }
                0x31 => {
                    let Some(place) = self.place() else { continue };
                    let [length] = self.take();
                    let bytes: Vec<u8> = (0..=length).map(|_| self.take::<1>()[0]).collect();
                    let [sum] = self.take();
                    if bytes.len() > self.power {
                        return;
                    }
                    self.power -= bytes.len();
                    let range = place..place + bytes.len();
                    let is_erased =
                        self.memory.lock().unwrap()[range.clone()].iter().all(|byte| *byte == 0xFF);
                    let is_whole = bytes.iter().fold(length, |sum, byte| sum ^ byte) == sum;
                    if self.judge(is_erased && is_whole && bytes.len().is_multiple_of(4)) {
                        self.memory.lock().unwrap()[range].copy_from_slice(&bytes);
                    }
                }
                _ => {
                    let [many, few, high, low, sum] = self.take();
                    let sector = usize::from(u16::from_be_bytes([high, low]));
                    let holds =
                        [many, few] == [0, 0] && high ^ low == sum && sector < SECTORS.len();
                    if holds {
                        self.memory.lock().unwrap()[bounds(sector)].fill(0xFF);
                    }
                    self.judge(holds);
                }
            }
        }
    }

    /// Runs what is in flash: a firmware, if there is one, with the model behind it.
    fn start(mut self) {
        let memory = self.memory.lock().unwrap().clone();
        if memory[..4] != [0xFF; 4] {
            let model = &memory[MODEL..];
            let length = stated_length(model).unwrap() as usize;
            StandIn::new("black-pill", Blob::from_bytes(&model[..length])).answer(&mut self.line);
        }
    }
}

fn bounds(sector: usize) -> Range<usize> {
    let start = SECTORS[..sector].iter().sum();
    start..start + SECTORS[sector]
}

const CHIP: u16 = 0x431;

#[test]
fn a_part_with_a_serial_boot_loader_gets_firmware_and_model_and_the_one_never_harms_the_other() {
    let place = place();
    let board = Board::find("black-pill").unwrap();
    let Ok(firmware) = Firmware::find(&board, None) else { return };
    let memory = Part::blank();
    let flash = |flags: &str| {
        let port = Part::wait(CHIP, &memory, usize::MAX);
        let said = place.succeed(&format!("flash --board black-pill --port {port} {flags}"));
        said.replace(&port, "PORT")
    };
    let said = flash("nano.inkbit --dry-run");
    assert!(said.contains("found the boot loader of a black-pill at PORT\n"), "{said}");
    assert!(
        said.contains("would erase the sectors 0, 1, 2, and write firmware and model"),
        "{said}"
    );
    assert!(memory.lock().unwrap().iter().all(|byte| *byte == 0xFF));
    let said = flash("nano.inkbit");
    assert!(
        said.contains("wrote firmware and model, ") && said.contains("and read them back\n"),
        "{said}"
    );
    assert!(said.ends_with("0 of 100 logits differ from this computer's\n"), "{said}");
    let code = memory.lock().unwrap()[..MODEL].to_vec();
    for (address, bytes) in firmware.parts() {
        let start = (address - FLASH) as usize;
        assert_eq!(code[start..start + bytes.len()], *bytes);
    }
    // Another model, over the one that is there; and the firmware alone.
    flash("tiny.inkbit --parts model");
    assert_eq!(memory.lock().unwrap()[..MODEL], code);
    let model = memory.lock().unwrap()[MODEL..].to_vec();
    let tiny = place.read("tiny.inkbit");
    assert_eq!(model[..tiny.len()], tiny);
    let port = Part::wait(CHIP, &memory, usize::MAX);
    place.succeed(&format!("flash --board black-pill --port {port} --parts firmware"));
    assert_eq!(memory.lock().unwrap()[..MODEL], code);
    assert_eq!(memory.lock().unwrap()[MODEL..], model);
}

#[test]
fn what_fails_at_a_serial_boot_loader_is_said_and_can_be_tried_again() {
    let place = place();
    let board = Board::find("black-pill").unwrap();
    if Firmware::find(&board, None).is_err() {
        return;
    }
    let message = place.fail(2, "flash nano.inkbit --board black-pill");
    assert!(message.contains("name the port with --port"), "{message}");
    let memory = Part::blank();
    let port = Part::wait(0x413, &memory, usize::MAX);
    let flags = "flash nano.inkbit --board black-pill --port";
    let message = place.fail(1, &format!("{flags} {port}"));
    assert!(message.contains("number 0x413, expected 0x431"), "{message}");
    // The same one still waits.
    let message = place.fail(1, &format!("{flags} {port}"));
    assert!(message.contains("number 0x413, expected 0x431"), "{message}");
    // A board that runs its firmware has no ear for it.
    let running =
        StandIn::new("black-pill", Blob::from_bytes(&place.read("nano.inkbit"))).plug_in();
    let message = place.fail(1, &format!("{flags} {running}"));
    assert!(message.contains("does not answer") && message.contains("set BOOT0 high"), "{message}");
    // The plug is pulled, and it is tried again.
    let port = Part::wait(CHIP, &memory, 5_000);
    let ended = place.run(&format!("{flags} {port}"));
    assert!(ended.code == Some(1) && ended.err.contains("to write flash"), "{ended:?}");
    let port = Part::wait(CHIP, &memory, usize::MAX);
    let said = place.succeed(&format!("{flags} {port}"));
    assert!(said.ends_with("0 of 100 logits differ from this computer's\n"), "{said}");
}
