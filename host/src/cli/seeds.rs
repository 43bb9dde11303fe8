//! `inkbit train --seeds`: the same training with several seeds, side by side.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;
use inkbit::config::TrainConfig;
use inkbit::data::Dataset;
use inkbit::run::{DataInfo, Run};
use inkbit::train::timings::Timings;

use super::config_args::check_images;
use super::train::{percent, test_accuracy};
use super::{UsageError, report, watch};

/// What is trained, and where.
pub struct Job<'a> {
    pub out: &'a Path,
    pub config: &'a TrainConfig,
    pub force: bool,
    pub timings: bool,
    /// Whether each run gets a report.
    pub report: bool,
}

/// How one seed's run came out.
struct Outcome {
    seed: u64,
    /// The epoch whose weights are kept, and all that were trained.
    kept: usize,
    epochs: usize,
    validation: f64,
    test: f64,
    seconds: f32,
    timings: Timings,
}

/// Trains `count` runs in folders `seed-1` and so on, as many at a time as there are cores, and
/// prints a line for each, their mean and their spread.
pub fn run(
    job: &Job<'_>,
    count: usize,
    data: impl FnOnce() -> anyhow::Result<Dataset>,
) -> anyhow::Result<()> {
    let first = job.config.seed;
    let last = first + count as u64 - 1;
    if i64::try_from(last).is_err() {
        return Err(
            UsageError(format!("the last seed is {last}, but must be at most 2^63 - 1")).into()
        );
    }
    let configs: Vec<TrainConfig> =
        (first..=last).map(|seed| TrainConfig { seed, ..job.config.clone() }).collect();
    let folder = |config: &TrainConfig| job.out.join(format!("seed-{}", config.seed));
    if !job.force {
        configs.iter().try_for_each(|config| Run::check_free(&folder(config)))?;
    }
    let data = data()?;
    check_images(job.config, &data.train)?;
    let runs = configs
        .iter()
        .map(|config| Run::create(&folder(config), config, DataInfo::new(&data), job.force))
        .collect::<Result<Vec<_>, _>>()?;
    let outcomes = side_by_side(&runs, &data, job.report);
    watch::ended();
    let outcomes = outcomes.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    super::print(&table(&outcomes))?;
    if job.report && !watch::stopping() {
        let folders = job.out.join("seed-N").join("report.html");
        super::print(&format!("\nreports in {}\n", folders.display()))?;
    }
    if watch::stopping() {
        super::print(
            "interrupted; go on seed by seed with `inkbit train --resume --out RUN/seed-N`\n",
        )?;
    }
    if job.timings {
        let mut timings = Timings::default();
        outcomes.iter().for_each(|outcome| timings += outcome.timings);
        super::print(&format!("\n{timings}"))?;
    }
    Ok(())
}

/// Every run's outcome, in order; none of those that had not begun when somebody stopped them.
fn side_by_side(
    runs: &[Run],
    data: &Dataset,
    report: bool,
) -> Vec<anyhow::Result<Option<Outcome>>> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(run) = runs.get(number)
        {
            done.push((number, train(run, data, report)));
        }
        done
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores.min(runs.len())).map(|_| scope.spawn(work)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Vec<_>>| {
            worker.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked))
        };
        workers.into_iter().flat_map(join).collect()
    });
    done.sort_by_key(|&(number, _)| number);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn train(run: &Run, data: &Dataset, report: bool) -> anyhow::Result<Option<Outcome>> {
    if watch::stopping() {
        return Ok(None);
    }
    let seed = run.config.seed;
    let mut observer = watch::lines(&run.config, format!("seed {seed}  "));
    let (state, timings) =
        run.train_timed(data, &mut observer).with_context(|| format!("seed {seed}"))?;
    let Some(best) = state.history.best() else { return Ok(None) };
    if report && state.history.end.is_some() {
        report::save(run, data)?;
    }
    Ok(Some(Outcome {
        seed,
        kept: best.epoch,
        epochs: state.history.epochs.len(),
        validation: best.validation_accuracy.into(),
        test: test_accuracy(run, data, &state)?,
        seconds: state.history.seconds(),
        timings,
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
