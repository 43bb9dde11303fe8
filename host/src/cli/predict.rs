//! `inkbit predict`

use std::path::PathBuf;

use inkbit_core::Model;
use inkbit_core::softmax::softmax;
use serde::Serialize;
use serde_json::json;

use crate::data::picture;
use crate::model::{Blob, HostEngine};
use crate::report::terminal;
use crate::support::error::chain;
use crate::support::visible;

/// Classify pictures.
///
/// A picture is a PNG, JPEG or PGM file of any size with one digit anywhere on it, dark on light or
/// light on dark. The digit is scaled and centred like the training images. Each picture's line has
/// the class, the model's confidence, and the second most likely class.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/predict.txt"))]
pub struct Args {
    /// The model
    model: PathBuf,

    /// The pictures
    #[arg(required = true, value_name = "FILE")]
    pictures: Vec<PathBuf>,

    /// Draw each picture as the model gets it
    #[arg(long, conflicts_with = "json")]
    show: bool,

    /// Print one JSON object per line: file, class, confidence, runner_up, logits; or file and
    /// error
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
pub struct Prediction<'a> {
    file: &'a str,
    #[serde(flatten)]
    best: Candidate,
    /// Absent if the model has only one class.
    #[serde(skip_serializing_if = "Option::is_none")]
    runner_up: Option<Candidate>,
    logits: &'a [i32],
}

/// A class and the model's confidence in it, from 0 to 1.
#[derive(Debug, Serialize)]
struct Candidate {
    class: String,
    confidence: f32,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let blob = Blob::load(&args.model)?;
    let model = blob.model()?;
    let mut engine = HostEngine::new(&model);
    let side = usize::from(model.input().side);
    let mut failed = 0;
    for path in &args.pictures {
        let file = &*path.to_string_lossy();
        match picture::read(path, side) {
            Ok(pixels) => {
                let prediction = predict(&model, file, engine.infer(&pixels));
                let drawn = if args.show { terminal::draw(&pixels, side) } else { String::new() };
                super::print_as(args.json, &prediction, || line(&prediction))?;
                super::print(&drawn)?;
            }
            Err(error) => {
                failed += 1;
                let error = chain(&error);
                match args.json {
                    true => super::print_json(&json!({ "file": file, "error": error }))?,
                    false => super::complain(&format!("error: {error}")),
                }
            }
        }
    }
    let all = args.pictures.len();
    anyhow::ensure!(failed == 0, "{failed} of {all} pictures could not be classified");
    Ok(())
}

/// The prediction of a picture's logits, of which there must be at least one.
pub fn predict<'a>(model: &Model<'_>, file: &'a str, logits: &'a [i32]) -> Prediction<'a> {
    let mut confidences = vec![0.0; logits.len()];
    softmax(logits, model.header().logit_scale, &mut confidences);
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    // Stable: among equal logits, the lowest class comes first, as on the device.
    classes.sort_by_key(|&class| std::cmp::Reverse(logits[class]));
    let candidate = |&class: &usize| Candidate {
        class: visible::line(model.label(class)),
        confidence: confidences[class],
    };
    Prediction {
        file,
        best: candidate(&classes[0]),
        runner_up: classes.get(1).map(candidate),
        logits,
    }
}

pub fn line(prediction: &Prediction<'_>) -> String {
    let candidate = |Candidate { class, confidence }: &Candidate| {
        format!("{class} ({:.1} %)", 100.0 * confidence)
    };
    let runner_up = prediction.runner_up.as_ref().map(candidate);
    let then = runner_up.map(|second| format!(", then {second}")).unwrap_or_default();
    let file = visible::line(prediction.file);
    format!("{file}: {}{then}\n", candidate(&prediction.best))
}
