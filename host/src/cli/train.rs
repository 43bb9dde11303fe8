//! `inkbit train`

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::config_args::ConfigArgs;
use super::dashboard::Lines;
use super::data_args::DataArgs;
use super::fine_tune::{self, Source};
use super::trained::{Start, Trained, begin, begin_on, fit, next};
use super::{Interrupted, interrupt, report, usage};
use crate::config::{TrainConfig, preset};
use crate::data::Dataset;
use crate::data::source::Reading;
use crate::report::html;
use crate::run::{Claim, Run, RunError};
use crate::support::lock::Lock;
use crate::support::numbers::{mean_and_deviation, percent};
use crate::support::replace::check_own_folder;
use crate::support::visible;
use crate::support::{files, parallel};
use crate::train::history::End;
use crate::train::timings::Timings;

/// Train a network and keep the weights of its best epoch.
///
/// The configuration is that of a preset, changed by a TOML file, changed by flags; it is saved in
/// the run's folder. Without --data, `classic` trains on `mnist`, and every other preset on
/// `mnist+synthetic:0.2`. The same seed on the same machine gives the same weights, bit for bit. Ctrl-C
/// stops after the current epoch, with exit code 130; finished epochs are kept, and --resume goes
/// on from there, also with runs of --seeds and with a report that was not yet written.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/train.txt"))]
pub struct Args {
    /// Folder of the run, created if need be
    #[arg(long, value_name = "RUN", required_unless_present = "print_config")]
    out: Option<PathBuf>,

    /// Train COUNT runs with consecutive seeds from --seed on, each in its own folder in RUN, one
    /// per core at a time
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(2..=1000))]
    seeds: Option<u16>,

    /// Resume the interrupted run in that folder, or those of several seeds, with their
    /// configuration; other flags must agree with it
    #[arg(long, conflicts_with = "force")]
    resume: bool,

    /// Go on from the weights of a run's folder or of a model, with your own images: ten epochs at 3 % of
    /// the rate, unless flags say otherwise. --data names your images, which become a fifth of
    /// a mixture with those that it was trained on, or a mixture in which yours come last
    #[arg(long, value_name = "RUN|MODEL", conflicts_with_all = ["resume", "seeds", "labels"])]
    #[arg(requires = "data")]
    from: Option<PathBuf>,

    /// Replace the run in that folder
    #[arg(long)]
    force: bool,

    /// Print a line per epoch even on a terminal
    #[arg(long)]
    plain: bool,

    /// Print how long each part of the training took
    #[arg(long)]
    timings: bool,

    /// Print the configuration with comments, as a file for --config, and do nothing else
    #[arg(long, conflicts_with_all = ["out", "resume", "seeds"])]
    print_config: bool,

    /// Do not write report.html into the run's folder at the end
    #[arg(long)]
    no_report: bool,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Some(out) = &args.out else {
        return super::print(&args.config.resolve(None)?.to_commented_toml());
    };
    let begun = match args.resume && (args.seeds.is_some() || !Run::is_at(out)) {
        true => begun_seeds(out)?,
        false => Vec::new(),
    };
    if args.resume && args.seeds.is_some() && begun.is_empty() {
        let message = format!(
            "{} has no runs in folders seed-N to resume: leave out --resume to begin them, or \
             --seeds to go on with a single run",
            visible::path(out)
        );
        return Err(usage(message));
    }
    if args.seeds.is_some() || !begun.is_empty() {
        return run_seeds(args, out, &begun);
    }
    let resumed = args.resume.then(|| Run::open(out)).transpose()?;
    match &resumed {
        // A finished run may still lack its report.
        Some(run) if !args.no_report && run.data.imported.is_none() && run.lacks_report()? => {}
        Some(run) => run.check_unfinished()?,
        None => Run::check_free(out, args.force)?,
    }
    args.check_report(out)?;
    if let Some(from) = &args.from {
        return run_from(args, from, out);
    }
    let config = args.resolve(resumed.as_ref())?;
    let start = Start { folder: out.clone(), config, resumed: resumed.as_ref(), network: None };
    let ready = || Ok(());
    let (data, runs) =
        begin(vec![start], resumed.as_ref(), &args.data(), args.force, ready, |claim| claim)?;
    finish(args, &runs[0], &data)
}

/// Trains a run that goes on from the weights of another.
fn run_from(args: &Args, from: &Path, out: &Path) -> anyhow::Result<()> {
    if files::is_same(from, out) {
        return Err(usage(format!(
            "--from and --out are both {}: give another folder for the new run",
            visible::path(out)
        )));
    }
    let source = Source::open(from)?;
    let base = args.config.preset.is_none().then_some(&source.config);
    let config = args.config.resolve(base)?;
    source.check(&config)?;
    let (data, own, mut info) = source.load(&args.data)?;
    let network = source.network(&config);
    info.fine_tuning = Some(source.measure(from, &config, [&data, &own])?);
    let start = Start { folder: out.to_owned(), config, resumed: None, network: Some(network) };
    let runs = begin_on(&data, &info, vec![start], args.force, || Ok(()), |claim| claim)?;
    finish(args, &runs[0], &data)
}

/// Trains a run to its end, and prints its results.
fn finish(args: &Args, run: &Claim, data: &Dataset) -> anyhow::Result<()> {
    let trained = match Trained::read(run)? {
        Some(trained) => trained,
        None => fit(run, data, args.plain)?,
    };
    let ended = trained.history.end.is_some();
    let report = (ended && !args.no_report).then(|| report::save(run, data)).transpose()?;
    super::print(&summary(run, data, &trained, report.as_deref())?)?;
    if ended && let Some(tuning) = &run.data.fine_tuning {
        let own = fine_tune::own_accuracy(run, &trained.best, &args.data)?;
        let after = trained.test_accuracy(run, data)?;
        super::print(&format!("\n{}", fine_tune::before_and_after(tuning, data, own, after)))?;
    }
    if args.timings {
        super::print(&format!("\n{}", trained.timings))?;
    }
    if ended { Ok(()) } else { Err(Interrupted.into()) }
}

impl Args {
    /// The configuration: that of the resumed run unless a preset is named, changed by the flags.
    fn resolve(&self, resumed: Option<&Run>) -> anyhow::Result<TrainConfig> {
        let run = resumed.filter(|_| self.config.preset.is_none());
        self.config.resolve(run.map(|run| &run.config))
    }

    /// The configuration, the value of `--data`, and how these are read; `None` if some of it is in a file
    /// that the flags name.
    pub(super) fn without_files(&self) -> Option<(TrainConfig, String, Reading)> {
        let config = self.config.resolve_without_file()?;
        let data = self.data();
        Some((config, data.data.unwrap_or_else(|| "mnist".to_owned()), data.read.reading()))
    }

    /// The data: those that the flags name, else those of the preset. A resumed run has its own.
    fn data(&self) -> DataArgs {
        match self.config.preset.as_deref().and_then(preset::find) {
            Some(preset) if !self.resume => self.data.or(preset.data),
            _ => self.data.clone(),
        }
    }

    /// Finds what is in the way of a run's report before it is trained for.
    fn check_report(&self, folder: &Path) -> anyhow::Result<()> {
        match self.no_report {
            true => Ok(()),
            false => Ok(html::check_names(&Run::report_of(folder))?),
        }
    }
}

/// The results of a training, where they are, and the next command.
fn summary(
    run: &Run,
    data: &Dataset,
    trained: &Trained,
    report: Option<&Path>,
) -> anyhow::Result<String> {
    let history = &trained.history;
    let Some(best) = history.best() else {
        return Ok("stopped before the end of the first epoch\n".to_owned());
    };
    let test = trained.test_accuracy(run, data)?;
    let epochs = history.epochs.len();
    let end = match history.end {
        Some(End::Epochs) => "all epochs trained".to_owned(),
        Some(End::Patience) => {
            format!("no lower validation loss for {} epochs", run.config.patience)
        }
        None => "interrupted".to_owned(),
    };
    let line = |name: &str, value: &str| format!("{name:20} {value}\n");
    Ok([
        line("ended", &format!("after epoch {epochs}: {end}")),
        line("best epoch", &best.epoch.to_string()),
        line("validation accuracy", &percent(best.validation_accuracy.into())),
        line(
            "test accuracy",
            &format!(
                "{} of {} {} images",
                percent(test),
                data.test.len(),
                visible::line(&data.name)
            ),
        ),
        line("time", &format!("{:.1} s of training", history.seconds())),
        report.map_or_else(String::new, |report| line("report", &visible::path(report))),
        line("saved in", &visible::path(run.folder())),
        line("next", &next(run.folder(), history.end.is_some())),
        match history.end {
            Some(_) if !data.test.shape.is_features() => line("then", "inkbit play model.inkbit"),
            _ => String::new(),
        },
    ]
    .concat())
}

fn seed_folder(out: &Path, seed: u64) -> PathBuf {
    out.join(format!("seed-{seed}"))
}

/// The runs of an earlier `--seeds` in a folder, sorted by seed.
fn begun_seeds(out: &Path) -> anyhow::Result<Vec<Run>> {
    let mut runs = Vec::new();
    for path in if out.is_dir() { files::list(out)? } else { Vec::new() } {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("seed-") && Run::is_at(&path) {
            runs.push(Run::open(&path)?);
        }
    }
    // Renamed folders are skipped.
    runs.retain(|run| run.folder() == seed_folder(out, run.config.seed));
    runs.sort_by_key(|run| run.config.seed);
    Ok(runs)
}

/// Trains a run for each seed, one per core at a time, and prints a line for each, their mean and
/// their standard deviation. Of the runs that have begun, interrupted ones are resumed and finished
/// ones are kept.
fn run_seeds(args: &Args, out: &Path, begun: &[Run]) -> anyhow::Result<()> {
    let config = args.resolve(begun.first())?;
    let first = config.seed;
    let seeds: Vec<u64> = match args.seeds.map(|count| first + u64::from(count) - 1) {
        None => begun.iter().map(|run| run.config.seed).collect(),
        Some(last) if i64::try_from(last).is_ok() => (first..=last).collect(),
        Some(last) => {
            return Err(usage(format!("the last seed is {last}, but must be at most 2^63 - 1")));
        }
    };
    let check = || -> anyhow::Result<()> {
        Lock::check(out)?;
        seeds.iter().try_for_each(|&seed| check_seed(args, out, begun, seed))
    };
    // Refused before there is a lock's file in the folder, and decided under the lock. That is held
    // to the end of all seeds: the locks of the runs keep nobody from replacing those that are done.
    check()?;
    let mut outer = None;
    let ready = || {
        files::create_folder(out)?;
        outer = Some(Lock::try_take(out)?.ok_or_else(|| RunError::Busy(out.to_owned()))?);
        if args.resume && begun_seeds(out)? != begun {
            return Err(RunError::Replaced(out.to_owned()).into());
        }
        check()
    };
    let mut starts = Vec::new();
    for &seed in &seeds {
        let folder = seed_folder(out, seed);
        let resumed = begun.iter().find(|run| run.config.seed == seed);
        let config = TrainConfig { seed, ..config.clone() };
        starts.push(Start { folder, config, resumed, network: None });
    }
    let (data, runs) =
        begin(starts, begun.first(), &args.data(), args.force, ready, Claim::release)?;
    let report = !args.no_report;
    let outcomes = parallel::map(runs.len(), |number| train_seed(&runs[number], &data, report));
    drop(outer);
    interrupt::ended();
    let outcomes = outcomes.into_iter().filter_map(Result::transpose);
    let outcomes = outcomes.collect::<anyhow::Result<Vec<_>>>()?;
    super::print(&table(&outcomes))?;
    if interrupt::stopping() {
        super::print(&format!("interrupted; go on with `{}`\n", next(out, false)))?;
    } else if report {
        let folders = out.join("seed-N").join("report.html");
        super::print(&format!("\nreports in {}\n", visible::path(&folders)))?;
    }
    if args.timings {
        let mut timings = Timings::default();
        outcomes.iter().for_each(|outcome| timings += outcome.timings);
        super::print(&format!("\n{timings}"))?;
    }
    if interrupt::stopping() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Refuses a seed before anything of any seed is changed.
fn check_seed(args: &Args, out: &Path, begun: &[Run], seed: u64) -> anyhow::Result<()> {
    let folder = seed_folder(out, seed);
    check_own_folder(&folder)?;
    match begun.iter().find(|run| run.config.seed == seed) {
        Some(run) if run.history()?.end.is_none() => run.check_unfinished()?,
        Some(_) => {}
        None => Run::check_free(&folder, args.force)?,
    }
    args.check_report(&folder)
}

/// The outcome of a run; none if it had not begun at an interrupt.
fn train_seed(run: &Run, data: &Dataset, report: bool) -> anyhow::Result<Option<Outcome>> {
    if interrupt::stopping() {
        return Ok(None);
    }
    let seed = run.config.seed;
    let run = &run.claim()?;
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
