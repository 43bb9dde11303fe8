//! `inkbit evaluate`

use std::path::PathBuf;

use serde::Serialize;

use super::data_args::{DataArgs, other_data};
use super::{progress, usage};
use crate::data::Images;
use crate::evaluate::robust::{CONDITIONS, measure};
use crate::evaluate::stages::{StageCounts, counts};
use crate::evaluate::{Evaluation, evaluate_model, evaluate_net};
use crate::model::{Blob, check_images};
use crate::net::Mlp;
use crate::quantize;
use crate::report::{stages, text};
use crate::run::Run;

/// Measure a model, or a run's float network, on the test images.
///
/// Prints accuracy, loss, precision, recall and F1 of each class, the confusion matrix and the most
/// frequent mistakes; of a model of several stages also what each of them decides.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/evaluate.txt"))]
pub struct Args {
    /// A quantized model, or the folder of a training run
    #[arg(value_name = "MODEL|RUN")]
    model: PathBuf,

    #[command(flatten)]
    data: DataArgs,

    /// Measure on changed images instead (shifted, rotated, scaled, thicker, thinner, fainter or
    /// stronger), with and without the recentring that a device does
    #[arg(long)]
    robust: bool,

    /// Print one JSON object: accuracy (0 to 1), images, loss, confusion, per_class, ...; of a model of
    /// several stages also stages: asked, decided, correct
    #[arg(long)]
    json: bool,
}

enum Subject {
    Model(Blob),
    Run(Box<Run>, Mlp),
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let subject = if args.model.is_dir() {
        let run = Run::open(&args.model)?;
        let net = run.weights()?;
        quantize::check(&net)?;
        Subject::Run(Box::new(run), net)
    } else {
        Subject::Model(Blob::load(&args.model)?)
    };
    let data = match &subject {
        Subject::Model(blob) => args.data.load_for_model(&blob.model()?)?,
        Subject::Run(run, _) => args.data.load_for(run)?,
    };
    if args.robust {
        return robust(args, &subject, &data.test);
    }
    let result = subject.evaluate(&data.test)?.with_labels(&data.classes);
    let stages = match &subject {
        Subject::Model(blob) => counts(&blob.model()?, &data.test)?,
        Subject::Run(..) => Vec::new(),
    };
    let stages = Some(stages).filter(|stages| stages.len() > 1);
    if let Subject::Model(blob) = &subject
        && let Some(note) = other_data("the model", &blob.model()?, &data)
    {
        super::complain(&note);
    }
    let found = Found { result, stages };
    if args.json {
        return super::print_json(&found);
    }
    let Found { result, stages } = found;
    super::print_drawn(&text::evaluation(&result, super::coloured()))?;
    stages.map_or(Ok(()), |stages| super::print(&format!("\n{}", stages::counts(&stages))))
}

/// What is printed.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    result: Evaluation,
    /// What each stage decides, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<Vec<StageCounts>>,
}

impl Subject {
    fn evaluate(&self, images: &Images) -> anyhow::Result<Evaluation> {
        Ok(match self {
            Self::Model(blob) => evaluate_model(&blob.model()?, images)?,
            Self::Run(run, net) => {
                check_images(images, &run.data.shape(), run.data.classes.len())?;
                let images = images.shrunk(run.input());
                evaluate_net(net, &run.data.classes, &images, &run.config.backend.device()?)?
            }
        })
    }
}

fn robust(args: &Args, subject: &Subject, images: &Images) -> anyhow::Result<()> {
    // Images that do not fit the network are found before any is changed.
    subject.evaluate(images)?;
    if images.shape.side().is_none() {
        return Err(usage(format!(
            "--robust moves and turns square images, but the data are {}: leave it out",
            images.shape
        )));
    }
    let accuracy = |images: &Images| Ok::<_, anyhow::Error>(subject.evaluate(images)?.accuracy);
    let results = progress::during(CONDITIONS.len(), "changing images", |done| {
        measure(images, accuracy, done)
    })?;
    let object = serde_json::json!({ "images": images.len(), "conditions": results });
    super::print_as(args.json, &object, || text::robustness(&results, images.len()))
}
