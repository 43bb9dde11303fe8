//! A debugger's end of QEMU's stub for GDB: it reads and writes an emulated board's memory, flash
//! too, and the registers of its processor.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{LittleEndian, Object, ObjectSymbol};
use tempfile::TempDir;

/// Where an emulator listens for debuggers.
#[derive(Debug)]
pub struct Stub {
    folder: TempDir,
}

impl Stub {
    /// A place that no other emulator uses.
    ///
    /// # Errors
    ///
    /// If there is none for a temporary folder.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("gdb")
    }

    /// The emulator's arguments.
    pub fn arguments(&self) -> Vec<String> {
        let socket = format!("socket,id=gdb,path={},server=on,wait=off", self.socket().display());
        ["-chardev", &socket, "-gdb", "chardev:gdb"].map(str::to_owned).to_vec()
    }

    /// Stops the board, lets `act` change it, and lets it go on.
    ///
    /// # Errors
    ///
    /// If the emulator does not answer, or refuses.
    pub fn stopped<T>(&self, act: impl FnOnce(&mut Debugger) -> io::Result<T>) -> io::Result<T> {
        let mut debugger = Debugger::connect(&self.socket())?;
        let result = act(&mut debugger)?;
        debugger.ask("D")?;
        Ok(result)
    }
}

/// A debugger that has stopped a board.
#[derive(Debug)]
pub struct Debugger {
    stream: BufReader<UnixStream>,
}

impl Debugger {
    fn connect(socket: &Path) -> io::Result<Self> {
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(socket) {
                Err(_) if start.elapsed() < Duration::from_secs(10) => {
                    thread::sleep(Duration::from_millis(5));
                }
                stream => break stream?,
            }
        };
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut debugger = Self { stream: BufReader::new(stream) };
        debugger.ask("?")?;
        Ok(debugger)
    }

    /// Sends a packet and returns the answer.
    fn ask(&mut self, text: &str) -> io::Result<String> {
        let sum = text.bytes().fold(0_u8, u8::wrapping_add);
        write!(self.stream.get_mut(), "${text}#{sum:02x}")?;
        let (mut skipped, mut answer, mut sum) = (Vec::new(), Vec::new(), [0; 2]);
        self.stream.read_until(b'$', &mut skipped)?;
        self.stream.read_until(b'#', &mut answer)?;
        self.stream.read_exact(&mut sum)?;
        self.stream.get_mut().write_all(b"+")?;
        let answer = String::from_utf8_lossy(answer.strip_suffix(b"#").unwrap_or(&answer));
        if answer.starts_with('E') {
            return Err(io::Error::other(format!("QEMU's stub answers {answer} to {text}")));
        }
        Ok(answer.into_owned())
    }

    /// The byte at an address.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn read(&mut self, address: u32) -> io::Result<u8> {
        let answer = self.ask(&format!("m{address:x},1"))?;
        u8::from_str_radix(&answer, 16).map_err(io::Error::other)
    }

    /// Writes bytes to an address, be it flash.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> io::Result<()> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.ask(&format!("M{address:x},{:x}:{digits}", bytes.len())).map(drop)
    }

    /// Changes one bit of memory.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn flip(&mut self, address: u32, bit: u32) -> io::Result<()> {
        let byte = self.read(address)?;
        self.write(address, &[byte ^ 1 << bit])
    }

    /// Lets the processor go on elsewhere; `counter` is the number of its program counter.
    ///
    /// # Errors
    ///
    /// If it has no such register.
    pub fn jump(&mut self, counter: u8, address: u32) -> io::Result<()> {
        self.ask(&format!("P{counter:x}={:08x}", address.swap_bytes())).map(drop)
    }
}

/// The address of the variable or function in a firmware whose mangled name contains `name`.
pub fn symbol(elf: &[u8], name: &str) -> Option<u32> {
    let file = ElfFile::<FileHeader32<LittleEndian>>::parse(elf).ok()?;
    let found = file.symbols().find(|symbol| symbol.name().is_ok_and(|found| found.contains(name)));
    found.and_then(|symbol| u32::try_from(symbol.address()).ok())
}
