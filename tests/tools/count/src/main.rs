//! Counts the instructions of an inference on emulated boards; see README.md. `cargo xtask count`
//! builds what this needs and starts it.

mod cycles;
mod engine;
mod entry;
mod fit;
mod measure;
mod row;
mod subject;
mod table;
#[cfg(test)]
mod tests;
mod trace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use inkbit::device::Firmware;
use inkbit::device::board::{self, Board};
use inkbit::model::Blob;
use inkbit::support::{files, parallel};

use crate::entry::{Committed, Comparison};
use crate::row::{Row, Target};
use crate::subject::{Pictures, Subject};

const COUNTS: &str = "host/models/counts.toml";
const TABLES: &str = "host/models/counts.md";

/// Count the instructions of an inference in QEMU, on every processor, of the firmware that is flashed,
/// and compare every logit with what core/FORMAT.md defines
///
/// Every run counts 20 synthetic images and one of ink alone beside those that are asked for: these
/// are what --check compares. Whatever the images, it fails if a logit differs, if an inference
/// takes more than 256 bytes of stack, or if weights of fewer bits take more than 1.25 times the
/// instructions of 8 bits.
#[derive(Parser)]
#[command(
    bin_name = "cargo xtask count",
    after_help = "Examples:\n  \
        cargo xtask count --board lm3s6965evb --images 100\n  \
        cargo xtask count --images 0 --check       no count above the committed one\n  \
        cargo xtask count --lanes32 --portable --write"
)]
struct Arguments {
    /// Only this board; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "write")]
    board: Vec<String>,
    /// MNIST test images to count, where MNIST is in $INKBIT_DATA or the cache folder, else
    /// synthetic ones
    #[arg(
        long, value_name = "N", default_value_t = 10_000,
        value_parser = clap::value_parser!(u16).range(0..=10_000)
    )]
    images: u16,
    /// Model to count; may be repeated
    #[arg(long, value_name = "FILE", default_value = "host/models/classic.inkbit")]
    model: Vec<PathBuf>,
    /// Count the kernel with 32-bit lanes too, on Cortex-M3 and up
    #[arg(long)]
    lanes32: bool,
    /// Count the kernel in plain Rust too
    #[arg(long)]
    portable: bool,
    /// Fail if a count is more than 1 % above that in host/models/counts.toml
    #[arg(long)]
    check: bool,
    /// Renew that file, the tables in host/models/counts.md, and what estimates take from the
    /// counts
    #[arg(long)]
    write: bool,
    /// Only check the arguments
    #[arg(long, hide = true)]
    dry_run: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let start = Instant::now();
    let load =
        |file: &PathBuf| Blob::load(file).with_context(|| format!("--model {}", file.display()));
    let blobs: Vec<Blob> = arguments.model.iter().map(load).collect::<Result<_, _>>()?;
    let find = |name: &String| Board::find(name).context("--board");
    let mut boards: Vec<Board> = arguments.board.iter().map(find).collect::<Result<_, _>>()?;
    if boards.is_empty() {
        boards = board::counted();
    }
    if let Some(board) = boards.iter().find(|board| !board.emulator.is_qemu()) {
        bail!("--board: instructions are counted in QEMU, which does not emulate {}", board.name);
    }
    let mut committed = Committed::parse(&fs::read_to_string(COUNTS).context(COUNTS)?)
        .with_context(|| format!("{COUNTS} is not what --write writes: restore it"))?;
    let pictures = Pictures::new(usize::from(arguments.images))?;
    if arguments.dry_run {
        return Ok(true);
    }
    let plugin = measure::plugin()
        .context("the counting plugin is not built; start this by `cargo xtask count`")?;
    let targets = targets(boards, arguments)?;
    let new = |blob| Subject::new(blob, &pictures);
    let mut subjects = blobs.into_iter().map(new).collect::<Result<Vec<_>, _>>()?;
    if let Some(several) = subjects.iter().find(|subject| subject.facts.networks.len() > 1)
        && arguments.write
    {
        bail!(
            "{} has several stages, and estimates are made from the counts of one: leave out --write",
            several.facts.name
        );
    }
    if arguments.write {
        subjects.extend(Subject::probes(&pictures)?);
    }

    let (mut jobs, mut left_out) = (Vec::new(), Vec::new());
    for subject in &subjects {
        // The kernels of other widths are the same in both.
        let has_lanes = subject.facts.bits.contains(&8);
        for target in targets.iter().filter(|target| has_lanes || target.kernel != LANES32) {
            match board::check(&target.board, &subject.blob.model()?, subject.blob.bytes()) {
                Ok(()) => jobs.push((subject, target)),
                Err(error) => left_out.push(format!("left out: {error}")),
            }
        }
    }
    let bar = ProgressBar::new((jobs.len() * pictures.pixels.len()) as u64).with_style(
        ProgressStyle::with_template("counting {wide_bar} {pos}/{len} {per_sec} {eta}")?,
    );
    let counted = parallel::map(jobs.len(), |job| {
        let (subject, target) = jobs[job];
        let row = Row::count(subject, target, &plugin, &pictures, || bar.inc(1));
        row.with_context(|| {
            format!("{} on {} ({})", subject.facts.name, target.board.name, target.kernel)
        })
    });
    bar.finish_and_clear();
    let mut rows: Vec<Row> = counted.into_iter().collect::<Result<_, _>>()?;
    ensure!(!rows.is_empty(), "no model fits a board: {}", left_out.join("; "));
    rows.sort_by(|a, b| a.cpu.cmp(&b.cpu));

    let compiler = rows[0].compiler.clone();
    let source = format!("`{}`, {compiler}", command());
    let section = |subject: &Subject| {
        let crc = format!("{:08x}", subject.facts.crc);
        let own: Vec<&Row> = rows.iter().filter(|row| row.reference.crc == crc).collect();
        table::section(&own, &source)
    };
    let shown = subjects.iter().filter(|subject| !subject.is_probe);
    let sections: Vec<String> = shown.map(section).collect();
    println!("{}", sections.join("\n"));
    left_out.iter().for_each(|line| println!("{line}"));
    println!("{} firmwares in {:.0} s", rows.len(), start.elapsed().as_secs_f64());

    let faults: Vec<String> = rows.iter().flat_map(Row::faults).collect();
    faults.iter().for_each(|fault| eprintln!("error: {fault}"));
    let mut is_sound = faults.is_empty();
    let entries = rows.into_iter().flat_map(|row| [Some(row.reference), row.images]).flatten();
    let entries: Vec<_> = entries.collect();
    if arguments.check {
        is_sound &= report(&committed.compare(&compiler, &entries));
    }
    if arguments.write {
        ensure!(is_sound, "nothing was written");
        committed.renew(&compiler, entries);
        files::write(Path::new(COUNTS), committed.text().as_bytes())?;
        let old = fs::read_to_string(TABLES).unwrap_or_default();
        files::write(Path::new(TABLES), table::document(&old, &sections).as_bytes())?;
        println!("wrote {COUNTS} and {TABLES}");
    }
    Ok(is_sound)
}

/// The name of the kernel that sums 8-bit weights in 32-bit lanes.
const LANES32: &str = "lanes32";

/// The firmwares that were asked for, where `cargo xtask count` leaves them.
fn targets(boards: Vec<Board>, arguments: &Arguments) -> anyhow::Result<Vec<Target>> {
    let kernels =
        [("default", true), (LANES32, arguments.lanes32), ("portable", arguments.portable)];
    let mut targets = Vec::new();
    for board in boards {
        for (kernel, _) in kernels.iter().filter(|(_, is_chosen)| *is_chosen) {
            let kept = format!("firmware/target/forms/{}-{kernel}", board.package);
            let kept = (*kernel != "default").then(|| Path::new(&kept));
            // 64-bit and 32-bit lanes are two kernels on Cortex-M3 and up only.
            if *kernel != LANES32 || kept.is_some_and(Path::exists) {
                let firmware = Firmware::find(&board, kept)?;
                targets.push(Target { board: board.clone(), kernel, firmware });
            }
        }
    }
    Ok(targets)
}

fn command() -> String {
    let arguments: Vec<String> = env::args().skip(1).collect();
    format!("cargo xtask count {}", arguments.join(" "))
}

/// Prints what has become better or worse, and says whether nothing is too bad.
fn report(Comparison { faults, gains }: &Comparison) -> bool {
    gains.iter().for_each(|gain| println!("better: {gain}"));
    faults.iter().for_each(|fault| eprintln!("error: {fault}"));
    if !gains.is_empty() || !faults.is_empty() {
        println!("where that is meant to be, renew the counts by `cargo xtask count --write`");
    }
    faults.is_empty()
}
