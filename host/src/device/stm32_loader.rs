//! The serial boot loader in the ROM of ST's STM32 parts, as ST's AN3155 has it.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use inkbit_boards::Stm32Loader;

const ACKNOWLEDGED: u8 = 0x79;
const REFUSED: u8 = 0x1F;
/// By which it measures the line's speed.
const BEGIN: u8 = 0x7F;

const GET_ID: u8 = 0x02;
const READ: u8 = 0x11;
const GO: u8 = 0x21;
const WRITE: u8 = 0x31;
const ERASE: u8 = 0x44;

/// The most bytes that are read or written at once.
const PIECE: usize = 256;

/// Time for an answer, but for that of an erased sector: one of 128 KiB takes up to 4 s (ST's data sheet of
/// the STM32F411).
const PATIENCE: Duration = Duration::from_secs(1);
const ERASED: Duration = Duration::from_secs(10);

const BUTTON: &str =
    "set BOOT0 high (on many boards: hold its button) while you reset the board, and try again";

/// What the boot loader does not do.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// It does not answer.
    #[error("the boot loader does not answer {0}; {BUTTON}")]
    Silent(&'static str),
    /// It has something else to say.
    #[error("the boot loader answers {0} with {1:#04x}; {BUTTON}")]
    Unexpected(&'static str, u8),
    /// It does not do that.
    #[error("the boot loader refuses {0}; is the part's flash protected?")]
    Refused(&'static str),
    /// The board has another part.
    #[error(
        "the board has a part with the number {found:#x}, expected {expected:#x}; is it another board?"
    )]
    OtherPart {
        /// The number that it tells.
        found: u16,
        /// That of the board's part.
        expected: u16,
    },
    /// Something does not lie in flash.
    #[error("there is no flash at {0:#010x}")]
    NoFlash(u32),
    /// What was written is not there.
    #[error("flash at {0:#010x} is not what was written there; try again")]
    Differs(u32),
    /// The line fails.
    #[error("the line to the boot loader fails")]
    Line(#[from] io::Error),
}

/// The numbers of the sectors that these pieces of flash lie in.
///
/// # Errors
///
/// [`LoaderError::NoFlash`].
pub fn sectors(
    table: &Stm32Loader,
    flash: u32,
    pieces: &[(u32, &[u8])],
) -> Result<BTreeSet<u16>, LoaderError> {
    let sizes = table.sectors.iter().flat_map(|&(count, bytes)| (0..count).map(move |_| bytes));
    let mut end = u64::from(flash);
    let places: Vec<_> = sizes
        .map(|bytes| {
            let start = end;
            end += u64::from(bytes);
            start..end
        })
        .collect();
    let mut found = BTreeSet::new();
    for &(address, bytes) in pieces {
        let (start, stop) = (u64::from(address), u64::from(address) + bytes.len() as u64);
        if start < u64::from(flash) || stop > end {
            return Err(LoaderError::NoFlash(address));
        }
        let touched =
            (0..).zip(&places).filter(|(_, place)| place.start < stop && start < place.end);
        found.extend(touched.map(|(number, _)| number));
    }
    Ok(found)
}

/// A boot loader at a line of 8 bits with even parity.
pub struct Loader<P> {
    port: P,
}

impl<P: Read + Write> Loader<P> {
    /// The boot loader that waits at this port, of this part.
    ///
    /// # Errors
    ///
    /// If none answers, or one of another part.
    pub fn begin(port: P, part: u16) -> Result<Self, LoaderError> {
        let mut loader = Self { port };
        let what = "its greeting";
        // One that was greeted before takes the first for half a command, and refuses the second.
        let greeted = (0..2).find_map(|_| match loader.send(&[BEGIN]) {
            Ok(()) => loader.byte(PATIENCE).transpose(),
            Err(error) => Some(Err(error)),
        });
        match greeted.transpose()? {
            Some(ACKNOWLEDGED | REFUSED) => {}
            Some(other) => return Err(LoaderError::Unexpected(what, other)),
            None => return Err(LoaderError::Silent(what)),
        }
        let found = loader.part()?;
        if found != part {
            return Err(LoaderError::OtherPart { found, expected: part });
        }
        Ok(loader)
    }

    fn part(&mut self) -> Result<u16, LoaderError> {
        let what = "which part it is of";
        self.command(GET_ID, what)?;
        let [length, high, low] = self.bytes(what)?;
        if length != 1 {
            return Err(LoaderError::Unexpected(what, length));
        }
        self.acknowledged(PATIENCE, what)?;
        Ok(u16::from_be_bytes([high, low]))
    }

    /// Erases a sector.
    ///
    /// # Errors
    ///
    /// If the boot loader does not.
    pub fn erase(&mut self, sector: u16) -> Result<(), LoaderError> {
        let what = "to erase flash";
        self.command(ERASE, what)?;
        let [high, low] = sector.to_be_bytes();
        // One less than how many.
        self.checked(&[0, 0, high, low])?;
        self.acknowledged(ERASED, what)
    }

    /// Writes bytes to flash that is erased, and reads them back. `progress` gets the number of bytes
    /// that are there.
    ///
    /// # Errors
    ///
    /// If the boot loader does not, or [`LoaderError::Differs`].
    pub fn write(
        &mut self,
        address: u32,
        bytes: &[u8],
        mut progress: impl FnMut(usize),
    ) -> Result<(), LoaderError> {
        let mut done = 0;
        for (address, piece) in (address..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
            // Flash is written by words.
            let mut words = piece.to_vec();
            words.resize(piece.len().next_multiple_of(4), 0xFF);
            let length = (words.len() - 1) as u8;
            self.at(WRITE, address, "to write flash")?;
            self.checked(&[&[length], &words[..]].concat())?;
            self.acknowledged(PATIENCE, "to write flash")?;
            self.at(READ, address, "to read flash")?;
            self.send(&[length, !length])?;
            self.acknowledged(PATIENCE, "to read flash")?;
            let mut found = [0; PIECE];
            let found = &mut found[..words.len()];
            self.fill(found, "to read flash")?;
            if *found != words[..] {
                return Err(LoaderError::Differs(address));
            }
            done += piece.len();
            progress(done);
        }
        Ok(())
    }

    /// Starts the program that begins with these vectors.
    ///
    /// # Errors
    ///
    /// If the boot loader does not.
    pub fn go(mut self, vectors: u32) -> Result<(), LoaderError> {
        self.at(GO, vectors, "to start the firmware")
    }

    /// Gives a command that is about an address.
    fn at(&mut self, command: u8, address: u32, what: &'static str) -> Result<(), LoaderError> {
        self.command(command, what)?;
        self.checked(&address.to_be_bytes())?;
        self.acknowledged(PATIENCE, what)
    }

    fn command(&mut self, command: u8, what: &'static str) -> Result<(), LoaderError> {
        self.send(&[command, !command])?;
        self.acknowledged(PATIENCE, what)
    }

    /// Sends bytes and their sum.
    fn checked(&mut self, bytes: &[u8]) -> Result<(), LoaderError> {
        let sum = bytes.iter().fold(0, |sum, byte| sum ^ byte);
        self.send(&[bytes, &[sum]].concat())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), LoaderError> {
        self.port.write_all(bytes)?;
        Ok(self.port.flush()?)
    }

    fn acknowledged(&mut self, patience: Duration, what: &'static str) -> Result<(), LoaderError> {
        match self.byte(patience)?.ok_or(LoaderError::Silent(what))? {
            ACKNOWLEDGED => Ok(()),
            REFUSED => Err(LoaderError::Refused(what)),
            other => Err(LoaderError::Unexpected(what, other)),
        }
    }

    fn bytes<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], LoaderError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    /// Fills `bytes` from the line within [`PATIENCE`].
    fn fill(&mut self, bytes: &mut [u8], what: &'static str) -> Result<(), LoaderError> {
        let deadline = Instant::now() + PATIENCE;
        for byte in bytes {
            *byte = self.byte_until(deadline)?.ok_or(LoaderError::Silent(what))?;
        }
        Ok(())
    }

    /// The next byte, if one comes in time.
    fn byte(&mut self, patience: Duration) -> Result<Option<u8>, LoaderError> {
        self.byte_until(Instant::now() + patience)
    }

    fn byte_until(&mut self, deadline: Instant) -> Result<Option<u8>, LoaderError> {
        let mut byte = [0];
        loop {
            match self.port.read(&mut byte) {
                Ok(1) => return Ok(Some(byte[0])),
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error.into()),
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }
}
