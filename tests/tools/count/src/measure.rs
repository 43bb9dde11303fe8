//! Counting the instructions of inferences on one emulated board.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use inkbit::device::qemu::{EmulatorError, Screen, in_option};
use inkbit::device::{Board, DeviceError, Emulator, Firmware};
use inkbit::model::Blob;

use super::calls::{self, Block, Call};
use super::cycles::{self, Cycles, REFILL};
use super::engine::{Engine, EngineError, PARTS};

/// A machine that is busy with other things is late, but loses nothing.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why nothing was counted.
#[derive(Debug, thiserror::Error)]
pub enum CountError {
    /// QEMU was built without plugins.
    #[error(
        "{program} cannot count: it was built without plugins; install another, for example \
         Debian's qemu-system-arm and qemu-system-misc, or build QEMU with --enable-plugins"
    )]
    NoPlugins {
        /// The program.
        program: String,
    },
    /// QEMU does not take the plugin.
    #[error(
        "{0}; where it asks for another version of the plugin interface, set INKBIT_PLUGIN_API to \
         one that it names and start this again"
    )]
    Plugin(EmulatorError),
    /// QEMU is missing or does not start.
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    /// The device cannot be spoken to.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The engine cannot be found in the firmware.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Files.
    #[error("cannot count: {0}")]
    File(#[from] io::Error),
    /// The device has inferred more or less often than it was asked to.
    #[error(
        "{found} inferences were counted and {expected} images sent: was something sent twice on a \
         machine that is too busy? Try again with fewer boards"
    )]
    Calls {
        /// Counted.
        found: usize,
        /// Sent.
        expected: usize,
    },
}

/// What one inference took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Instructions of each of [`PARTS`].
    pub parts: [u64; PARTS.len()],
    /// Instructions before the first layer, in the first, and so on.
    pub layers: Vec<u64>,
    /// Cycles on a Cortex-M3, estimated; nothing for other processors.
    pub cycles: Cycles,
    /// Bytes of stack.
    pub stack: u64,
    /// Logits that are not the ones that were expected.
    pub differing: usize,
}

impl Count {
    /// All instructions.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.parts.iter().sum()
    }
}

/// What was counted on a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// For each image.
    pub images: Vec<Count>,
    /// Bytes of the engine's code.
    pub code: u64,
    /// What compiled it.
    pub compiler: String,
}

/// What is counted: an image and the logits that are expected.
pub type Sample<'s> = (&'s [u8], &'s [i64]);

/// Whether QEMU can load plugins.
#[must_use]
pub fn has_plugins(program: &str) -> bool {
    let help = Command::new(program).arg("--help").output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("-plugin"))
}

/// Runs `samples` on a board and counts. `progress` is told how many are done.
///
/// # Errors
///
/// [`CountError`].
pub fn count(
    board: &Board,
    firmware: &Firmware,
    plugin: &Path,
    blob: &Blob,
    samples: &[Sample<'_>],
    mut progress: impl FnMut(usize),
) -> Result<Counts, CountError> {
    let program = &board.qemu.program;
    let engine = Engine::read(firmware.elf())?;
    let folder = tempfile::Builder::new().prefix("inkbit-count-").tempdir()?;
    let log = folder.path().join("log");
    let arguments = ["-plugin".to_owned(), plugin_option(plugin, &engine, &log)];
    let emulator = Emulator::start(board, firmware, blob.bytes(), &Screen::Headless, &arguments);
    let connected = emulator.and_then(Emulator::into_client);
    let client = connected.map_err(|error| match error {
        EmulatorError::Ended { .. } if has_plugins(program) => CountError::Plugin(error),
        EmulatorError::Ended { .. } => CountError::NoPlugins { program: program.clone() },
        error => error.into(),
    });
    let mut client = client?.with_timeout(TIMEOUT);
    client.hello()?.expect_model(blob.crc())?;
    // What the device infers by itself when it starts comes before its answer to this.
    if let Some((pixels, _)) = samples.first() {
        client.classify(pixels)?;
    }
    let mut differing = vec![0; samples.len()];
    let mut done = 0;
    client.classify_all(samples.iter().map(|(pixels, _)| *pixels), |image, answer| {
        differing[image] = differences(&answer.logits, samples[image].1);
        done += 1;
        progress(done);
        ControlFlow::Continue(())
    })?;
    drop(client);

    let mut reader = Reader::new(&engine, board.cpu == "Cortex-M3");
    calls::read(BufReader::new(File::open(&log)?), |blocks, call| {
        reader.call(blocks, &call).map_err(io::Error::other)
    })?;
    let Reader { counts: mut images, known, .. } = reader;
    let Some(before) = images.len().checked_sub(samples.len()) else {
        return Err(CountError::Calls { found: images.len(), expected: samples.len() });
    };
    images.drain(..before);
    for (image, differing) in images.iter_mut().zip(differing) {
        image.differing = differing;
    }
    let executed: Vec<u64> = known.values().map(|cost| cost.start).collect();
    Ok(Counts { images, code: engine.code_bytes(&executed), compiler: engine.compiler.clone() })
}

/// How many logits are not as expected; those that are missing or too many, too.
fn differences(found: &[i32], expected: &[i64]) -> usize {
    let unequal = found.iter().zip(expected).filter(|(a, b)| i64::from(**a) != **b).count();
    unequal + found.len().abs_diff(expected.len())
}

fn plugin_option(plugin: &Path, engine: &Engine<'_>, log: &Path) -> String {
    let marks: Vec<String> = engine.layers.iter().map(|address| format!("{address:x}")).collect();
    format!(
        "file={},root={:x},marks={},stack={:x}-{:x},out={}",
        in_option(plugin),
        engine.root,
        marks.join("/"),
        engine.stack.start,
        engine.stack.end,
        in_option(log)
    )
}

/// What a block costs each time it runs.
struct Cost {
    start: u64,
    parts: [u64; PARTS.len()],
    cycles: Cycles,
}

/// Makes counts of calls.
struct Reader<'r> {
    engine: &'r Engine<'r>,
    has_cycles: bool,
    known: BTreeMap<usize, Cost>,
    counts: Vec<Count>,
}

impl<'r> Reader<'r> {
    const fn new(engine: &'r Engine<'r>, has_cycles: bool) -> Self {
        Self { engine, has_cycles, known: BTreeMap::new(), counts: Vec::new() }
    }

    fn call(&mut self, blocks: &[Block], call: &Call) -> Result<(), EngineError> {
        let mut count = Count { stack: call.stack, ..Count::default() };
        for segment in &call.segments {
            let mut layer = 0;
            for runs in segment {
                let cost = match self.known.entry(runs.block) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        entry.insert(cost(self.engine, blocks[runs.block], self.has_cycles)?)
                    }
                };
                for (sum, instructions) in count.parts.iter_mut().zip(cost.parts) {
                    *sum += instructions * runs.runs;
                    layer += instructions * runs.runs;
                }
                if self.has_cycles {
                    count.cycles += cost.cycles * runs.runs + REFILL * runs.jumps;
                }
            }
            count.layers.push(layer);
        }
        self.counts.push(count);
        Ok(())
    }
}

fn cost(engine: &Engine<'_>, block: Block, has_cycles: bool) -> Result<Cost, EngineError> {
    let Block { start, bytes, instructions: expected } = block;
    let instructions = engine.instructions(start..start + bytes);
    if instructions.len() as u64 != expected {
        let found = instructions.len();
        return Err(EngineError::Code { start, end: start + bytes, found, expected });
    }
    let mut parts = [0; PARTS.len()];
    for (address, _) in &instructions {
        parts[engine.part(*address)? as usize] += 1;
    }
    let codes: Vec<u32> = instructions.iter().map(|(_, code)| *code).collect();
    let cycles = if has_cycles { cycles::of_block(&codes) } else { Cycles::default() };
    Ok(Cost { start, parts, cycles })
}

/// Where cargo leaves the plugin, beside the programs it builds.
#[must_use]
pub fn plugin_path() -> Option<PathBuf> {
    let name = format!(
        "{}inkbit_count_plugin{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    // The program lies in a folder of its own beside the library.
    let program = std::env::current_exe().ok()?;
    program.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|file| file.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logit_that_is_missing_differs_like_one_that_is_wrong() {
        assert_eq!(differences(&[1, -2, 3], &[1, -2, 3]), 0);
        assert_eq!(differences(&[1, -2, 3], &[1, 2, 3]), 1);
        assert_eq!(differences(&[1], &[0, 2, 3]), 3);
    }

    #[test]
    fn a_program_that_is_not_there_has_no_plugins() {
        assert!(!has_plugins("qemu-system-none"));
    }
}
