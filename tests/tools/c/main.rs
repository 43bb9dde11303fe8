//! Builds what `inkbit export --c` writes for each kind of processor, with its engine in C and with core
//! in the static library of `firmware/c`, runs both in QEMU, compares every logit with core's, and counts
//! the instructions of an inference. `cargo xtask c` starts it.

mod board;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context as _, bail, ensure};
use inkbit::data::synthetic::{Part, images};
use inkbit::device::counts::Counts;
use inkbit::model::{Blob, builtin};
use inkbit::support::numbers::grouped;
use inkbit::support::parallel;
use inkbit_core::Model;
use inkbit_tests::Aligned;
use inkbit_tests::c_engine::{CMSIS_NN, CModel, Source, expected, job, noise, read_model};

use board::{Size, Target, targets};

/// Samples of each model whose logits are compared.
const SAMPLES: usize = 1000;

/// Images whose instructions are counted: those that `cargo xtask count` counts in every run.
const COUNTED: usize = 20;

/// What was found of a model on a processor.
struct Row {
    cpu: String,
    model: String,
    logits: usize,
    /// Mean of an inference by the engine in C and by core's library, if it was counted.
    instructions: Option<[f64; 2]>,
    /// What the program takes with either, if it has no model in it.
    sizes: Option<[Size; 2]>,
    /// The same in the firmware, and by CMSIS-NN, where these were counted.
    firmware: Option<f64>,
    cmsis_nn: Option<f64>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let start = Instant::now();
    let targets = targets()?;
    ensure!(!targets.is_empty(), "no compiler for a microcontroller is installed");
    let golden = golden()?;
    let models = builtin::all();
    // With the golden blobs, one program for each processor reads them all.
    let jobs: Vec<(&Target, Option<&Blob>)> = targets
        .iter()
        .flat_map(|target| models.iter().map(Some).chain([None]).map(move |model| (target, model)))
        .collect();
    let rows = parallel::map(jobs.len(), |number| {
        let (target, model) = jobs[number];
        let row = match model {
            Some(blob) => model_row(target, blob),
            None => golden_row(target, &golden),
        };
        row.with_context(|| target.board.name.clone())
    });
    let rows = rows.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    print!("{}{}", table(&rows), table_of_sizes(&rows));
    let logits: usize = rows.iter().map(|row| row.logits).sum();
    let (logits, seconds) = (grouped(logits), start.elapsed().as_secs_f64());
    println!("{logits} logits compared, 0 differ; {seconds:.0} s");
    Ok(())
}

/// The golden blobs, each with samples.
fn golden() -> anyhow::Result<Vec<(Aligned, Vec<Vec<u8>>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden");
    let mut golden = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "inkbit") {
            let blob = Aligned::new(&fs::read(path)?);
            let samples = noise(Model::parse(&blob)?.sample().bytes(), SAMPLES);
            golden.push((blob, samples));
        }
    }
    Ok(golden)
}

/// Compares answers, of which `found` has those to as many samples, and returns the number of logits.
fn compare(mut found: &[u8], all: &[CModel]) -> anyhow::Result<usize> {
    let mut logits = 0;
    for expected in all {
        let model = read_model(&mut found, expected.answers.len())?;
        let model = model.map_err(|error| anyhow::anyhow!("inkbit_read returned {error}"))?;
        let pairs = model.answers.iter().zip(&expected.answers);
        let differing = pairs.filter(|(found, expected)| found != expected).count();
        ensure!(differing == 0, "{differing} of {} answers differ", expected.answers.len());
        logits += expected.answers.len() * expected.classes as usize;
    }
    ensure!(found.is_empty(), "{} bytes too many were answered", found.len());
    Ok(logits)
}

/// The engines that programs in C have.
const SOURCES: [Source; 2] = [Source::C, Source::Core];

fn golden_row(target: &Target, golden: &[(Aligned, Vec<Vec<u8>>)]) -> anyhow::Result<Row> {
    let jobs: Vec<u8> = golden.iter().flat_map(|(blob, samples)| job(blob, samples)).collect();
    let expected: Vec<_> = golden.iter().map(|(blob, samples)| expected(blob, samples)).collect();
    let (mut logits, mut sizes) = (0, Vec::new());
    for source in SOURCES {
        let program = target.build(source, None)?;
        logits += compare(&program.run(&jobs)?, &expected)?;
        sizes.push(program.size()?);
    }
    let model = format!("{} golden blobs", golden.len());
    let cpu = target.board.cpu.clone();
    let sizes = sizes.try_into().ok();
    Ok(Row { cpu, model, logits, instructions: None, sizes, firmware: None, cmsis_nn: None })
}

fn model_row(target: &Target, blob: &Blob) -> anyhow::Result<Row> {
    let all = |count| -> Vec<Vec<u8>> {
        images(Part::Test, count, 1).iter().map(|(pixels, _)| pixels.to_vec()).collect()
    };
    let samples = all(SAMPLES);
    let expected = [expected(blob.bytes(), &samples)];
    let (mut logits, mut instructions) = (0, [0.0; 2]);
    for (source, mean) in SOURCES.into_iter().zip(&mut instructions) {
        let program = target.build(source, Some(blob))?;
        logits += compare(&program.run(&job(&[], &samples))?, &expected)?;
        let counted = program.count(&job(&[], &all(COUNTED)))?;
        if counted.len() != COUNTED {
            bail!("{} inferences were counted, expected {COUNTED}", counted.len());
        }
        *mean = counted.iter().sum::<u64>() as f64 / COUNTED as f64;
    }
    let cpu = target.board.cpu.clone();
    let name = blob.model()?.header().name.to_owned();
    let cmsis_nn = CMSIS_NN.iter().find(|(of, _)| *of == cpu && name == "classic");
    let firmware = Counts::built_in().of_synthetic(blob.crc()).get(&target.board.name).copied();
    Ok(Row {
        logits,
        instructions: Some(instructions),
        sizes: None,
        firmware,
        cmsis_nn: cmsis_nn.map(|(_, count)| *count),
        model: name,
        cpu,
    })
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "Instructions of an inference, mean of {COUNTED} synthetic images\n\n\
         | processor  | model    |       C | library | firmware | C / library |  CMSIS-NN |\n\
         | ---------- | -------- | ------: | ------: | -------: | ----------: | --------: |\n"
    );
    let shown =
        |count: Option<f64>| count.map_or("–".to_owned(), |count| grouped(count.round() as usize));
    for row in rows.iter().filter(|row| row.instructions.is_some()) {
        let Row { cpu, model, instructions, firmware, cmsis_nn, .. } = row;
        let ratio =
            instructions.map_or("–".to_owned(), |[c, library]| format!("{:.2}", c / library));
        let [c, library] = [0, 1].map(|engine| shown(instructions.map(|both| both[engine])));
        let [firmware, cmsis_nn] = [*firmware, *cmsis_nn].map(shown);
        text += &format!(
            "| {cpu:10} | {model:8} | {c:>7} | {library:>7} | {firmware:>8} | {ratio:>11} \
             | {cmsis_nn:>9} |\n"
        );
    }
    text + "\n"
}

fn table_of_sizes(rows: &[Row]) -> String {
    let mut text = "Bytes of a program that asks an engine, without a model and the stack\n\n\
         | processor  | flash, C | flash, library | RAM, C | RAM, library |\n\
         | ---------- | -------: | -------------: | -----: | -----------: |\n"
        .to_owned();
    for Row { cpu, sizes, .. } in rows {
        let Some([c, library]) = sizes else { continue };
        let [c, library] = [c, library].map(|size| (grouped(size.flash), grouped(size.ram)));
        text += &format!(
            "| {cpu:10} | {:>8} | {:>14} | {:>6} | {:>12} |\n",
            c.0, library.0, c.1, library.1
        );
    }
    text + "\n"
}
