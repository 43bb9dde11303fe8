//! `inkbit train --seeds`: the same training with several seeds, in parallel.
//!
//! Each seed has its own run in `seed-N`; after an interrupt, each run can be resumed.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::config_args::check_images;
use super::data_args::DataArgs;
use super::trained::{Trained, announce, next};
use super::{Interrupted, epoch_line, interrupt, report, usage};
use crate::config::TrainConfig;
use crate::data::{Dataset, labels};
use crate::run::{DataInfo, Run};
use crate::support::files::FileError;
use crate::support::numbers::percent;
use crate::support::parallel;
use crate::train::timings::Timings;

/// The runs to train.
pub struct Job<'a> {
    pub out: &'a Path,
    /// The configuration; its seed is replaced.
    pub config: &'a TrainConfig,
    pub seeds: Vec<u64>,
    /// The existing runs, to resume.
    pub begun: &'a [Run],
    pub force: bool,
    pub timings: bool,
    /// Whether to write a report of each run.
    pub report: bool,
}

/// The result of one seed's run.
struct Outcome {
    seed: u64,
    /// The epoch whose weights are kept, and the number of epochs.
    kept: usize,
    epochs: usize,
    validation: f64,
    test: f64,
    seconds: f32,
    timings: Timings,
}

/// The folder of a seed's run.
fn folder(out: &Path, seed: u64) -> PathBuf {
    out.join(format!("seed-{seed}"))
}

/// The runs of an earlier `--seeds` in a folder, sorted by seed.
pub fn begun(out: &Path) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    if out.is_dir() {
        for entry in fs::read_dir(out).map_err(FileError::at("read", out))? {
            let path = entry.map_err(FileError::at("read", out))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("seed-") && Run::is_at(&path) {
                runs.push(Run::open(&path)?);
            }
        }
    }
    // Renamed folders are skipped.
    runs.retain(|run| run.folder() == folder(out, run.config.seed));
    runs.sort_by_key(|run| run.config.seed);
    Ok(runs)
}

/// The seeds to train: `count` consecutive ones from the configuration's on, or those of the
/// existing runs.
pub fn wanted(config: &TrainConfig, count: Option<u16>, begun: &[Run]) -> anyhow::Result<Vec<u64>> {
    let Some(count) = count else {
        return Ok(begun.iter().map(|run| run.config.seed).collect());
    };
    let last = config.seed + u64::from(count) - 1;
    match i64::try_from(last) {
        Ok(_) => Ok((config.seed..=last).collect()),
        Err(_) => Err(usage(format!("the last seed is {last}, but must be at most 2^63 - 1"))),
    }
}

/// Trains a run for each seed, one per core at a time, and prints a line for each, their mean and
/// their standard deviation. Interrupted runs are resumed; finished runs are kept.
pub fn run(job: &Job<'_>, args: &DataArgs) -> anyhow::Result<()> {
    let at = |seed: u64| job.begun.iter().find(|run| run.config.seed == seed);
    for &seed in &job.seeds {
        match at(seed) {
            Some(run) if run.history()?.end.is_none() => run.check_unfinished()?,
            Some(_) => {}
            None if job.force => {}
            None => Run::check_free(&folder(job.out, seed))?,
        }
    }
    let data = job.begun.first().map_or_else(|| args.load(), |run| args.load_for(run))?;
    labels::check_classes(&data)?;
    check_images(job.config, &data.train)?;
    let info = DataInfo { labels: args.labels_name(), ..DataInfo::new(&data) };
    let run_of = |&seed: &u64| {
        let config = TrainConfig { seed, ..job.config.clone() };
        match at(seed) {
            Some(run) => run.check_same(&config, &info).map(|()| run.clone()),
            None => Run::create(&folder(job.out, seed), &config, info.clone(), job.force),
        }
    };
    let runs = job.seeds.iter().map(run_of).collect::<Result<Vec<_>, _>>()?;
    if let Some(run) = runs.first() {
        announce(run, &data)?;
    }
    let outcomes = side_by_side(&runs, &data, job.report);
    interrupt::ended();
    let outcomes = outcomes.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    super::print(&table(&outcomes))?;
    if job.report && !interrupt::stopping() {
        let folders = job.out.join("seed-N").join("report.html");
        super::print(&format!("\nreports in {}\n", folders.display()))?;
    }
    if interrupt::stopping() {
        super::print(&format!("interrupted; go on with `{}`\n", next(job.out, false)))?;
    }
    if job.timings {
        let mut timings = Timings::default();
        outcomes.iter().for_each(|outcome| timings += outcome.timings);
        super::print(&format!("\n{timings}"))?;
    }
    if interrupt::stopping() {
        return Err(Interrupted.into());
    }
    Ok(())
}

/// The outcome of each run, in order; none for runs that had not begun at an interrupt.
fn side_by_side(
    runs: &[Run],
    data: &Dataset,
    report: bool,
) -> Vec<anyhow::Result<Option<Outcome>>> {
    parallel::map(runs.len(), |number| train(&runs[number], data, report))
}

fn train(run: &Run, data: &Dataset, report: bool) -> anyhow::Result<Option<Outcome>> {
    if interrupt::stopping() {
        return Ok(None);
    }
    let seed = run.config.seed;
    let trained = match Trained::read(run)? {
        Some(trained) => trained,
        None => {
            let mut observer = epoch_line::lines(&run.config, format!("seed {seed}  "));
            Trained::train(run, data, &mut observer).with_context(|| format!("seed {seed}"))?
        }
    };
    let history = &trained.history;
    let Some(best) = history.best() else { return Ok(None) };
    if report && run.lacks_report()? {
        report::save(run, data)?;
    }
    Ok(Some(Outcome {
        seed,
        kept: best.epoch,
        epochs: history.epochs.len(),
        validation: best.validation_accuracy.into(),
        test: trained.test_accuracy(run, data)?,
        seconds: history.seconds(),
        timings: trained.timings,
    }))
}

fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "\n{:>8}{:>12}{:>12}{:>12}{:>10}\n",
        "seed", "epoch", "validation", "test", "seconds"
    );
    // Writing to a String cannot fail.
    for outcome in outcomes {
        let epoch = format!("{}/{}", outcome.kept, outcome.epochs);
        let (validation, test) = (percent(outcome.validation), percent(outcome.test));
        let _ = writeln!(
            text,
            "{:>8}{epoch:>12}{validation:>12}{test:>12}{:>10.1}",
            outcome.seed, outcome.seconds
        );
    }
    let validation = Spread::of(outcomes.iter().map(|outcome| outcome.validation));
    let test = Spread::of(outcomes.iter().map(|outcome| outcome.test));
    for (name, value) in [
        ("mean", (|spread| spread.mean) as fn(&Spread) -> f64),
        ("spread", |spread| spread.deviation),
    ] {
        let (validation, test) = (percent(value(&validation)), percent(value(&test)));
        let _ = writeln!(text, "{name:>8}{:>12}{validation:>12}{test:>12}", "");
    }
    text
}

struct Spread {
    mean: f64,
    /// Standard deviation of the sample; 0 for one value.
    deviation: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count.max(1.0);
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        Self { mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }
}
