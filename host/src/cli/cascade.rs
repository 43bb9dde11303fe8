//! `inkbit cascade`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use inkbit_core::{MAX_COMMAND, MAX_NAME, Model, Provenance};

use super::data_args::DataArgs;
use super::quantize::{check_name, shortened};
use super::{progress, recorded, usage, wrong_use};
use crate::cascade::{Target, Trial, Unreachable, choose, common, join, trials};
use crate::config::TrainConfig;
use crate::data::source::Reading;
use crate::data::{Dataset, Images};
use crate::device::Board;
use crate::device::cost::Cost;
use crate::device::counts::read_counts;
use crate::evaluate::evaluate_model;
use crate::evaluate::stages::shares;
use crate::model::activity::activity;
use crate::model::{Blob, MODEL_KIND, origin};
use crate::quantize;
use crate::report::cascade::{self, Cascade, Costs};
use crate::report::text;
use crate::run::Run;
use crate::support::numbers::grouped;
use crate::support::{shell, visible};
use crate::train::validation_images;

/// A Cortex-M3.
const BOARD: &str = "lm3s6965evb";

/// What models of images are mostly trained on.
const MNIST: &str = "mnist";

/// Fewer images than these say too little about margins.
const LEAST_IMAGES: usize = 100;

/// Join models to one that asks them in turn.
///
/// The first model answers what it is sure of, that is where its greatest logit is far enough above the
/// second greatest, and the next is asked only about the rest. So a small network and a large one together
/// take little more than the small one, and are about as accurate as the large one. How far is far enough is
/// chosen on validation images that none of the models was trained on; test images only measure the result.
///
/// All models must take the same samples and have the same classes. What looks like none of the classes to
/// one of them goes on to the next.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/cascade.txt"))]
pub struct Args {
    /// The models, from 2 to 4, in the order in which they are asked: mostly the smallest first
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,

    /// File to write the model to
    #[arg(short, long, value_name = "MODEL")]
    out: PathBuf,

    /// Name of the model, at most 32 bytes [default: the file's]
    #[arg(long)]
    name: Option<String>,

    /// Take as few instructions as there can be with this percent of the last model's right answers on
    /// the validation images
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 100.0,
        conflicts_with = "max_instructions"
    )]
    keep_accuracy: f64,

    /// Be as accurate as there can be with this many instructions of a mean image
    #[arg(long, value_name = "N")]
    max_instructions: Option<u32>,

    /// Board whose instructions count
    #[arg(long, value_name = "NAME", default_value = BOARD)]
    board: String,

    /// File with counted instructions [default: the built-in counts of the reference models]
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let target = target(args)?;
    let name = name(args)?;
    let board = Board::find(&args.board).map_err(wrong_use)?;
    let counts = read_counts(args.instructions.as_deref())?;
    let blobs = args.models.iter().map(|path| Blob::load(path)).collect::<Result<Vec<_>, _>>()?;
    let parts = blobs.iter().map(Blob::model).collect::<Result<Vec<_>, _>>()?;
    // What cannot be joined is found before anything is computed.
    join(&name, &parts, &vec![0; parts.len()], Provenance::UNKNOWN).map_err(wrong_use)?;
    MODEL_KIND.check(&args.out)?;
    if args.models.iter().any(|model| is_same(model, &args.out)) {
        let path = visible::path(&args.out);
        return Err(usage(format!("{path} is one of the models, which stay: give another path")));
    }
    if Run::has(&args.out) {
        let path = visible::path(&args.out);
        return Err(usage(format!("{path} is a file of a training run: give another path")));
    }
    let HeldOut { data, images, are_unseen } = held_out(args, &parts)?;
    if images.len() < LEAST_IMAGES {
        return Err(usage(format!(
            "margins need {LEAST_IMAGES} images that none of the models was trained on, and there are \
             {}: train the models with the same --seed and --validation-split, on more images",
            images.len()
        )));
    }
    let measured = progress::during(parts.len(), "measuring", |done| {
        let each = parts.iter().zip(&blobs).enumerate().map(|(number, (part, blob))| {
            let activity = activity(part, &images)?;
            let cost = Cost::of(&board, blob.crc(), &activity, &counts);
            let found = (trials(part, &images)?, cost, activity.macs());
            done(number + 1);
            Ok::<_, anyhow::Error>(found)
        });
        each.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let costs = costs(&measured, &board, target)?;
    let stages: Vec<Vec<Trial>> = measured.into_iter().map(|(trials, ..)| trials).collect();
    let numbers: Vec<f64> = costs.each.iter().map(|cost| cost.instructions).collect();
    let choice = choose(&stages, &numbers, target).map_err(|error| {
        let Unreachable { least } = error;
        usage(format!(
            "--max-instructions is too low: {} are the least on {}; give more, or a smaller first model",
            grouped(least.ceil() as usize),
            board.name
        ))
    })?;
    for (path, _) in args.models.iter().zip(&choice.decided).filter(|(_, decided)| **decided == 0) {
        super::complain(&format!(
            "note: {} decides nothing: leave it out, or give another {}",
            visible::path(path),
            if args.max_instructions.is_some() { "limit" } else { "--keep-accuracy" }
        ));
    }
    let untested = join(&name, &parts, &choice.margins, Provenance::UNKNOWN)?;
    let test = evaluate_model(&untested.model()?, &data.test)?;
    let command = command(args, &parts);
    let origin = Provenance {
        seed: origin(&parts[parts.len() - 1]).seed,
        ..quantize::origin(&command, data.digest(), 0, (test.correct as u32, test.images as u32))
    };
    let blob = join(&name, &parts, &choice.margins, origin)?;
    blob.save(&args.out)?;
    let shares = shares(&blob.model()?, &data.test)?;
    let models: Vec<String> = args.models.iter().map(|path| visible::path(path)).collect();
    let found = Cascade { models, stages, are_unseen, choice, costs, test, shares };
    super::print(&format!(
        "{}{}\nsaved in {}\nnext     inkbit verify {}{}\n",
        cascade::text(&found),
        text::sizes(&blob.model()?, blob.bytes()),
        visible::path(&args.out),
        shell::path(&args.out),
        data_flags(args, &parts)
    ))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(Path::canonicalize);
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

/// By the flags.
fn target(args: &Args) -> anyhow::Result<Target> {
    let percent = args.keep_accuracy;
    match args.max_instructions {
        Some(most) => Ok(Target::MaxCost(most.into())),
        None if (50.0..=100.0).contains(&percent) => Ok(Target::KeepAccuracy(percent / 100.0)),
        None => Err(usage(format!(
            "--keep-accuracy is {percent}, but must be from 50 to 100 percent of the last model's"
        ))),
    }
}

fn name(args: &Args) -> anyhow::Result<String> {
    let stem = args.out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = args.name.clone().unwrap_or_else(|| shortened(stem, MAX_NAME));
    check_name(&name)?;
    Ok(name)
}

/// The data of the last model, and the images that none of the models was trained on: each may have been
/// trained on other data, or have held out other images. All are read as the last model's data were.
fn held_out(args: &Args, parts: &[Model<'_>]) -> anyhow::Result<HeldOut> {
    let mut are_unseen = true;
    let (mut loaded, mut sets): (Option<(String, Dataset)>, Vec<Images>) = (None, Vec::new());
    let (_, reading) = asked_data(args, parts);
    for (path, part) in args.models.iter().zip(parts) {
        let path = visible::path(path);
        let known = trained(part);
        let name = args.data.data.clone().or(known.as_ref().map(|known| known.name.clone()));
        let data = match (loaded, name) {
            (Some((known, data)), Some(name)) if known == name => (name, data),
            (_, Some(name)) => {
                let data = args.data.named(&name).read_for_model(part, reading.clone())?;
                (name, data)
            }
            (_, None) => (MNIST.to_owned(), args.data.read_for_model(part, reading.clone())?),
        };
        let held_out = known.filter(|_| origin(part).digest == data.1.digest());
        let config = held_out.map_or_else(
            || {
                are_unseen = false;
                super::complain(&format!(
                    "note: {path} was trained on other data than {}, or does not record all that it was \
                     trained on, so it may know some of the validation images",
                    visible::line(&data.1.name)
                ));
                TrainConfig { seed: origin(part).seed, ..TrainConfig::default() }
            },
            |known| known.config,
        );
        sets.push(validation_images(&data.1.train, &config, data.1.of_first_source()));
        loaded = Some(data);
    }
    let ((_, data), last) = loaded.zip(sets.pop()).expect("there are models");
    Ok(HeldOut { data, images: common(&last, &sets), are_unseen })
}

/// The data of the last model, and what is known of the validation images.
struct HeldOut {
    data: Dataset,
    images: Images,
    /// Whether no model was trained on them, as far as the models record what they were trained on.
    are_unseen: bool,
}

/// What a model records of its training.
struct Trained {
    config: TrainConfig,
    /// The value of `--data`.
    name: String,
    reading: Reading,
}

/// `None` of one that was not trained from the beginning by Inkbit: it does not record what the weights
/// were trained on that it began with.
fn trained(part: &Model<'_>) -> Option<Trained> {
    let command = origin(part).command;
    if !command.starts_with("inkbit train ") || command.contains(" --from ") {
        return None;
    }
    let (config, data, reading) = recorded::command(command)?;
    Some(Trained { config, name: data.unwrap_or_else(|| MNIST.to_owned()), reading })
}

/// The value of `--data` that the user, or else the command of the last model, names, and how the data are
/// read.
fn asked_data(args: &Args, parts: &[Model<'_>]) -> (Option<String>, Reading) {
    let given = args.data.reading(None);
    let last = &parts[parts.len() - 1];
    // A preset's mixture is not named: its test images are MNIST's.
    let named = origin(last).command.contains(" --data ");
    match trained(last) {
        Some(known) if args.data.data.is_none() => {
            let name = Some(known.name).filter(|name| named && name != MNIST);
            (name, if given.is_default() { known.reading } else { given })
        }
        _ => (args.data.data.clone(), given),
    }
}

/// What the command was, as a model records it.
fn command(args: &Args, parts: &[Model<'_>]) -> String {
    let mut command = "inkbit cascade".to_owned();
    for model in &args.models {
        let _ = write!(command, " {}", shell::path(model));
    }
    match args.max_instructions {
        Some(most) => {
            let _ = write!(command, " --max-instructions {most}");
        }
        None if args.keep_accuracy < 100.0 => {
            let _ = write!(command, " --keep-accuracy {}", args.keep_accuracy);
        }
        None => {}
    }
    if args.board != BOARD {
        let _ = write!(command, " --board {}", shell::word(&args.board));
    }
    shortened(command + &data_flags(args, parts), MAX_COMMAND)
}

/// Flags of the data, for a command that goes on with the model.
fn data_flags(args: &Args, parts: &[Model<'_>]) -> String {
    let (name, reading) = asked_data(args, parts);
    let named = name.map(|name| format!(" --data {}", shell::word(&name)));
    named.unwrap_or_default() + &reading.flags()
}

impl Args {
    /// How the data are read that such a command names, and their name.
    pub(super) fn without_models(&self) -> (TrainConfig, String, Reading) {
        let data = self.data.data.clone().unwrap_or_else(|| MNIST.to_owned());
        (TrainConfig::default(), data, self.data.reading(None))
    }
}

/// What asking each stage costs: instructions, or multiplications where the instructions of no model of
/// the kind were counted.
fn costs(
    measured: &[(Vec<Trial>, Option<Cost>, f64)],
    board: &Board,
    target: Target,
) -> anyhow::Result<Costs> {
    let counted: Option<Vec<Cost>> = measured.iter().map(|(_, cost, _)| *cost).collect();
    match (counted, target) {
        (Some(each), _) => Ok(Costs { each, board: Some(board.clone()) }),
        (None, Target::MaxCost(_)) => Err(usage(format!(
            "the instructions of such models on {} are not known: use --keep-accuracy",
            board.name
        ))),
        (None, _) => {
            let cost = |&(.., macs): &(Vec<Trial>, Option<Cost>, f64)| Cost {
                instructions: macs,
                error: None,
                clock: None,
            };
            Ok(Costs { each: measured.iter().map(cost).collect(), board: None })
        }
    }
}
