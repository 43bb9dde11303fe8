//! `inkbit evaluate`

use std::path::{Path, PathBuf};

use inkbit::evaluate::{Evaluation, evaluate_model, evaluate_net};
use inkbit::model_file::Blob;
use inkbit::report::text;
use inkbit::run::Run;

use super::data_args::DataArgs;

/// Measure a model, or a run's float network, on the test images.
///
/// Prints accuracy, loss, precision, recall and F1 of each class, the confusion matrix and the most
/// frequent mistakes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit evaluate model.inkbit
  inkbit evaluate runs/classic
  inkbit evaluate model.inkbit --json | jq .accuracy")]
pub struct Args {
    /// A quantized model, or the folder of a training run
    #[arg(value_name = "MODEL|RUN")]
    model: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Print one JSON object: accuracy (0 to 1), images, loss, confusion, per_class, ...
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let result =
        if args.model.is_dir() { of_run(&args.model, args)? } else { of_model(&args.model, args)? };
    if args.json {
        super::print(&format!("{}\n", serde_json::to_string(&result)?))?;
    } else {
        super::print(&text::evaluation(&result))?;
    }
    Ok(())
}

fn of_model(path: &Path, args: &Args) -> anyhow::Result<Evaluation> {
    let blob = Blob::load(path)?;
    let data = args.data.load()?;
    let model = blob.model()?;
    let result = evaluate_model(&model, &data.test)?;
    if model.header().provenance.digest != data.digest() {
        super::complain(&format!("note: the model was trained on other data than {}", data.name));
    }
    Ok(result)
}

fn of_run(path: &Path, args: &Args) -> anyhow::Result<Evaluation> {
    let run = Run::open(path)?;
    let net = run.weights()?;
    let data = args.data.load_for(&run)?;
    let device = run.config.backend.device()?;
    Ok(evaluate_net(&net, &run.data.classes, &data.test, &device)?)
}
