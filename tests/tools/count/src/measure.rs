//! Counts the instructions of inferences on one emulated board.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};
use inkbit::device::emulator::qemu::in_option;
use inkbit::device::emulator::{EmulatorError, Screen};
use inkbit::device::{Board, Emulator, Firmware};
use inkbit::model::Blob;

use crate::cycles::{self, Cycles, REFILL};
use crate::engine::{Engine, PARTS};
use crate::trace::{self, Block, Call};

/// A machine that is busy with other things is late, but loses nothing.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What one inference took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Instructions by [`Part`](crate::engine::Part).
    pub parts: [u64; PARTS],
    /// Instructions before the first layer, in the first, and so on.
    pub layers: Vec<u64>,
    /// Cycles on a Cortex-M3, estimated; 0 for other processors.
    pub cycles: Cycles,
    /// Bytes of stack.
    pub stack: u64,
    /// Logits that are not the expected ones.
    pub differing: usize,
}

impl Count {
    /// All instructions.
    pub fn total(&self) -> u64 {
        self.parts.iter().sum()
    }
}

/// What was counted on a board.
#[derive(Clone, Debug)]
pub struct Counts {
    /// For each image.
    pub images: Vec<Count>,
    /// Bytes of the engine's code.
    pub code: u64,
    /// What compiled it.
    pub compiler: String,
}

/// An image and the logits that are expected.
pub type Sample<'s> = (&'s [u8], &'s [i64]);

/// Runs `samples` on a board and counts. `progress` is called after each.
///
/// # Errors
///
/// If the board cannot be emulated with the plugin, does not answer, or runs another firmware.
pub fn count(
    board: &Board,
    firmware: &Firmware,
    plugin: &Path,
    blob: &Blob,
    samples: &[Sample<'_>],
    mut progress: impl FnMut(),
) -> anyhow::Result<Counts> {
    let program = board.emulator.program().unwrap_or_default();
    let engine = Engine::read(firmware.elf())?;
    let folder = tempfile::Builder::new().prefix("inkbit-count-").tempdir()?;
    let log = folder.path().join("log");
    let options = format!(
        "file={},root={:x},marks={:x},stack={:x}-{:x},out={}",
        in_option(plugin),
        engine.root,
        engine.layer,
        engine.stack.start,
        engine.stack.end,
        in_option(&log)
    );
    let arguments = ["-plugin".to_owned(), options];
    let emulator = Emulator::start(board, firmware, blob.bytes(), &Screen::Headless, &arguments);
    let mut client = match emulator.and_then(Emulator::into_client) {
        Ok(client) => client.with_timeout(TIMEOUT),
        Err(EmulatorError::Ended { .. }) if !has_plugins(program) => bail!(
            "{program} cannot count: it was built without plugins; install another, for example \
             Debian's qemu-system-arm and qemu-system-misc, or build QEMU with --enable-plugins"
        ),
        Err(error) => return Err(error.into()),
    };
    client.hello()?.expect_model(blob.crc())?;
    // What the device infers by itself when it starts comes before its answer to this.
    if let Some((pixels, _)) = samples.first() {
        client.classify(pixels)?;
    }
    let mut differing = vec![0; samples.len()];
    client.classify_all(samples.iter().map(|(pixels, _)| *pixels), |image, answer| {
        differing[image] = differences(&answer.logits, samples[image].1);
        progress();
        ControlFlow::Continue(())
    })?;
    drop(client);

    let mut reader = Reader {
        engine: &engine,
        has_cycles: board.cpu == "Cortex-M3",
        known: HashMap::new(),
        counts: Vec::new(),
    };
    trace::read(BufReader::new(File::open(&log)?), |blocks, call| {
        reader.call(blocks, &call).map_err(io::Error::other)
    })?;
    let Reader { counts: mut images, known, .. } = reader;
    let before = images.len().checked_sub(samples.len()).with_context(|| {
        format!(
            "{} inferences were counted and {} images sent: try again with fewer boards on a machine \
             that is less busy",
            images.len(),
            samples.len()
        )
    })?;
    images.drain(..before);
    for (image, differing) in images.iter_mut().zip(differing) {
        image.differing = differing;
    }
    let executed: Vec<u64> = known.values().map(|cost| cost.start).collect();
    Ok(Counts { images, code: engine.code_bytes(&executed), compiler: engine.compiler.clone() })
}

/// Whether QEMU can load plugins.
fn has_plugins(program: &str) -> bool {
    let help = Command::new(program).arg("--help").output();
    help.is_ok_and(|help| String::from_utf8_lossy(&help.stdout).contains("-plugin"))
}

/// The number of logits that are not as expected, missing, or too many.
fn differences(found: &[i32], expected: &[i64]) -> usize {
    let unequal = found.iter().zip(expected).filter(|(a, b)| i64::from(**a) != **b).count();
    unequal + found.len().abs_diff(expected.len())
}

/// What a block costs each time it runs.
struct Cost {
    start: u64,
    parts: [u64; PARTS],
    cycles: Cycles,
}

impl Cost {
    fn of(engine: &Engine<'_>, block: Block, has_cycles: bool) -> anyhow::Result<Self> {
        let instructions = engine.instructions(block)?;
        let mut parts = [0; PARTS];
        for (address, _) in &instructions {
            parts[engine.part(*address)? as usize] += 1;
        }
        let codes = instructions.iter().map(|(_, code)| *code);
        let cycles = if has_cycles { cycles::of_block(codes) } else { Cycles::default() };
        Ok(Self { start: block.start, parts, cycles })
    }
}

/// Turns calls into counts.
struct Reader<'r> {
    engine: &'r Engine<'r>,
    has_cycles: bool,
    known: HashMap<usize, Cost>,
    counts: Vec<Count>,
}

impl Reader<'_> {
    fn call(&mut self, blocks: &[Block], call: &Call) -> anyhow::Result<()> {
        let mut count = Count { stack: call.stack, ..Count::default() };
        for segment in &call.segments {
            let before = count.total();
            for runs in segment {
                let cost = match self.known.entry(runs.block) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        entry.insert(Cost::of(self.engine, blocks[runs.block], self.has_cycles)?)
                    }
                };
                for (sum, instructions) in count.parts.iter_mut().zip(cost.parts) {
                    *sum += instructions * runs.runs;
                }
                if self.has_cycles {
                    count.cycles = count.cycles + cost.cycles * runs.runs + REFILL * runs.jumps;
                }
            }
            count.layers.push(count.total() - before);
        }
        self.counts.push(count);
        Ok(())
    }
}

/// The plugin, which cargo leaves in the folder of the programs that it builds or above that of
/// this test.
pub fn plugin() -> Option<PathBuf> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let name = format!("{DLL_PREFIX}inkbit_count_plugin{DLL_SUFFIX}");
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
