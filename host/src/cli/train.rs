//! `inkbit train`

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use inkbit::backend::Backend;
use inkbit::config::{ConfigError, TrainConfig};
use inkbit::data::Dataset;
use inkbit::evaluate::evaluate_net;
use inkbit::files::FileError;
use inkbit::preset::{self, PRESETS};
use inkbit::run::{DataInfo, Run, RunError};
use inkbit::train::State;
use inkbit::train::history::End;

use super::UsageError;
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

/// Flags that make up a configuration.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Configuration", allow_negative_numbers = true)]
pub struct ConfigArgs {
    /// Configuration to start from [default: classic]
    #[arg(long, value_parser = PRESETS.map(|preset| preset.name))]
    pub preset: Option<String>,

    /// TOML file with the values that differ from the preset
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Widths of the hidden layers [classic: 256,128]
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    pub hidden: Option<Vec<usize>>,

    /// Share of the hidden values that a step drops, from 0 to below 1 [classic: 0.4]
    #[arg(long, value_name = "SHARE")]
    pub dropout: Option<f32>,

    /// Passes over the training images, at most [classic: 20]
    #[arg(long, value_name = "COUNT")]
    pub epochs: Option<usize>,

    /// Images in a training step [classic: 128]
    #[arg(long, value_name = "COUNT")]
    pub batch: Option<usize>,

    /// Learning rate; `learning_rate` in a TOML file [classic: 0.001]
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f32>,

    /// Start of all random numbers, at most 2^63 - 1 [classic: 1]
    #[arg(long)]
    pub seed: Option<u64>,

    /// Epochs without a lower validation loss after which training stops [classic: 5]
    #[arg(long, value_name = "COUNT")]
    pub patience: Option<usize>,

    /// Share of the training images to choose the best epoch by [classic: 0.0833333]
    #[arg(long, value_name = "SHARE")]
    pub validation_split: Option<f64>,

    /// What computes: ndarray, or flex in builds with that cargo feature
    #[arg(long)]
    pub backend: Option<Backend>,
}

impl ConfigArgs {
    /// The configuration: `base`, or else the preset, then the file, then the flags.
    ///
    /// # Errors
    ///
    /// [`UsageError`] with the key, what was found and what was expected.
    pub fn resolve(&self, base: Option<&TrainConfig>) -> anyhow::Result<TrainConfig> {
        let mut layers = Vec::new();
        match (base, &self.preset) {
            (Some(base), _) => layers.push(("the run".to_owned(), base.to_toml())),
            (None, name) => {
                let preset = name.as_deref().map_or(Some(PRESETS[0]), preset::find);
                let preset = preset.context("clap has checked the preset's name")?;
                layers.push((preset.name.to_owned(), preset.toml.to_owned()));
            }
        }
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .map_err(|error| UsageError(FileError::at("read", path)(error).to_string()))?;
            layers.push((path.display().to_string(), text));
        }
        let layers: Vec<_> = layers.iter().map(|(name, text)| (&name[..], &text[..])).collect();
        let mut config = TrainConfig::from_layers(&layers).map_err(usage)?;
        set(&mut config.hidden, self.hidden.clone());
        set(&mut config.dropout, self.dropout);
        set(&mut config.epochs, self.epochs);
        set(&mut config.batch, self.batch);
        set(&mut config.learning_rate, self.lr);
        set(&mut config.seed, self.seed);
        set(&mut config.patience, self.patience);
        set(&mut config.validation_split, self.validation_split);
        set(&mut config.backend, self.backend);
        config.validate().map_err(usage)?;
        Ok(config)
    }
}

fn set<T>(value: &mut T, flag: Option<T>) {
    if let Some(flag) = flag {
        *value = flag;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn usage(error: ConfigError) -> UsageError {
    UsageError(error.to_string())
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
    let test = evaluate_net(&state.best, &data.classes, &data.test, &device)?;
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
