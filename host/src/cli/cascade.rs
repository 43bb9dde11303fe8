//! `inkbit cascade`

use std::fmt::Write as _;
use std::path::PathBuf;

use inkbit_core::{MAX_COMMAND, MAX_NAME, Model, Provenance};

use self::validation::{Validation, data_flags, validation};
use super::data_args::DataArgs;
use super::quantize::check_name;
use super::{check_model_file, progress, usage, wrong_use};
use crate::cascade::{Target, Trial, Unreachable, choose, join, trials};
use crate::config::TrainConfig;
use crate::data::source::Reading;
use crate::device::cost::Cost;
use crate::device::counts::read_counts;
use crate::device::{Board, board};
use crate::evaluate::stages;
use crate::model::activity::activity;
use crate::model::{Blob, origin};
use crate::quantize;
use crate::report::cascade::{self, Cascade, Costs};
use crate::report::text;
use crate::support::numbers::grouped;
use crate::support::visible::{self, shortened};
use crate::support::{files, shell};

mod validation;

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
/// All models must take the same samples and have the same classes, and 8 layers together at most. What looks like none of the classes to
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

    /// Take as few instructions as there can be with this percent of as many right answers as the last
    /// model alone has on the validation images
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 100.0,
        conflicts_with = "max_instructions"
    )]
    keep_accuracy: f64,

    /// Be as accurate as there can be with this many instructions in the mean of the validation images
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
    let on = Board::find(&args.board).map_err(wrong_use)?;
    let known = read_counts(args.instructions.as_deref())?;
    let blobs = args.models.iter().map(|path| Blob::load(path)).collect::<Result<Vec<_>, _>>()?;
    let parts = blobs.iter().map(Blob::model).collect::<Result<Vec<_>, _>>()?;
    // What cannot be joined is found before anything is computed.
    join(&name, &parts, &vec![0; parts.len()], Provenance::UNKNOWN).map_err(wrong_use)?;
    check_model_file(&args.out)?;
    if args.models.iter().any(|model| files::is_same(model, &args.out)) {
        let path = visible::path(&args.out);
        return Err(usage(format!("{path} is one of the models, which stay: give another path")));
    }
    let Validation { data, images, are_unseen } = validation(args, &parts)?;
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
            let cost = Cost::of(&on, blob.crc(), &activity, &known);
            let found = (trials(part, &images)?, cost, activity.macs());
            done(number + 1);
            Ok::<_, anyhow::Error>(found)
        });
        each.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let costs = costs(&measured, &on, target)?;
    let trials: Vec<Vec<Trial>> = measured.into_iter().map(|(trials, ..)| trials).collect();
    let numbers: Vec<f64> = costs.each.iter().map(|cost| cost.instructions).collect();
    let choice = choose(&trials, &numbers, target).map_err(|error| {
        let Unreachable { least } = error;
        usage(format!(
            "--max-instructions is too low: {} are the least on {}; give more, or a smaller first model",
            grouped(least.ceil() as usize),
            on.name
        ))
    })?;
    let idle = args.models.iter().zip(&choice.counts).filter(|(_, counts)| counts.decided == 0);
    for (path, _) in idle {
        super::complain(&format!(
            "note: {} decides nothing: leave it out, or give another {}",
            visible::path(path),
            if args.max_instructions.is_some() { "limit" } else { "--keep-accuracy" }
        ));
    }
    let untested = join(&name, &parts, &choice.margins, Provenance::UNKNOWN)?;
    let counts = stages::counts(&untested.model()?, &data.test)?;
    let correct = counts.iter().map(|counts| counts.correct).sum::<usize>();
    let command = command(args, &parts);
    let origin = Provenance {
        seed: origin(&parts[parts.len() - 1]).seed,
        ..quantize::origin(&command, data.digest(), 0, (correct as u32, data.test.len() as u32))
    };
    let blob = join(&name, &parts, &choice.margins, origin)?;
    let model = blob.model()?;
    if let Err(error) = board::check(&on, &model, blob.bytes()) {
        super::complain(&format!("note: {error}; the instructions are those that it would take"));
    }
    blob.save(&args.out)?;
    let models: Vec<String> = args.models.iter().map(|path| visible::path(path)).collect();
    let found = Cascade { models, model: &model, trials, are_unseen, choice, costs, counts };
    super::print(&format!(
        "{}{}\nsaved in {}\nnext     inkbit verify {}{}\n",
        cascade::text(&found),
        text::sizes(&model, blob.bytes()),
        visible::path(&args.out),
        shell::path(&args.out),
        data_flags(args, &parts)
    ))
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
