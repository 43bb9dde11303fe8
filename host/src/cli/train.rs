//! `inkbit train`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use inkbit::data::Dataset;
use inkbit::evaluate::evaluate_net;
use inkbit::labels;
use inkbit::run::{DataInfo, Run, RunError};
use inkbit::train::State;
use inkbit::train::history::End;
use inkbit::train::timings::Timings;

use super::config_args::{ConfigArgs, check_images};
use super::data_args::DataArgs;
use super::seeds::{self, Job};
use super::{report, watch};

/// Train a network and keep the weights of its best epoch.
///
/// A preset gives the configuration, a TOML file changes some of it, flags change the last of it;
/// what comes out is saved in the run's folder. Same seed, same machine, same weights, bit for bit.
/// Ctrl-C stops after the epoch in hand; what was trained is kept, and --resume goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit train --out runs/classic
  inkbit train --preset tiny --seeds 3 --out runs/tiny
  inkbit train --preset accurate --epochs 30 --timings --out runs/quick
  inkbit train --preset tiny --print-config > mine.toml
  inkbit train --out runs/small --hidden 64,32 --dropout 0.2 --seed 7
  inkbit train --out runs/mine --config mine.toml --data ../my-digits
  inkbit train --out runs/fashion --data ../fashion --labels fashion.txt
  inkbit train --out runs/classic --resume")]
pub struct Args {
    /// Folder of the run, created if need be
    #[arg(long, value_name = "RUN", required_unless_present = "print_config")]
    out: Option<PathBuf>,

    /// Train so many runs, with this seed and those that follow it, each in a folder of its own in
    /// RUN, as many at a time as there are cores
    #[arg(long, value_name = "COUNT", conflicts_with = "resume",
          value_parser = clap::value_parser!(u16).range(2..=1000))]
    seeds: Option<u16>,

    /// Go on with the interrupted run in that folder, with its configuration
    #[arg(long, conflicts_with_all = ["force", "preset"])]
    resume: bool,

    /// Replace the run in that folder
    #[arg(long)]
    force: bool,

    /// Print a line per epoch even on a terminal
    #[arg(long)]
    plain: bool,

    /// Print where the time went
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
        super::print(&args.config.resolve(None)?.to_commented_toml())?;
        return Ok(());
    };
    let resumed = args.resume.then(|| Run::open_unfinished(out)).transpose()?;
    let config = args.config.resolve(resumed.as_ref().map(|run| &run.config))?;
    if let Some(count) = args.seeds {
        let job = Job {
            out,
            config: &config,
            force: args.force,
            timings: args.timings,
            report: !args.no_report,
        };
        return seeds::run(&job, count.into(), || args.data.load());
    }
    if resumed.is_none() && !args.force {
        Run::check_free(out)?;
    }
    let data = match &resumed {
        Some(run) => args.data.load_for(run)?,
        None => args.data.load()?,
    };
    labels::check_classes(&data)?;
    check_images(&config, &data.train)?;
    let info = DataInfo::new(&data);
    let run = match resumed {
        Some(run) => {
            run.check_same(&config, &info)?;
            run
        }
        None => Run::create(out, &config, info, args.force)?,
    };
    let (state, timings) = fit(&run, &data, args.plain)?;
    let ended = state.history.end.is_some();
    let report = (ended && !args.no_report).then(|| report::save(&run, &data)).transpose()?;
    super::print(&summary(&run, &data, &state, report.as_deref())?)?;
    if args.timings {
        super::print(&format!("\n{timings}"))?;
    }
    Ok(())
}

/// Trains a run to its end, or until somebody stops it, with a dashboard or a line per epoch.
///
/// # Errors
///
/// Those of [`Run::train`].
pub fn fit(run: &Run, data: &Dataset, plain: bool) -> Result<(State, Timings), RunError> {
    let mut observer = watch::observer(&run.config, plain);
    let outcome = run.train_timed(data, observer.as_mut());
    watch::ended();
    outcome
}

/// The accuracy of what a run keeps, on the images that nothing was chosen by.
pub fn test_accuracy(run: &Run, data: &Dataset, state: &State) -> anyhow::Result<f64> {
    let device = run.config.backend.device()?;
    let test = data.test.shrunk(run.input());
    Ok(evaluate_net(&state.best, &data.classes, &test, &device)?.accuracy)
}

/// What came out, where it is, and what to do next.
fn summary(
    run: &Run,
    data: &Dataset,
    state: &State,
    report: Option<&Path>,
) -> anyhow::Result<String> {
    let history = &state.history;
    let Some(best) = history.best() else {
        return Ok("stopped before the end of the first epoch\n".to_owned());
    };
    let test = test_accuracy(run, data, state)?;
    let epochs = history.epochs.len();
    let end = match history.end {
        Some(End::Epochs) => "all epochs trained".to_owned(),
        Some(End::Patience) => {
            format!("no lower validation loss for {} epochs", run.config.patience)
        }
        None => "interrupted".to_owned(),
    };
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:20} {value}");
    };
    line("ended", &format!("after epoch {epochs}: {end}"));
    line("best epoch", &best.epoch.to_string());
    line("validation accuracy", &percent(best.validation_accuracy.into()));
    line(
        "test accuracy",
        &format!("{} of {} {} images", percent(test), data.test.len(), data.name),
    );
    line("time", &format!("{:.1} s of training", history.seconds()));
    if let Some(report) = report {
        line("report", &report.display().to_string());
    }
    line("saved in", &run.folder().display().to_string());
    line("next", &next(run.folder(), history.end.is_some()));
    Ok(text)
}

fn next(folder: &Path, ended: bool) -> String {
    if ended {
        format!("inkbit quantize {} -o model.inkbit", folder.display())
    } else {
        format!("inkbit train --resume --out {}", folder.display())
    }
}

/// A share with two digits after the point.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
