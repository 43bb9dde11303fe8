//! An emulated Raspberry Pi Pico as the command meets a real one: with a port, and with a disk.

use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use inkbit::device::emulator::Screen;
use inkbit::device::emulator::pico::Wiring;
use inkbit::device::{Board, Client, Emulator, Firmware};
use serialport::{SerialPort, TTYPort};

use crate::place::Place;

/// An emulated Pico in this place whose port is a pseudo-terminal, and whose disk is `disk`.
pub struct Pico {
    /// What is wired to it.
    pub wiring: Wiring,
    /// Its port.
    pub port: String,
    _emulator: Emulator,
}

impl Pico {
    /// A new one: there is nothing in its flash.
    pub fn blank(place: &Place) -> Self {
        let board = Board::find("pico").unwrap();
        let firmware = Firmware::find(&board, None).unwrap();
        let folder = place.path("disk");
        fs::create_dir(&folder).unwrap();
        place.write("erased", vec![0xFF; board.memory.flash.bytes as usize]);
        let erased =
            format!("{:#x}={}", board.memory.flash.address, place.path("erased").display());
        let mut emulator =
            Emulator::start(&board, &firmware, &[], &Screen::Headless, &[erased]).unwrap();
        let mut stream = emulator.connect().unwrap();
        let mut wiring = emulator.pico().unwrap();
        wiring.disk(&folder).unwrap();
        let (mut terminal, host) = TTYPort::pair().unwrap();
        let port = host.name().unwrap();
        // One at a time may have it open.
        drop(host);
        terminal.set_timeout(Duration::from_millis(20)).unwrap();
        let (mut back, mut from) =
            (terminal.try_clone_native().unwrap(), stream.try_clone().unwrap());
        thread::spawn(move || {
            pass(&mut from, |bytes| back.write_all(bytes));
        });
        thread::spawn(move || {
            pass(&mut terminal, |bytes| stream.write_all(bytes));
            let _ = stream.shutdown(Shutdown::Both);
        });
        Self { wiring, port, _emulator: emulator }
    }

    /// What draws on it.
    pub fn client(&self) -> Client {
        let line = serialport::new(&self.port, 115_200).timeout(Duration::from_millis(20));
        // A process that another test starts has the terminal open, too, until it is a program.
        let line = line.exclusive(false);
        Client::new(line.open().unwrap(), 1)
    }
}

/// Passes on what comes, until the emulator has gone.
fn pass(from: &mut impl Read, mut to: impl FnMut(&[u8]) -> io::Result<()>) {
    let mut bytes = [0; 256];
    loop {
        match from.read(&mut bytes) {
            Ok(0) => return,
            Ok(length) => {
                if to(&bytes[..length]).is_err() {
                    return;
                }
            }
            // Nothing comes, or nobody has the terminal open.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}
