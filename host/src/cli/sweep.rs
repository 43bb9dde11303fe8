//! `inkbit sweep`

mod display;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use display::{Display, closing};

use super::data_args::DataArgs;
use super::interrupt;
use super::{Interrupted, UsageError};
use crate::config::preset::PRESETS;
use crate::data::Dataset;
use crate::support::files::{self, FileError};
use crate::support::numbers::counted;
use crate::support::parallel;
use crate::sweep::{Cell, Folder, Plan, Sweep, SweepError, Table, svg};

/// Train many networks and find the best for each size.
///
/// A grid, or a random choice of it, over widths, depths, bits, inputs and seeds. Sizes are computed
/// before anything is trained, and networks beyond the budget are left out. Trainings run side by
/// side on all cores. A sweep may be stopped or killed at any time: the same command, or `inkbit
/// sweep --out DIR` alone, goes on, and no finished training is repeated; Ctrl-C ends with exit code 130. Networks are compared by
/// the images kept apart from the training images; accuracy on the test images is shown beside it.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  inkbit sweep --out sweeps/first --widths 16,32,64 --depths 1,2 --set epochs=5     minutes
  inkbit sweep --out sweeps/small --plan small.toml --max-bytes 12900 --fit microbit
  inkbit sweep --out sweeps/small                          go on with it
  inkbit sweep --out sweeps/part2 --plan small.toml --shard 2/8    one of eight machines
  inkbit sweep merge sweeps/part* --out sweeps/small       join what they have trained

It writes DIR/table.json (all measures), DIR/sweep.svg (accuracy against bytes and against
instructions, with Pareto fronts) and a run's folder with model.inkbit for every training."
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Action>,

    /// Folder of the sweep, created if need be
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,

    /// TOML file that describes the sweep; flags go before it
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,

    #[command(flatten)]
    choices: Choices,

    /// Train only part K of N, the same on every machine; the folder keeps to it
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,

    /// Trainings side by side [default: the number of cores]
    #[arg(long, value_name = "COUNT")]
    jobs: Option<NonZeroUsize>,

    /// Print the networks that fit, with their bytes, and train nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the table as one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Merge(Merge),
}

/// Join the results of shards in one folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit sweep merge sweeps/part1 sweeps/part2 --out sweeps/small

Finished trainings are copied; what is missing is trained by `inkbit sweep --out DIR`.")]
struct Merge {
    /// Folders of the shards
    #[arg(value_name = "DIR", required = true)]
    shards: Vec<PathBuf>,

    /// Folder that gets all results, created if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Print the table as one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,
}

/// Flags that make up a plan.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Choices and limits")]
struct Choices {
    /// Widths that a hidden layer may have; no layer is wider than the one before it
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    widths: Option<Vec<usize>>,

    /// Numbers of hidden layers
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    depths: Option<Vec<usize>>,

    /// Bits of the weights: 8, 4 or 2, or one of them for each layer; give it once for each choice
    #[arg(long, value_name = "BITS")]
    bits: Vec<String>,

    /// Edges of the image after shrinking, such as 28,14,12
    #[arg(long, value_name = "EDGES", value_delimiter = ',')]
    inputs: Option<Vec<usize>>,

    /// Trainings of each network, with different seeds
    #[arg(long, value_name = "COUNT")]
    seeds: Option<u64>,

    /// Take so many of the networks that fit, chosen at random by the seed
    #[arg(long, value_name = "COUNT")]
    random: Option<usize>,

    /// The most bytes that a model may have
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<usize>,

    /// Board whose flash and working memory must hold the model
    #[arg(long, value_name = "BOARD")]
    fit: Option<String>,

    /// Configuration to start from [default: classic]
    #[arg(long, value_parser = PRESETS.map(|preset| preset.name))]
    preset: Option<String>,

    /// Other value of the configuration, as in a preset's TOML file
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Choices {
    /// Whether any is given.
    fn is_given(&self) -> bool {
        let Self { widths, depths, bits, inputs, seeds, random, max_bytes, fit, preset, set } =
            self;
        let numbers = widths.is_some() || depths.is_some() || inputs.is_some() || seeds.is_some();
        let limits = random.is_some() || max_bytes.is_some() || fit.is_some();
        numbers || limits || !bits.is_empty() || preset.is_some() || !set.is_empty()
    }

    /// Puts the flags over a plan.
    fn apply(&self, plan: &mut Plan) -> anyhow::Result<()> {
        set(&mut plan.space.widths, self.widths.clone());
        set(&mut plan.space.depths, self.depths.clone());
        set(&mut plan.space.inputs, self.inputs.clone());
        set(&mut plan.space.seeds, self.seeds.map(Some));
        set(&mut plan.random, self.random.map(Some));
        set(&mut plan.max_bytes, self.max_bytes.map(Some));
        set(&mut plan.fit, self.fit.clone().map(Some));
        set(&mut plan.preset, self.preset.clone().map(Some));
        if !self.bits.is_empty() {
            let list = |text: &String| text.split(',').map(|bits| bits.trim().parse()).collect();
            let lists: Result<_, _> = self.bits.iter().map(list).collect();
            plan.space.bits = lists.map_err(|error| {
                UsageError(format!("--bits is {:?}, but must be numbers: {error}", self.bits))
            })?;
        }
        for text in &self.set {
            let table: toml::Table = text.parse().map_err(|_| {
                UsageError(format!("--set is `{text}`, but must be KEY=VALUE as in TOML"))
            })?;
            plan.config.extend(table);
        }
        Ok(())
    }
}

fn set<T>(value: &mut T, flag: Option<T>) {
    if let Some(flag) = flag {
        *value = flag;
    }
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Some(Action::Merge(merge)) => join(merge),
        None => train(args, args.out.as_deref().context("clap requires --out")?),
    }
}

fn train(args: &Args, out: &Path) -> anyhow::Result<()> {
    let plan = plan(args, out)?;
    plan.networks().map_err(usage)?;
    let data = load(&args.data, out)?;
    let sweep = Sweep::new(&plan, &data).map_err(usage)?;
    let cells = sweep.shard(plan.shard());
    if args.dry_run {
        let folder = Folder::find(out, &plan, &sweep)?;
        super::print(&listing(&sweep, &cells, folder.as_ref())?)?;
        return Ok(());
    }
    let folder = Folder::open(out, &plan, &sweep)?;
    let jobs = args.jobs.map_or_else(parallel::cores, NonZeroUsize::get);
    let mut display = Display::new(&sweep, cells.len(), !args.json);
    display.line(&format!(
        "{}; {} here of {}, {jobs} side by side",
        sweep.counts(),
        counted(cells.len(), "training", "trainings"),
        counted(sweep.base.epochs, "epoch", "epochs"),
    ));
    interrupt::begun();
    let summary =
        folder.train(&cells, &sweep, &data, jobs, &interrupt::stopping, |now| display.show(&now));
    interrupt::ended();
    display.end();
    let summary = summary?;
    display.line(&closing(&summary, out));
    let table = finish(&folder, &sweep, args.json)?;
    if interrupt::stopping() {
        return Err(Interrupted.into());
    }
    let Some((cell, _)) = table.failed.first() else { return Ok(()) };
    bail!(
        "{} of {} failed, see `failed` above; the same values fail again: give others and another \
         folder (diverging trainings take a smaller learning_rate), or to try once more remove {} \
         and the like",
        table.failed.len(),
        counted(table.failed.len() + table.finished, "training", "trainings"),
        folder.path().join("cells").join(cell).display()
    )
}

/// The plan: that of the folder if nothing is asked for, else the file with the flags over it.
fn plan(args: &Args, out: &Path) -> anyhow::Result<Plan> {
    let mut plan = match &args.plan {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| UsageError::of(&FileError::at("read", path)(error)))?;
            Plan::from_toml(&path.display().to_string(), &text).map_err(usage)?
        }
        None if !args.choices.is_given() => match Folder::plan(out) {
            Err(SweepError::NotASweep(_)) => {
                let message = "nothing to sweep over: give --plan, or choices such as --widths";
                return Err(UsageError(message.to_owned()).into());
            }
            plan => plan?,
        },
        None => Plan::default(),
    };
    args.choices.apply(&mut plan)?;
    if let Some(shard) = &args.shard {
        plan.shard = Some(shard.parse().map_err(SweepError::Shard).map_err(usage)?);
    }
    Ok(plan)
}

/// The data that the flags name, or else the sweep's.
fn load(args: &DataArgs, out: &Path) -> anyhow::Result<Dataset> {
    let mut args = args.clone();
    if args.data.is_none() && Folder::plan(out).is_ok() {
        args.data = Some(Folder::data_name(out)?);
    }
    args.load()
}

fn join(args: &Merge) -> anyhow::Result<()> {
    let first = args.shards.first().context("clap requires a shard")?;
    let plan = Plan { shard: None, ..Folder::plan(first)? };
    let data = load(&args.data, first)?;
    let sweep = Sweep::new(&plan, &data)?;
    let parts = Folder::parts(&sweep, &args.shards)?;
    let folder = Folder::open(&args.out, &plan, &sweep)?;
    let merged = folder.merge(&sweep, &parts)?;
    if !args.json {
        let there = match merged.there {
            0 => String::new(),
            there => format!(", {there} were there already"),
        };
        let copied = counted(merged.copied, "result", "results");
        super::print(&format!("{copied} copied{there}\n\n"))?;
    }
    finish(&folder, &sweep, args.json)?;
    Ok(())
}

/// Writes table and picture, and prints the table.
fn finish(folder: &Folder, sweep: &Sweep, json: bool) -> anyhow::Result<Table> {
    let table = Table::read(folder, sweep)?;
    let text = serde_json::to_string_pretty(&table)? + "\n";
    files::write(&folder.path().join("table.json"), text.as_bytes())?;
    let picture = folder.path().join("sweep.svg");
    files::write(&picture, svg(&table).as_bytes())?;
    if json {
        super::print(&text)?;
    } else {
        super::print(&format!("{}picture: {}\n", table.text(), picture.display()))?;
    }
    Ok(table)
}

/// The networks that fit, with their bytes, and how many trainings a folder has.
fn listing(sweep: &Sweep, cells: &[Cell], folder: Option<&Folder>) -> anyhow::Result<String> {
    let mut ended = 0;
    for cell in cells {
        let outcome = folder.map_or(Ok(None), |folder| folder.outcome(cell))?;
        ended += usize::from(outcome.is_some());
    }
    let mut text = String::new();
    for candidate in sweep.candidates.iter().rev() {
        text += &format!("{:9} bytes  {}\n", candidate.bytes, sweep.label(&candidate.config));
    }
    let here = counted(cells.len(), "training", "trainings");
    let ended = match ended {
        0 => String::new(),
        ended => format!(": {} to go, {ended} done", cells.len() - ended),
    };
    Ok(text + &format!("{}; {here} here{ended}\n", sweep.counts()))
}

fn usage(error: SweepError) -> anyhow::Error {
    if error.is_usage() { UsageError::of(&error).into() } else { error.into() }
}
