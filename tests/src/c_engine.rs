//! The engines for programs in C, compiled with sanitizers and asked from here: that of
//! `host/templates/c`, and core in the static library of `firmware/c`.
//!
//! `tests/c/answer.c` says how they are asked. One process for each compiler and engine answers all
//! tests.

mod build;

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use inkbit_core::{Engine, Model, Scratch};

pub use build::{Build, LIBRARY, LIBRARY_HEADERS, PROGRAMS, Source, TEMPLATES, WARNINGS};

use crate::random_model::samples;

/// What the engine says of a model that it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CModel {
    /// Bytes of a sample.
    pub sample_bytes: u32,
    /// Words of working memory.
    pub work_words: u32,
    /// Classes.
    pub classes: u32,
    /// For each sample what it makes of it.
    pub answers: Vec<CAnswer>,
}

/// What the engine makes of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CAnswer {
    /// The stage whose answer stands, or the last.
    pub stage: u32,
    /// Whether it stands.
    pub stands: bool,
    /// The class of the greatest logit.
    pub likeliest: u32,
    /// The logits.
    pub logits: Vec<i32>,
}

/// Instructions of CMSIS-NN's s8 functions for 784-256-128-10, whatever the image, by processor.
pub const CMSIS_NN: &[(&str, f64)] =
    &[("Cortex-M0", 1_451_573.0), ("Cortex-M3", 802_136.0), ("Cortex-M4F", 460_839.0)];

/// What core makes of a blob and samples, in the words of the engine in C.
///
/// # Panics
///
/// If core refuses the blob or a sample.
pub fn expected(blob: &[u8], samples: &[Vec<u8>]) -> CModel {
    const CELLS: usize = 2 * inkbit_core::MAX_WIDTH;
    let model = Model::parse(blob).expect("a sound blob");
    let (sample_bytes, classes) = (model.sample().bytes() as u32, model.classes() as u32);
    let work_words = model.scratch_cells() as u32;
    let mut engine = Engine::new(model, Scratch::<CELLS>::new()).expect("room for any model");
    let answers = samples.iter().map(|sample| {
        let logits = engine.infer(sample).expect("a sample of the model's");
        CAnswer {
            stage: logits.stage() as u32,
            stands: logits.class().is_some(),
            likeliest: logits.argmax() as u32,
            logits: logits.into_slice().to_vec(),
        }
    });
    CModel { sample_bytes, work_words, classes, answers: answers.collect() }
}

/// Samples that reach the extremes, and then noise, a third of it zeros.
pub fn noise(bytes: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(bytes as u64);
    let mut noise: Vec<Vec<u8>> =
        samples(bytes, 1).into_iter().map(|(_, sample)| sample).take(count).collect();
    noise.resize_with(count, || {
        let byte = || if random.u8(..3) == 0 { 0 } else { random.u8(..) };
        std::iter::repeat_with(byte).take(bytes).collect()
    });
    noise
}

/// What is asked: a blob and samples of the same length. An empty blob is the one that is linked.
pub fn job(blob: &[u8], samples: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let bytes = samples.first().map_or(0, |sample| sample.as_ref().len());
    let mut job = (blob.len() as u32).to_le_bytes().to_vec();
    job.extend(blob);
    job.extend([bytes, samples.len()].map(|number| (number as u32).to_le_bytes()).as_flattened());
    samples.iter().for_each(|sample| job.extend(sample.as_ref()));
    job
}

/// Reads the answer to a [`job`] of `samples` samples: the model, or the number of an error.
///
/// # Errors
///
/// Those of reading; and an error of `inkbit_infer`, as "other".
pub fn read_model(from: &mut impl Read, samples: usize) -> io::Result<Result<CModel, u32>> {
    let error = read_word(from)?;
    if error != 0 {
        return Ok(Err(error));
    }
    let [sample_bytes, work_words, classes] =
        [read_word(from)?, read_word(from)?, read_word(from)?];
    let mut model = CModel { sample_bytes, work_words, classes, answers: Vec::new() };
    for _ in 0..samples {
        let error = read_word(from)?;
        if error != 0 {
            return Err(io::Error::other(format!("inkbit_infer returned the error {error}")));
        }
        let (stage, stands, likeliest) = (read_word(from)?, read_word(from)?, read_word(from)?);
        let logits = (0..classes).map(|_| Ok(read_word(from)?.cast_signed()));
        let logits = logits.collect::<io::Result<_>>()?;
        model.answers.push(CAnswer { stage, stands: stands == 1, likeliest, logits });
    }
    Ok(Ok(model))
}

fn read_word(from: &mut impl Read) -> io::Result<u32> {
    let mut word = [0; 4];
    from.read_exact(&mut word)?;
    Ok(u32::from_le_bytes(word))
}

/// An engine, built by one compiler, and running.
pub struct CEngine {
    /// Which one, and by which compiler.
    pub build: Build,
    process: Mutex<(BufWriter<ChildStdin>, BufReader<ChildStdout>, Child)>,
}

impl CEngine {
    /// What it makes of a blob and samples: the model, or the number of the error.
    ///
    /// # Panics
    ///
    /// If it ends, as by a sanitizer, whose report is on standard error.
    pub fn ask(&self, blob: &[u8], samples: &[impl AsRef<[u8]>]) -> Result<CModel, u32> {
        let job = job(blob, samples);
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output, _) = &mut *process;
        let answer = thread::scope(|scope| {
            // Answers to many samples fill the pipe while they are sent.
            scope.spawn(move || input.write_all(&job).and_then(|()| input.flush()));
            read_model(output, samples.len())
        });
        answer.unwrap_or_else(|error| panic!("{}: {error}", self.build))
    }
}

/// Both engines as each compiler builds them that is installed. One that is missing is reported,
/// unless `INKBIT_REQUIRE_C` is set.
///
/// # Panics
///
/// If a program does not compile without a warning, or if something is required and missing.
pub fn engines() -> &'static [CEngine] {
    static ENGINES: OnceLock<Vec<CEngine>> = OnceLock::new();
    ENGINES.get_or_init(|| build::all().into_iter().map(start).collect())
}

fn start(build: Build) -> CEngine {
    let program = build.program("answer");
    let mut process = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    // The process has it open.
    let _ = fs::remove_file(program);
    let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take());
    let output = BufReader::new(output.expect("piped"));
    let process = Mutex::new((BufWriter::new(input), output, process));
    CEngine { build, process }
}

/// A number of lines of the files that make the engine in C.
pub fn lines() -> usize {
    let lines = |name: &str| {
        let mut text = String::new();
        let file = File::open(Path::new(TEMPLATES).join(name));
        file.and_then(|mut file| file.read_to_string(&mut text)).expect("a file of the checkout");
        text.lines().count()
    };
    lines("inkbit.h") + lines("inkbit.c")
}
