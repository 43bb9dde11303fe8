//! Emulated boards, most of them by QEMU, the Raspberry Pi Pico by rp2040js.

pub mod pico;
pub mod qemu;
pub mod qmp;

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use inkbit_boards::Emulator as Kind;

use super::{Board, Client, Firmware};
use crate::support::limit;
use crate::support::system::{Guarded, Socket, Stream, keep_private};
use crate::support::visible;
use qmp::Qmp;

/// The most time for an emulator to open its sockets.
const START: Duration = Duration::from_secs(20);

/// How often to look whether they are there.
const POLL: Duration = Duration::from_millis(5);

/// Unanswered images at once: emulators take a byte only when the firmware has room for it, so that
/// none is lost and the firmware never waits for the host.
pub(crate) const WINDOW: usize = 8;

/// An emulator that cannot be started.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum EmulatorError {
    #[error(
        "no emulator runs the board {board}: flash a real one, for which `inkbit image --board \
         {board} {file}` writes a file, and name its serial port with --port"
    )]
    None { board: String, file: String },
    #[error("{program} is not installed; {advice}")]
    Missing { program: String, advice: &'static str },
    #[error(
        "the emulator of the Raspberry Pi Pico is not set up in {}: {reason}; {advice}",
        visible::path(folder)
    )]
    NotSetUp { folder: PathBuf, reason: &'static str, advice: &'static str },
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

/// Where an emulator finds its files and meets this process.
struct Place<'a> {
    folder: &'a Path,
    serial: &'a Socket,
    control: &'a Socket,
}

/// The output of the emulated board's display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// None; QMP can take screenshots.
    Headless,
    /// A window of this kind, by QEMU's name.
    Window(String),
}

/// A running emulator. It ends when this is dropped, or when this process ends in any way.
#[derive(Debug)]
pub struct Emulator {
    // Dropped first: it ends the emulator before its folder is removed.
    guard: Guarded,
    program: String,
    serial: Socket,
    /// For what a person would do at the board.
    control: Socket,
    folder: TempDir,
}

impl Emulator {
    /// Starts a board with its firmware, and `region` at the beginning of its model region. The
    /// machine waits for [`Self::connect`], so that no byte of its output is lost; with a window it
    /// runs at once. The emulator gets the `arguments`, too.
    ///
    /// ```no_run
    /// use inkbit::device::emulator::Screen;
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
        check(board)?;
        let program = board.emulator.program().unwrap_or_default().to_owned();
        let mut builder = tempfile::Builder::new();
        keep_private(builder.prefix("inkbit-"));
        let folder = builder.tempdir().map_err(EmulatorError::at("create a temporary folder"))?;
        let log = File::create(folder.path().join("log"));
        let log = log.map_err(EmulatorError::at("create the emulator's log"))?;
        let socket = |name| Socket::new(folder.path(), name);
        let sockets = socket("serial").and_then(|serial| Ok((serial, socket("control")?)));
        let (serial, control) =
            sockets.map_err(EmulatorError::at("open the emulator's sockets"))?;
        let place = Place { folder: folder.path(), serial: &serial, control: &control };
        let given = match &board.emulator {
            Kind::Qemu { args, .. } => {
                qemu::arguments(&place, board, args, firmware, region, screen)?
            }
            Kind::Rp2040js { wired } => pico::arguments(&place, board, wired, firmware, region)?,
            Kind::None => return Err(none(board)),
        };
        let mut command = Guarded::command(&program, folder.path());
        command.args(given).args(arguments).stdout(Stdio::null()).stderr(log);
        let guard =
            Guarded::start(&mut command).map_err(EmulatorError::at("start the emulator"))?;
        Ok(Self { guard, program, serial, control, folder })
    }

    /// Connects to the board's serial port.
    pub fn connect(&mut self) -> Result<Stream, EmulatorError> {
        let stream = match connect(&self.serial, || has_ended(&mut self.guard)) {
            Ok(stream) => stream,
            Err(_) if has_ended(&mut self.guard) => {
                let (program, last_words) = (self.program.clone(), self.last_words());
                return Err(EmulatorError::Ended { program, last_words });
            }
            Err(error) => return Err(EmulatorError::at("connect to the emulator")(error)),
        };
        stream
            .set_read_timeout(Some(Duration::from_millis(20)))
            .and_then(|()| stream.set_write_timeout(Some(Duration::from_secs(10))))
            .map_err(EmulatorError::at("set the emulator's time-outs"))?;
        Ok(stream)
    }

    /// A client of the board that owns the emulator: dropping one ends the other.
    pub fn into_client(mut self) -> Result<Client, EmulatorError> {
        let stream = self.connect()?;
        Ok(Client::new(stream, WINDOW).with_last_words(move || self.last_words()))
    }

    /// Connects to QEMU's machine protocol.
    pub fn qmp(&self) -> io::Result<Qmp> {
        Qmp::new(connect(&self.control, || false)?)
    }

    /// Connects to what is wired to the emulated Pico.
    pub fn pico(&self) -> io::Result<pico::Wiring> {
        pico::Wiring::new(connect(&self.control, || false)?)
    }

    /// Waits until a person closes the window, and returns the emulator's exit status.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.guard.ended()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The emulator's error messages, as the end of a sentence.
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

/// Connects when the emulator is there, unless it has ended before.
fn connect(socket: &Socket, mut has_ended: impl FnMut() -> bool) -> io::Result<Stream> {
    let start = Instant::now();
    loop {
        match socket.connect() {
            Err(_) if !has_ended() && start.elapsed() < START => thread::sleep(POLL),
            done => return done,
        }
    }
}

/// Checks that a board can be emulated here.
pub fn check(board: &Board) -> Result<(), EmulatorError> {
    let Some(program) = board.emulator.program() else { return Err(none(board)) };
    if which(program).is_none() {
        let advice = if board.emulator.is_qemu() { qemu::advice(program) } else { pico::ADVICE };
        return Err(EmulatorError::Missing { program: program.to_owned(), advice });
    }
    if board.emulator.is_qemu() { Ok(()) } else { pico::find().map(|_| ()) }
}

fn none(board: &Board) -> EmulatorError {
    let name = &board.name;
    let parts = if board.uf2.is_some() { "--parts both -o" } else { "-o" };
    let extension = if board.uf2.is_some() { "uf2" } else { "elf" };
    EmulatorError::None { board: name.clone(), file: format!("{parts} {name}.{extension}") }
}

/// A program on the search path.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&file)).find(|file| file.is_file())
}
