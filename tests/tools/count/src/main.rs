//! Counts the instructions of an inference on emulated boards: `cargo xtask count` builds what this
//! needs and starts it.

mod baseline;
mod calls;
mod cycles;
mod document;
mod engine;
mod fit;
mod measure;
mod probes;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod widened;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::baseline::{Baseline, Comparison, entries};
use crate::document::document;
use crate::measure::Sample;
use crate::probes::probes;
use crate::summary::{LANES_32, ModelFacts, Row, Summary};
use crate::table::tables;
use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use inkbit::data::{Images, mnist, synthetic};
use inkbit::device::Firmware;
use inkbit::device::board::{self, Board};
use inkbit::model::Blob;
use inkbit::support::files;
use inkbit_tests::oracle::Oracle;

/// The committed counts.
const BASELINE: &str = "host/models/counts.toml";
/// The committed tables.
const TABLES: &str = "host/models/counts.md";
/// Synthetic images that every run counts, and that the baseline is about.
const REFERENCE: usize = 20;

#[derive(Parser)]
struct Arguments {
    /// A board, the name of its kernel, and its firmware.
    #[arg(long, value_name = "BOARD=KERNEL=FILE", required = true)]
    firmware: Vec<Image>,
    /// A model's blob.
    #[arg(long, value_name = "FILE", required = true)]
    model: Vec<PathBuf>,
    /// Images of the data set beside those of the baseline.
    #[arg(long)]
    images: usize,
    /// The command to repeat this, for the file of tables.
    #[arg(long, default_value = "cargo xtask count")]
    command: String,
    /// Compare with the baseline and fail if a count is more than 1 % above it.
    #[arg(long)]
    check: bool,
    /// Renew baseline and tables, and what estimates take from them.
    #[arg(long)]
    write: bool,
}

#[derive(Clone)]
struct Image {
    board: String,
    kernel: String,
    file: PathBuf,
}

impl FromStr for Image {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '=').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(board), Some(kernel), Some(file)) => {
                Ok(Self { board, kernel, file: file.into() })
            }
            _ => Err("expected BOARD=KERNEL=FILE".to_owned()),
        }
    }
}

/// A model and what it should say about every image.
struct Subject<'b> {
    facts: ModelFacts,
    blob: &'b Blob,
    /// Whether it is counted for estimates alone, and so not shown.
    is_probe: bool,
    /// The same with 8 bits a weight, where it has fewer and is shown.
    in_8_bits: Option<Blob>,
    /// Logits, and how many inputs of each layer are not zero.
    expected: Vec<(Vec<i64>, Vec<u64>)>,
}

/// The images: one of ink alone, those of the baseline, and those of the data set.
struct Pictures {
    pixels: Vec<Vec<u8>>,
    data: &'static str,
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
    let plugin = measure::plugin_path()
        .context("the counting plugin is not built; start this by `cargo xtask count`")?;
    let blobs: Vec<Blob> = arguments
        .model
        .iter()
        .map(|file| Blob::load(file).with_context(|| format!("--model {}", file.display())))
        .collect::<Result<_, _>>()?;
    let firmwares = arguments
        .firmware
        .iter()
        .map(|image| {
            let board = Board::find(&image.board)?;
            let firmware = Firmware::find(&board, Some(&image.file))?;
            Ok((board, image.kernel.as_str(), firmware))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let old = read_baseline(arguments)?;
    let pictures = pictures(arguments.images)?;
    let mut subjects: Vec<Subject<'_>> =
        blobs.iter().map(|blob| subject(blob, &pictures)).collect::<Result<_, _>>()?;
    let probes = if arguments.write { probes() } else { Vec::new() };
    let probes: Vec<_> =
        probes.into_iter().map(|(name, bytes)| (name, Blob::from_bytes(&bytes))).collect();
    for (name, blob) in &probes {
        let mut probe = Subject { is_probe: true, in_8_bits: None, ..subject(blob, &pictures)? };
        (*name).clone_into(&mut probe.facts.name);
        subjects.push(probe);
    }

    let (mut jobs, mut left_out) = (Vec::new(), Vec::new());
    for subject in &subjects {
        // The kernels of other widths are the same in both.
        let without_lanes = !subject.facts.bits.contains(&8);
        for (board, kernel, firmware) in &firmwares {
            if without_lanes && kernel.ends_with(LANES_32) {
                continue;
            }
            match board::check(board, &subject.blob.model()?, subject.blob.bytes()) {
                Ok(()) => jobs.push((subject, board, *kernel, firmware)),
                Err(error) => left_out.push(format!("left out: {error}")),
            }
        }
    }
    let bar = bar(jobs.len() * pictures.pixels.len());
    let counted = in_parallel(jobs.len(), |job| {
        let (subject, board, kernel, firmware) = jobs[job];
        let row = count(subject, board, kernel, firmware, &plugin, &pictures, &bar);
        row.with_context(|| format!("{} on {} ({kernel})", subject.facts.name, board.name))
    });
    bar.finish_and_clear();
    let counted: Vec<(Row, String)> = counted.into_iter().collect::<Result<_, _>>()?;
    ensure!(!counted.is_empty(), "no model fits a board: {}", left_out.join("; "));
    let compiler = counted[0].1.clone();
    let mut rows: Vec<Row> = counted.into_iter().map(|(row, _)| row).collect();
    rows.sort_by(|a, b| a.cpu.cmp(&b.cpu));

    let data = pictures.data;
    let shown = subjects.iter().filter(|subject| !subject.is_probe);
    let source = format!("`{}`, {compiler}", arguments.command);
    let sections: Vec<String> =
        shown.map(|subject| tables(&rows, subject.facts.crc, data, &source)).collect();
    println!("{}", sections.concat());
    left_out.iter().for_each(|line| println!("{line}"));
    println!("{} firmwares in {:.0} s", rows.len(), start.elapsed().as_secs_f64());

    let differing: usize =
        rows.iter().map(|row| row.images.differing + row.reference.differing).sum();
    let mut sound = differing == 0;
    if !sound {
        eprintln!("error: {differing} logits differ from those that core/FORMAT.md defines");
    }
    for fault in rows.iter().filter_map(Row::stack_fault) {
        eprintln!("error: {fault}");
        sound = false;
    }
    let found = entries(&rows, data);
    if arguments.check {
        sound &= report(&old.compare(&compiler, &found));
    }
    if arguments.write {
        ensure!(sound, "nothing was written");
        let mut new = old;
        new.renew(&compiler, found);
        files::write(Path::new(BASELINE), new.text().as_bytes())?;
        let old = fs::read_to_string(TABLES).unwrap_or_default();
        files::write(Path::new(TABLES), document(&old, &sections).as_bytes())?;
        println!("wrote {BASELINE} and {TABLES}");
    }
    Ok(sound)
}

fn read_baseline(arguments: &Arguments) -> anyhow::Result<Baseline> {
    let file = Path::new(BASELINE);
    if !arguments.check && !arguments.write || arguments.write && !file.exists() {
        return Ok(Baseline::default());
    }
    let text = String::from_utf8(files::read(file)?)?;
    Baseline::parse(&text)
        .with_context(|| format!("{BASELINE} is not what --write writes: restore it"))
}

/// Prints what has become better or worse, and says whether nothing is too bad.
fn report(Comparison { faults, gains }: &Comparison) -> bool {
    for gain in gains {
        println!("better: {gain}");
    }
    if !gains.is_empty() {
        println!("the baseline is out of date: renew it by `cargo xtask count --write`");
    }
    for fault in faults {
        eprintln!("error: {fault}");
    }
    if !faults.is_empty() {
        eprintln!("where that is meant to be, renew the baseline by `cargo xtask count --write`");
    }
    faults.is_empty()
}

fn pictures(count: usize) -> anyhow::Result<Pictures> {
    let reference = synthetic::images(synthetic::Part::Test, REFERENCE, 1);
    let side = reference.side;
    let (mut images, data) = match mnist::at_hand()? {
        Some(mnist) => (mnist.test, "MNIST"),
        None => (synthetic::images(synthetic::Part::Test, count, 1), "synthetic"),
    };
    ensure!(
        count <= images.len(),
        "--images is {count}, but there are {} test images: ask for fewer",
        images.len()
    );
    images.labels.truncate(count);
    let ink = vec![255; side * side];
    let all = |images: &Images| -> Vec<Vec<u8>> {
        images.iter().map(|(pixels, _)| pixels.to_vec()).collect()
    };
    let pixels = [vec![ink], all(&reference), all(&images)].concat();
    Ok(Pictures { pixels, data: if count == 0 { "synthetic" } else { data } })
}

fn subject<'b>(blob: &'b Blob, pictures: &Pictures) -> anyhow::Result<Subject<'b>> {
    let oracle = Oracle::read(blob.bytes())
        .map_err(|fault| anyhow::anyhow!("the model breaks core/FORMAT.md: {fault:?}"))?;
    let model = blob.model()?;
    let (pixels, given) = (model.input().pixels(), pictures.pixels[0].len());
    if pixels != given {
        bail!("the model takes images of {pixels} pixels, the images have {given}: take another");
    }
    let layers = model.layers();
    let outputs = layers.iter().map(inkbit_core::Layer::outputs);
    let facts = ModelFacts {
        name: model.header().name.to_owned(),
        crc: blob.crc(),
        widths: layers.iter().take(1).map(inkbit_core::Layer::inputs).chain(outputs).collect(),
        input: model.input(),
        bits: layers.iter().map(|layer| layer.bits().bits()).collect(),
        cells: model.scratch_cells(),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = pictures.pixels.len().div_ceil(threads);
    let shares: Vec<&[Vec<u8>]> = pictures.pixels.chunks(share).collect();
    let answers = in_parallel(shares.len(), |part| {
        shares[part].iter().map(|pixels| answer(&oracle, pixels)).collect::<Vec<_>>()
    });
    let in_8_bits = widened::in_8_bits(&model)?;
    Ok(Subject { facts, blob, is_probe: false, in_8_bits, expected: answers.concat() })
}

/// The logits, and how many inputs of each layer are not zero.
fn answer(oracle: &Oracle, pixels: &[u8]) -> (Vec<i64>, Vec<u64>) {
    let mut layers = oracle.layers(pixels);
    let logits = layers.pop().unwrap_or_default();
    let inputs = [oracle.inputs(pixels)];
    let nonzero = inputs
        .iter()
        .chain(&layers)
        .map(|inputs| inputs.iter().filter(|input| **input != 0).count() as u64);
    (logits, nonzero.collect())
}

/// Counts one model on one board.
fn count(
    subject: &Subject<'_>,
    board: &Board,
    kernel: &str,
    firmware: &Firmware,
    plugin: &Path,
    pictures: &Pictures,
    bar: &ProgressBar,
) -> anyhow::Result<(Row, String)> {
    // For estimates, the images of the baseline are enough.
    let images = if subject.is_probe { 1 + REFERENCE } else { pictures.pixels.len() };
    let samples: Vec<Sample<'_>> = pictures
        .pixels
        .iter()
        .zip(&subject.expected)
        .take(images)
        .map(|(pixels, (logits, _))| (pixels.as_slice(), logits.as_slice()))
        .collect();
    let count =
        |blob, samples| measure::count(board, firmware, plugin, blob, samples, |_| bar.inc(1));
    let counts = count(subject.blob, &samples)?;
    let nonzero: Vec<&[u64]> =
        subject.expected.iter().take(images).map(|(_, nonzero)| &nonzero[..]).collect();
    let widths = &subject.facts.widths;
    let (behind_ink, behind_reference) = (1, 1 + REFERENCE);
    let mut row = Row::new(&subject.facts, board, kernel);
    row.all_ink = counts.images[0].total();
    row.code = counts.code;
    let reference = behind_ink..behind_reference;
    row.reference =
        Summary::new(&counts.images[reference.clone()], &nonzero[reference.clone()], widths);
    row.images =
        Summary::new(&counts.images[behind_reference..], &nonzero[behind_reference..], widths);
    if row.images.images == 0 {
        row.images = row.reference.clone();
    }
    row.reference.differing += counts.images[0].differing;
    if let Some(blob) = &subject.in_8_bits
        && board::check(board, &blob.model()?, blob.bytes()).is_ok()
    {
        bar.inc_length(REFERENCE as u64);
        // The logits that are expected are those of the model with fewer bits.
        let counts = count(blob, &samples[reference.clone()])?;
        let in_8_bits = Summary::new(&counts.images, &nonzero[reference], widths);
        row.reference.differing += in_8_bits.differing;
        row.in_8_bits = Some(in_8_bits);
    }
    Ok((row, counts.compiler))
}

/// Does `count` things, as many at once as there are processors; the results in their order.
fn in_parallel<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let result = job(number);
                    done.lock().expect("no job panics while it holds this").push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no job panics while it holds this");
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A bar on standard error, hidden where nobody looks.
fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message("counting");
    match ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {per_sec} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
