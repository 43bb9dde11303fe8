//! `inkbit train`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use inkbit::data::Dataset;
use inkbit::evaluate::evaluate_net;
use inkbit::run::{DataInfo, Run, RunError};
use inkbit::train::State;
use inkbit::train::history::End;

use super::config_args::ConfigArgs;
use super::data_args::DataArgs;
use super::watch;

/// Train a network and keep the weights of its best epoch.
///
/// A preset gives the configuration, a TOML file changes some of it, flags change the last of it;
/// what comes out is saved in the run's folder. Same seed, same machine, same weights, bit for bit.
/// Ctrl-C stops after the epoch in hand; what was trained is kept, and --resume goes on from there.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit train --out runs/classic
  inkbit train --out runs/small --hidden 64,32 --dropout 0.2 --seed 7
  inkbit train --out runs/mine --config mine.toml --data ../my-digits
  inkbit train --out runs/classic --resume")]
pub struct Args {
    /// Folder of the run, created if need be
    #[arg(long, value_name = "RUN")]
    out: PathBuf,

    /// Go on with the interrupted run in that folder, with its configuration
    #[arg(long, conflicts_with_all = ["force", "preset"])]
    resume: bool,

    /// Replace the run in that folder
    #[arg(long)]
    force: bool,

    /// Print a line per epoch even on a terminal
    #[arg(long)]
    plain: bool,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let resumed = args.resume.then(|| Run::open_unfinished(&args.out)).transpose()?;
    let config = args.config.resolve(resumed.as_ref().map(|run| &run.config))?;
    if resumed.is_none() && !args.force {
        Run::check_free(&args.out)?;
    }
    let data = match &resumed {
        Some(run) => args.data.load_for(run)?,
        None => args.data.load()?,
    };
    let info = DataInfo::new(&data);
    let run = match resumed {
        Some(run) => {
            run.check_same(&config, &info)?;
            run
        }
        None => Run::create(&args.out, &config, info, args.force)?,
    };
    let state = fit(&run, &data, args.plain)?;
    super::print(&summary(&run, &data, &state)?)?;
    Ok(())
}

/// Trains a run to its end, or until somebody stops it, with a dashboard or a line per epoch.
///
/// # Errors
///
/// Those of [`Run::train`].
pub fn fit(run: &Run, data: &Dataset, plain: bool) -> Result<State, RunError> {
    let mut observer = watch::observer(&run.config, plain);
    let state = run.train(data, observer.as_mut());
    watch::ended();
    state
}

/// What came out, where it is, and what to do next.
fn summary(run: &Run, data: &Dataset, state: &State) -> anyhow::Result<String> {
    let history = &state.history;
    let Some(best) = history.best() else {
        return Ok("stopped before the end of the first epoch\n".to_owned());
    };
    let device = run.config.backend.device()?;
    let test = evaluate_net(&state.best, &data.classes, &data.test.shrunk(run.input()), &device)?;
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
        &format!("{} of {} {} images", percent(test.accuracy), test.images, data.name),
    );
    line("time", &format!("{:.1} s of training", history.seconds()));
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

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
