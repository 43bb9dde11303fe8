//! The Raspberry Pi Pico in rp2040js, by the programs in `firmware/emulator`, and what is wired to
//! it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use inkbit_core::link::Key;

use super::{EmulatorError, Place};
use crate::device::uf2::uf2;
use crate::device::{Board, Firmware};
use crate::support::system::Stream;

/// How the program that runs the emulator is installed.
pub(super) const ADVICE: &str = "on Debian or Ubuntu: `sudo apt install nodejs npm`, on macOS: \
                                 `brew install node`, on Windows: from nodejs.org; version 18 or newer";

const SET_UP: &str = "in a checkout, `cargo xtask test` sets it up";

/// The folder of the emulator, in the checkout that this program was built from: what lies in the
/// folder where it happens to be started may be anybody's, and would be executed.
///
/// # Errors
///
/// What in it is missing, and what to do.
pub(super) fn find() -> Result<PathBuf, EmulatorError> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware/emulator")).to_owned();
    let missing =
        |reason| EmulatorError::NotSetUp { folder: folder.clone(), reason, advice: SET_UP };
    if !folder.join("pico.mjs").exists() {
        return Err(missing("there is no pico.mjs"));
    }
    if !folder.join("node_modules/rp2040js").exists() {
        return Err(missing("the package rp2040js is missing"));
    }
    Ok(folder)
}

/// The arguments for Node: the emulator, its sockets, and the files that a person would flash.
pub(super) fn arguments(
    place: &Place<'_>,
    board: &Board,
    wired: &str,
    firmware: &Firmware,
    region: &[u8],
) -> Result<Vec<OsString>, EmulatorError> {
    let emulator = find()?.join("pico.mjs");
    let model = [(board.memory.model.address, region)];
    let family = board.uf2.as_ref().map_or(0, |loader| loader.family);
    let files =
        [("firmware.uf2", uf2(family, &firmware.parts())), ("model.uf2", uf2(family, &model))];
    let mut given: Vec<OsString> =
        vec![emulator.into(), place.serial.name(), place.control.name(), wired.into()];
    for (name, bytes) in files.into_iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let path = place.folder.join(name);
        fs::write(&path, bytes).map_err(EmulatorError::at("write a UF2 file for the emulator"))?;
        given.push(path.into());
    }
    Ok(given)
}

/// What a person sees on a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass {
    /// Columns; none if there is no display.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Colours row by row: 5 bits of red, 6 of green, 5 of blue.
    pub colours: Vec<u16>,
}

/// What is wired to an emulated Pico: its display, its buttons or touch panel; and its flash.
#[derive(Debug)]
pub struct Wiring {
    stream: BufReader<Stream>,
}

impl Wiring {
    pub(super) fn new(stream: Stream) -> io::Result<Self> {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// What is on the display.
    pub fn screen(&mut self) -> io::Result<Glass> {
        self.send("screen")?;
        let size = self.line()?;
        let numbers = size.split_once(' ').and_then(|(width, height)| {
            Some((width.parse::<u32>().ok()?, height.parse::<u32>().ok()?))
        });
        let Some((width, height)) = numbers.filter(|(width, height)| width.max(height) < &4096)
        else {
            return Err(io::Error::other(format!("the emulator says: {size}")));
        };
        let mut text = vec![0; (4 * width as usize + 1) * height as usize];
        self.stream.read_exact(&mut text)?;
        text.retain(|&byte| byte != b'\n');
        let (digits, _) = text.as_chunks::<4>();
        let colour = |digits: &[u8; 4]| {
            let digits = str::from_utf8(digits).map_err(io::Error::other)?;
            u16::from_str_radix(digits, 16).map_err(io::Error::other)
        };
        Ok(Glass { width, height, colours: digits.iter().map(colour).collect::<io::Result<_>>()? })
    }

    /// Bytes that have been on the display's bus.
    pub fn display_bytes(&mut self) -> io::Result<u64> {
        self.send("bytes")?;
        self.line()?.parse().map_err(io::Error::other)
    }

    /// Presses a button for a time of the chip's, and waits as long again.
    pub fn press(&mut self, key: Key, hold: Duration) -> io::Result<()> {
        self.execute(&format!("press {} {}", key as u8, hold.as_millis()))
    }

    /// The same while another button is held.
    pub fn press_while(&mut self, held: Key, key: Key, hold: Duration) -> io::Result<()> {
        let hold = hold.as_millis();
        self.execute(&format!("press {} {hold} {}", key as u8, held as u8))
    }

    /// Puts a finger on the display, or moves it to there, and waits for a time of the chip's.
    pub fn touch(&mut self, (x, y): (u32, u32), time: Duration) -> io::Result<()> {
        self.execute(&format!("touch {x} {y} {}", time.as_millis()))
    }

    /// Takes the finger off the display, and waits for a time of the chip's.
    pub fn lift(&mut self, time: Duration) -> io::Result<()> {
        self.execute(&format!("lift {}", time.as_millis()))
    }

    /// Resets the board, and counts the cycles of the first call of the function at an address, for
    /// a processor that never waits for its flash.
    pub fn measure(&mut self, address: u32) -> io::Result<u64> {
        // Bit 0 says that the function is in Thumb.
        self.send(&format!("measure {}", address & !1))?;
        self.line()?.parse().map_err(io::Error::other)
    }

    /// Serves a page with the display and the buttons to browsers on this machine; returns its
    /// address.
    pub fn page(&mut self) -> io::Result<String> {
        self.send("page")?;
        self.line()
    }

    /// Gives the boot ROM a folder to be a disk in.
    pub fn disk(&mut self, folder: &Path) -> io::Result<()> {
        self.execute(&format!("disk {}", folder.to_string_lossy()))
    }

    /// Restarts the board with its button BOOTSEL held.
    pub fn hold_bootsel(&mut self) -> io::Result<()> {
        self.execute("bootsel")
    }

    /// Cuts the power when the chip has written `bytes` more bytes of its flash; now if 0.
    pub fn cut(&mut self, bytes: u32) -> io::Result<()> {
        self.execute(&format!("cut {bytes}"))
    }

    /// Lets flash keep the processor waiting as a chip's does, and resets the board.
    pub fn wait(&mut self) -> io::Result<()> {
        self.execute("wait")
    }

    /// Changes a bit of flash or RAM.
    pub fn flip(&mut self, address: u32, bit: u8) -> io::Result<()> {
        self.execute(&format!("flip {address} {bit}"))
    }

    fn execute(&mut self, command: &str) -> io::Result<()> {
        self.send(command)?;
        match self.line()?.as_str() {
            "ok" => Ok(()),
            other => Err(io::Error::other(format!("the emulator says: {other}"))),
        }
    }

    fn send(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.stream.get_mut(), "{command}")
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}
