//! `inkbit train --seeds`: the same training with several seeds, in parallel.
//!
//! Each seed has its own run in `seed-N`; after an interrupt, each run can be resumed.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::train::Args;
use super::trained::{Lines, Start, Trained, begin, next};
use super::{Interrupted, interrupt, report, usage};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::run::Run;
use crate::support::files;
use crate::support::numbers::{mean_and_deviation, percent};
use crate::support::parallel;
use crate::train::timings::Timings;

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

fn folder(out: &Path, seed: u64) -> PathBuf {
    out.join(format!("seed-{seed}"))
}

/// The runs of an earlier `--seeds` in a folder, sorted by seed.
pub fn begun(out: &Path) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for path in if out.is_dir() { files::list(out)? } else { Vec::new() } {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("seed-") && Run::is_at(&path) {
            runs.push(Run::open(&path)?);
        }
    }
    // Renamed folders are skipped.
    runs.retain(|run| run.folder() == folder(out, run.config.seed));
    runs.sort_by_key(|run| run.config.seed);
    Ok(runs)
}

/// The seeds to train: `count` consecutive ones from the configuration's on, or those of the
/// existing runs.
fn wanted(config: &TrainConfig, count: Option<u16>, begun: &[Run]) -> anyhow::Result<Vec<u64>> {
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
/// their standard deviation. Of the runs that have begun, interrupted ones are resumed and finished
/// ones are kept.
pub fn run(args: &Args, out: &Path, begun: &[Run]) -> anyhow::Result<()> {
    let config = args.resolve(begun.first())?;
    let mut starts = Vec::new();
    for seed in wanted(&config, args.seeds, begun)? {
        let folder = folder(out, seed);
        let resumed = begun.iter().find(|run| run.config.seed == seed);
        match resumed {
            Some(run) if run.history()?.end.is_none() => run.check_unfinished()?,
            Some(_) => {}
            None if args.force => {}
            None => Run::check_free(&folder)?,
        }
        starts.push(Start { folder, config: TrainConfig { seed, ..config.clone() }, resumed });
    }
    let (data, runs) = begin(starts, begun.first(), &args.data, args.force)?;
    let report = !args.no_report;
    let outcomes = parallel::map(runs.len(), |number| train(&runs[number], &data, report));
    interrupt::ended();
    let outcomes = outcomes.into_iter().filter_map(Result::transpose);
    let outcomes = outcomes.collect::<anyhow::Result<Vec<_>>>()?;
    super::print(&table(&outcomes))?;
    if interrupt::stopping() {
        super::print(&format!("interrupted; go on with `{}`\n", next(out, false)))?;
    } else if report {
        let folders = out.join("seed-N").join("report.html");
        super::print(&format!("\nreports in {}\n", folders.display()))?;
    }
    if args.timings {
        let mut timings = Timings::default();
        outcomes.iter().for_each(|outcome| timings += outcome.timings);
        super::print(&format!("\n{timings}"))?;
    }
    if interrupt::stopping() { Err(Interrupted.into()) } else { Ok(()) }
}

/// The outcome of a run; none if it had not begun at an interrupt.
fn train(run: &Run, data: &Dataset, report: bool) -> anyhow::Result<Option<Outcome>> {
    if interrupt::stopping() {
        return Ok(None);
    }
    let seed = run.config.seed;
    let trained = match Trained::read(run)? {
        Some(trained) => trained,
        None => {
            let mut observer = Lines::new(&run.config, format!("seed {seed}  "));
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
    let row = |seed: &str, epoch: &str, validation: &str, test: &str| {
        format!("{seed:>8}{epoch:>12}{validation:>12}{test:>12}")
    };
    let mut text = format!("\n{}{:>10}\n", row("seed", "epoch", "validation", "test"), "seconds");
    for Outcome { seed, kept, epochs, validation, test, seconds, .. } in outcomes {
        let epoch = format!("{kept}/{epochs}");
        let row = row(&seed.to_string(), &epoch, &percent(*validation), &percent(*test));
        text += &format!("{row}{seconds:>10.1}\n");
    }
    let spread = |value: fn(&Outcome) -> f64| mean_and_deviation(outcomes.iter().map(value));
    let (validation, test) = (spread(|one| one.validation), spread(|one| one.test));
    text += &(row("mean", "", &percent(validation.0), &percent(test.0)) + "\n");
    text + &row("spread", "", &percent(validation.1), &percent(test.1)) + "\n"
}
