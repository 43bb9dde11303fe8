//! Boards that QEMU emulates.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::qmp::Qmp;
use super::{Board, Client, Firmware};
use crate::support::limit;
use crate::support::system::{Guarded, Socket, Stream};

/// The most time for QEMU to open its sockets.
const START: Duration = Duration::from_secs(20);

/// How often to look whether they are there.
const POLL: Duration = Duration::from_millis(5);

/// Unanswered images at once: QEMU takes a byte only when the firmware has room for it, so that
/// none is lost and the firmware never waits for the host.
const WINDOW: usize = 8;

/// An emulator that cannot be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum EmulatorError {
    #[error(
        "{program} is not installed; on Debian or Ubuntu: `sudo apt install {package}`, on macOS: \
         `brew install qemu`, on Windows: the installer that qemu.org names, and its folder in PATH"
    )]
    Missing { program: String, package: &'static str },
    #[error("cannot {action}")]
    System { action: &'static str, source: io::Error },
    #[error("{program} has ended at once{last_words}")]
    Ended { program: String, last_words: String },
}

impl EmulatorError {
    fn at(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { action, source }
    }
}

/// The output of the emulated board's display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// None; QMP can take screenshots.
    Headless,
    /// A window of this kind, by QEMU's name.
    Window(String),
}

/// A running emulator; dropping the guard ends it before its folder is removed. It ends when this is dropped, or when this process ends in any way.
#[derive(Debug)]
pub struct Emulator {
    guard: Guarded,
    program: String,
    serial: Socket,
    qmp: Socket,
    folder: TempDir,
}

impl Emulator {
    /// Starts a board with its firmware, and `region` at the beginning of its model region. The
    /// machine waits for [`Self::connect`], so that no byte of its output is lost; with a window it
    /// runs at once. QEMU gets the `arguments`, too.
    ///
    /// ```no_run
    /// use inkbit::device::qemu::Screen;
    /// use inkbit::device::{Board, Emulator, Firmware};
    /// let board = Board::find("lm3s6965evb")?;
    /// let firmware = Firmware::find(&board, None)?; // built by `cargo xtask firmware`
    /// let blob = &inkbit::model::builtin::all()[6]; // nano
    /// let emulator = Emulator::start(&board, &firmware, blob.bytes(), &Screen::Headless, &[])?;
    /// let answer = emulator.into_client()?.classify(&[0; 28 * 28])?;
    /// println!("logits of a blank image: {:?}", answer.logits);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn start(
        board: &Board,
        firmware: &Firmware,
        region: &[u8],
        screen: &Screen,
        arguments: &[String],
    ) -> Result<Self, EmulatorError> {
        let program = board.qemu.program.clone();
        if which(&program).is_none() {
            let package = match program.as_str() {
                "qemu-system-arm" => "qemu-system-arm",
                _ => "qemu-system-misc",
            };
            return Err(EmulatorError::Missing { program, package });
        }
        let folder = tempfile::Builder::new().prefix("inkbit-").tempdir();
        let folder = folder.map_err(EmulatorError::at("create a temporary folder"))?;
        let path = |name: &str| folder.path().join(name);
        fs::write(path("firmware"), firmware.elf())
            .and_then(|()| fs::write(path("model"), region))
            .map_err(EmulatorError::at("write firmware and model for QEMU"))?;
        let log = File::create(path("log")).map_err(EmulatorError::at("create QEMU's log"))?;

        let socket = |name| Socket::new(folder.path(), name);
        let sockets = socket("serial").and_then(|serial| Ok((serial, socket("qmp")?)));
        let (serial, qmp) = sockets.map_err(EmulatorError::at("open sockets for QEMU"))?;

        let mut command = Guarded::command(&program, folder.path());
        command.args(&board.qemu.args);
        command.args(["-monitor", "none", "-nic", "none", "-kernel"]).arg(path("firmware"));
        if !region.is_empty() {
            let (model, address) = (in_option(&path("model")), board.memory.model.address);
            command.arg("-device");
            command.arg(format!("loader,file={model},addr={address:#x},force-raw=on"));
        }
        let (display, wait) = match screen {
            Screen::Headless => ("none", true),
            Screen::Window(kind) => (kind.as_str(), false),
        };
        command.args(["-display", display]);
        command.arg("-serial").arg(serial.for_qemu(wait));
        command.arg("-qmp").arg(qmp.for_qemu(false)).args(arguments);
        let guard = Guarded::start(command.stdout(Stdio::null()).stderr(log))
            .map_err(EmulatorError::at("start QEMU"))?;
        Ok(Self { guard, program, serial, qmp, folder })
    }

    /// Connects to the board's serial port.
    pub fn connect(&mut self) -> Result<Stream, EmulatorError> {
        let stream = match connect(&self.serial, || has_ended(&mut self.guard)) {
            Ok(stream) => stream,
            Err(_) if has_ended(&mut self.guard) => {
                let (program, last_words) = (self.program.clone(), self.last_words());
                return Err(EmulatorError::Ended { program, last_words });
            }
            Err(error) => return Err(EmulatorError::at("connect to QEMU")(error)),
        };
        stream
            .set_read_timeout(Some(Duration::from_millis(20)))
            .and_then(|()| stream.set_write_timeout(Some(Duration::from_secs(10))))
            .map_err(EmulatorError::at("set QEMU's time-outs"))?;
        Ok(stream)
    }

    /// A client of the board that owns the emulator: dropping one ends the other.
    pub fn into_client(mut self) -> Result<Client, EmulatorError> {
        let stream = self.connect()?;
        Ok(Client::new(stream, WINDOW).with_last_words(move || self.last_words()))
    }

    /// Connects to QEMU's machine protocol.
    pub fn qmp(&self) -> io::Result<Qmp> {
        Qmp::new(connect(&self.qmp, || false)?)
    }

    /// Waits until a person closes the window, and returns QEMU's exit status.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.guard.ended()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// QEMU's error messages, as the end of a sentence.
    pub fn last_words(&self) -> String {
        let log = limit::start(&self.folder.path().join("log"), limit::TEXT).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        match log.trim() {
            "" => String::new(),
            log => format!("; {} says: {log}", self.program),
        }
    }
}

fn has_ended(guard: &mut Guarded) -> bool {
    matches!(guard.ended(), Ok(Some(_)) | Err(_))
}

/// Connects when QEMU is there, unless it has ended before.
fn connect(socket: &Socket, mut has_ended: impl FnMut() -> bool) -> io::Result<Stream> {
    let start = Instant::now();
    loop {
        match socket.connect() {
            Err(_) if !has_ended() && start.elapsed() < START => thread::sleep(POLL),
            done => return done,
        }
    }
}

/// A program on the search path.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&file)).find(|file| file.is_file())
}

/// A path inside one of QEMU's options, where a comma is written twice.
pub fn in_option(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
