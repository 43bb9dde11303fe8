//! The pins of the emulated micro:bit: its lights hang on outputs, its buttons on inputs.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use inkbit::device::emulator::qmp::Qmp;
use inkbit_app::Glyph;
use serde_json::json;
use tempfile::TempDir;

/// The micro:bit's lights by column and row, for each of its nine columns of pins and three rows, as its
/// schematic has them.
const LIGHTS: [[Option<(u32, u32)>; 3]; 9] = [
    [Some((0, 0)), Some((4, 2)), Some((2, 4))],
    [Some((2, 0)), Some((0, 2)), Some((4, 4))],
    [Some((4, 0)), Some((2, 2)), Some((0, 4))],
    [Some((4, 3)), Some((1, 0)), Some((0, 1))],
    [Some((3, 3)), Some((3, 0)), Some((1, 1))],
    [Some((2, 3)), Some((3, 4)), Some((2, 1))],
    [Some((1, 3)), Some((1, 4)), Some((3, 1))],
    [Some((0, 3)), None, Some((4, 1))],
    [Some((1, 2)), None, Some((3, 2))],
];

/// The pins of the first column and of the first row.
const COLUMN: usize = 4;
const ROW: usize = 13;

/// The register that outputs are set by.
const OUTPUTS: &str = "xp /1wx 0x50000504";

/// The pins of the buttons A and B.
const BUTTONS: [u32; 2] = [17, 26];

const PATIENCE: Duration = Duration::from_secs(10);

/// A button is down for this long, which is longer than it may bounce, and up for as long.
const PRESS: Duration = Duration::from_millis(40);

/// What is lit: each row in turn.
///
/// # Errors
///
/// If the emulator does not answer, or if a row is never lit.
pub fn lit(qmp: &mut Qmp) -> io::Result<Glyph> {
    let start = Instant::now();
    let mut rows = [None; 3];
    while rows.contains(&None) {
        if start.elapsed() > PATIENCE {
            return Err(io::Error::other(format!("rows of lights: {rows:?}")));
        }
        let said = qmp.execute("human-monitor-command", &json!({ "command-line": OUTPUTS }))?;
        let word = said.as_str().and_then(|said| said.trim().rsplit_once("0x"));
        let word = word.and_then(|(_, word)| u32::from_str_radix(word, 16).ok());
        let pins = word.ok_or_else(|| io::Error::other(format!("no register: {said}")))?;
        let is_high = |pin: usize| pins >> pin & 1 != 0;
        for (row, lights) in rows.iter_mut().enumerate().filter(|(row, _)| is_high(ROW + row)) {
            let places = LIGHTS.iter().enumerate().filter(|(column, _)| !is_high(COLUMN + column));
            let places = places.filter_map(|(_, places)| places[row]);
            *lights = Some(places.map(|(x, y)| 1 << (5 * y + x)).sum::<u32>());
        }
    }
    Ok(Glyph(rows.into_iter().flatten().sum()))
}

/// A way to set the inputs of QEMU's machine.
#[derive(Debug)]
pub struct Buttons {
    folder: TempDir,
}

impl Buttons {
    /// A place that no other emulator uses.
    ///
    /// # Errors
    ///
    /// If there is none for a temporary folder.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("pins")
    }

    /// The emulator's arguments.
    pub fn arguments(&self) -> Vec<String> {
        let socket = format!("unix:{},server=on,wait=off", self.socket().display());
        ["-qtest", &socket, "-qtest-log", "none"].map(str::to_owned).to_vec()
    }

    /// Presses those of the two buttons that are to be pressed, and lets them go.
    ///
    /// # Errors
    ///
    /// If the emulator refuses.
    pub fn press(&self, [a, b]: [bool; 2]) -> io::Result<()> {
        let mut stream = BufReader::new(UnixStream::connect(self.socket())?);
        for level in ["0", "1"] {
            for (pin, _) in BUTTONS.into_iter().zip([a, b]).filter(|(_, is_pressed)| *is_pressed) {
                let set = format!("set_irq_in /machine/nrf51 unnamed-gpio-in {pin} {level}");
                writeln!(stream.get_mut(), "{set}")?;
                let mut said = String::new();
                stream.read_line(&mut said)?;
                if said.trim() != "OK" {
                    return Err(io::Error::other(format!("QEMU answers {set} with {said}")));
                }
            }
            thread::sleep(PRESS);
        }
        Ok(())
    }
}
