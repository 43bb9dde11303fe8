//! `inkbit sweep`

mod display;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use display::{Display, closing};

use super::data_args::DataArgs;
use super::interrupt;
use super::{Interrupted, read_text, usage, wrong_use};
use crate::config::preset::PRESETS;
use crate::data::Dataset;
use crate::data::source::Reading;
use crate::support::numbers::counted;
use crate::support::parallel;
use crate::support::visible;
use crate::sweep::{CHART, CHART_LINE, Cell, Folder, Plan, Sweep, SweepError, TABLE, Table, svg};

/// Train many networks and find the best for each size.
///
/// The networks are a grid, or a random sample of it, over widths, depths, bits, inputs and seeds.
/// Sizes are computed before anything is trained, and networks beyond the budget are left out.
/// Trainings run in parallel on all cores. A sweep may be stopped or killed at any time: the same
/// command, or `inkbit sweep --out DIR` alone, resumes it, and no finished training is repeated;
/// Ctrl-C ends with exit code 130. Networks are compared by their accuracy on the validation
/// images; accuracy on the test images is shown beside it.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = include_str!("../../templates/help/sweep.txt")
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Action>,

    /// Folder of the sweep, created if need be
    #[arg(long, value_name = "DIR", required = true)]
    out: Option<PathBuf>,

    /// TOML file that describes the sweep; flags override it
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,

    #[command(flatten)]
    choices: Choices,

    /// Train only part K of N, which is the same on every machine; the folder stays with this part
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,

    /// Trainings in parallel [default: the number of cores]
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
#[command(after_help = include_str!("../../templates/help/sweep-merge.txt"))]
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

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Choices and limits")]
struct Choices {
    /// Widths that a hidden layer may have; no layer is wider than the one before it
    #[arg(long, value_name = "WIDTHS", value_delimiter = ',')]
    widths: Option<Vec<usize>>,

    /// Numbers of hidden layers
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    depths: Option<Vec<usize>>,

    /// Bits of the weights: 8, 4 or 2, or one of them for each layer; repeat for each choice
    #[arg(long, value_name = "BITS")]
    bits: Vec<String>,

    /// Side lengths of the network's input images, such as 28,14,12
    #[arg(long, value_name = "PIXELS", value_delimiter = ',')]
    inputs: Option<Vec<usize>>,

    /// Trainings of each network, with different seeds
    #[arg(long, value_name = "COUNT")]
    seeds: Option<u64>,

    /// Sample COUNT of the networks that fit, at random by the seed
    #[arg(long, value_name = "COUNT")]
    random: Option<usize>,

    /// Maximum size of a model in bytes
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<usize>,

    /// Board that the model must fit, in flash and in working memory
    #[arg(long, value_name = "BOARD")]
    fit: Option<String>,

    /// Configuration to start from [default: classic]
    #[arg(long, value_parser = PRESETS.map(|preset| preset.name))]
    preset: Option<String>,

    /// Value of another training key, as in a TOML file for `inkbit train --config`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Choices {
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
            let list =
                |text: &String| text.split(',').map(|bits| bits.trim().parse::<u8>()).collect();
            let lists: Result<_, _> = self.bits.iter().map(list).collect();
            plan.space.bits = lists.map_err(|error| {
                usage(format!("--bits is {:?}, but must be numbers: {error}", self.bits))
            })?;
        }
        for text in &self.set {
            let table: toml::Table = text.parse().map_err(|_| {
                let text = visible::line(text);
                usage(format!("--set is `{text}`, but must be KEY=VALUE as in TOML"))
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
    plan.networks().map_err(of_sweep)?;
    let (data, reading) = load(&args.data, out)?;
    let sweep = Sweep::new(&plan, &data, &reading).map_err(of_sweep)?;
    let cells = sweep.shard(plan.shard());
    if args.dry_run {
        let folder = Folder::find(out, &plan, &sweep)?;
        return super::print(&listing(&sweep, &cells, folder.as_ref())?);
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
    let table = finish(&folder, &plan, &sweep, args.json)?;
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
        visible::path(&folder.path().join("cells").join(cell))
    )
}

/// The plan: the file overridden by the flags; that of the folder if neither is given.
fn plan(args: &Args, out: &Path) -> anyhow::Result<Plan> {
    let mut plan = Plan::default();
    if let Some(path) = &args.plan {
        plan = Plan::from_toml(&visible::path(path), &read_text(path)?).map_err(of_sweep)?;
    }
    args.choices.apply(&mut plan)?;
    if args.plan.is_none() && plan == Plan::default() {
        plan = Folder::plan(out).map_err(|error| match error {
            SweepError::NotASweep(_) => {
                usage("nothing to sweep over: give --plan, or choices such as --widths")
            }
            error => error.into(),
        })?;
    }
    if let Some(shard) = &args.shard {
        plan.shard = Some(shard.parse().map_err(SweepError::Shard).map_err(of_sweep)?);
    }
    Ok(plan)
}

/// The data that the flags name, else those of the sweep, and how they are read.
fn load(args: &DataArgs, out: &Path) -> anyhow::Result<(Dataset, Reading)> {
    let (mut args, mut reading) = (args.clone(), args.reading(None));
    if args.data.is_none() && Folder::plan(out).is_ok() {
        let data = Folder::data(out)?;
        args.data = Some(data.name);
        if reading.is_default() {
            reading = data.reading;
        }
    }
    Ok((args.load_by(&reading)?, reading))
}

fn join(args: &Merge) -> anyhow::Result<()> {
    let first = args.shards.first().context("clap requires a shard")?;
    let plan = Plan { shard: None, ..Folder::plan(first)? };
    let (data, reading) = load(&args.data, first)?;
    let sweep = Sweep::new(&plan, &data, &reading)?;
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
    finish(&folder, &plan, &sweep, args.json)?;
    Ok(())
}

/// Writes the table and the picture, both of one sweep, and prints the table.
fn finish(folder: &Folder, plan: &Plan, sweep: &Sweep, json: bool) -> anyhow::Result<Table> {
    let lock = folder.hold(plan, sweep)?;
    let table = Table::read(folder, sweep)?;
    let text = visible::json_lines(&(serde_json::to_string_pretty(&table)? + "\n"));
    folder.write(TABLE, &text)?;
    folder.write(CHART, &[CHART_LINE, &svg(&table)].concat())?;
    let picture = folder.path().join(CHART);
    // Whoever reads what is printed may be slow.
    drop(lock);
    super::print(&match json {
        true => text,
        false => format!("{}picture: {}\n", table.text(), visible::path(&picture)),
    })?;
    Ok(table)
}

/// The networks that fit, with their sizes, and the number of trainings of a folder.
fn listing(sweep: &Sweep, cells: &[Cell], folder: Option<&Folder>) -> anyhow::Result<String> {
    let mut ended = 0;
    for cell in cells {
        let outcome = folder.map_or(Ok(None), |folder| folder.outcome(cell))?;
        ended += usize::from(outcome.is_some());
    }
    let sizes = sweep.candidates.iter().rev().map(|candidate| {
        format!("{:9} bytes  {}\n", candidate.bytes, sweep.label(&candidate.config))
    });
    let here = counted(cells.len(), "training", "trainings");
    let ended = match ended {
        0 => String::new(),
        ended => format!(": {} to go, {ended} done", cells.len() - ended),
    };
    Ok(format!("{}{}; {here} here{ended}\n", sizes.collect::<String>(), sweep.counts()))
}

fn of_sweep(error: SweepError) -> anyhow::Error {
    if error.is_usage() { wrong_use(error) } else { error.into() }
}
