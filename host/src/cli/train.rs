//! `inkbit train`

use std::path::{Path, PathBuf};

use super::config_args::ConfigArgs;
use super::data_args::DataArgs;
use super::trained::{Start, Trained, begin, fit, next};
use super::{Interrupted, report, seeds, usage};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::run::Run;
use crate::support::numbers::percent;
use crate::train::history::End;

/// Train a network and keep the weights of its best epoch.
///
/// The configuration is that of a preset, changed by a TOML file, changed by flags; it is saved in
/// the run's folder. The same seed on the same machine gives the same weights, bit for bit. Ctrl-C
/// stops after the current epoch, with exit code 130; finished epochs are kept, and --resume goes
/// on from there, also with runs of --seeds and with a report that was not yet written.
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
  inkbit train --out runs/classic --resume
  inkbit train --out runs/tiny --resume          all unfinished seeds")]
pub struct Args {
    /// Folder of the run, created if need be
    #[arg(long, value_name = "RUN", required_unless_present = "print_config")]
    out: Option<PathBuf>,

    /// Train COUNT runs with consecutive seeds from --seed on, each in its own folder in RUN, one
    /// per core at a time
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub seeds: Option<u16>,

    /// Resume the interrupted run in that folder, or those of several seeds, with their
    /// configuration; other flags must agree with it
    #[arg(long, conflicts_with = "force")]
    resume: bool,

    /// Replace the run in that folder
    #[arg(long)]
    pub force: bool,

    /// Print a line per epoch even on a terminal
    #[arg(long)]
    plain: bool,

    /// Print how long each part of the training took
    #[arg(long)]
    pub timings: bool,

    /// Print the configuration with comments, as a file for --config, and do nothing else
    #[arg(long, conflicts_with_all = ["out", "resume", "seeds"])]
    print_config: bool,

    /// Do not write report.html into the run's folder at the end
    #[arg(long)]
    pub no_report: bool,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    pub data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Some(out) = &args.out else {
        return super::print(&args.config.resolve(None)?.to_commented_toml());
    };
    let begun = match args.resume && (args.seeds.is_some() || !Run::is_at(out)) {
        true => seeds::begun(out)?,
        false => Vec::new(),
    };
    if args.resume && args.seeds.is_some() && begun.is_empty() {
        let message = format!(
            "{} has no runs in folders seed-N to resume: leave out --resume to begin them, or \
             --seeds to go on with a single run",
            out.display()
        );
        return Err(usage(message));
    }
    if args.seeds.is_some() || !begun.is_empty() {
        return seeds::run(args, out, &begun);
    }
    let resumed = args.resume.then(|| Run::open(out)).transpose()?;
    match &resumed {
        // A finished run may still lack its report.
        Some(run) if !args.no_report && run.lacks_report()? => {}
        Some(run) => run.check_unfinished()?,
        None if args.force => {}
        None => Run::check_free(out)?,
    }
    let config = args.resolve(resumed.as_ref())?;
    let start = Start { folder: out.clone(), config, resumed: resumed.as_ref() };
    let (data, runs) = begin(vec![start], resumed.as_ref(), &args.data, args.force)?;
    let run = &runs[0];
    let trained = match Trained::read(run)? {
        Some(trained) => trained,
        None => fit(run, &data, args.plain)?,
    };
    let ended = trained.history.end.is_some();
    let report = (ended && !args.no_report).then(|| report::save(run, &data)).transpose()?;
    super::print(&summary(run, &data, &trained, report.as_deref())?)?;
    if args.timings {
        super::print(&format!("\n{}", trained.timings))?;
    }
    if ended { Ok(()) } else { Err(Interrupted.into()) }
}

impl Args {
    /// The configuration: that of the resumed run unless a preset is named, changed by the flags.
    pub fn resolve(&self, resumed: Option<&Run>) -> anyhow::Result<TrainConfig> {
        let run = resumed.filter(|_| self.config.preset.is_none());
        self.config.resolve(run.map(|run| &run.config))
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
            &format!("{} of {} {} images", percent(test), data.test.len(), data.name),
        ),
        line("time", &format!("{:.1} s of training", history.seconds())),
        report.map_or_else(String::new, |report| line("report", &report.display().to_string())),
        line("saved in", &run.folder().display().to_string()),
        line("next", &next(run.folder(), history.end.is_some())),
    ]
    .concat())
}
