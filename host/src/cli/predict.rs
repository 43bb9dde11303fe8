//! `inkbit predict`

use std::path::{Path, PathBuf};

use inkbit_core::picture::Digit;
use inkbit_core::softmax::softmax;
use inkbit_core::{Frame, Model};
use serde::Serialize;
use serde_json::json;

use super::{data_args, recorded};
use crate::data::picture::{self, Found, PictureError, Wanted};
use crate::data::source::{self, Reading, Table};
use crate::data::{Shape, labels};
use crate::model::{self, Blob, HostEngine};
use crate::report::terminal;
use crate::support::error::chain;
use crate::support::visible;

/// Classify pictures.
///
/// A picture is a PNG, JPEG, WebP, TIFF, GIF, BMP or PGM file of any size with digits anywhere on it,
/// dark on light or light on dark. Each digit is laid out as the training images were, and has
/// a line, in reading order: the class, the model's confidence, and the second most likely class. What
/// looks too little like any class is "none of the classes", by the model's own threshold. Shadows,
/// frames, rulings and dust are no digits.
///
/// With --csv, the samples are the rows of a table: the model's features, or the pixels of its images.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/predict.txt"))]
pub struct Args {
    /// The model
    model: PathBuf,

    /// The pictures
    #[arg(required_unless_present = "csv", value_name = "FILE")]
    pictures: Vec<PathBuf>,

    /// A table to classify the rows of: as many columns as the model takes values, in its order, and
    /// one of labels if there is one more
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pictures", "show", "one", "as_is"])]
    csv: Option<PathBuf>,

    /// The column of labels in the table
    #[arg(long, value_name = "NAME", requires = "csv")]
    label: Option<String>,

    /// Multiply features by this and round them, as for `train`
    #[arg(long, value_name = "FACTOR", value_parser = data_args::factor, requires = "csv")]
    factor: Option<f64>,

    #[command(flatten)]
    taken: Taken,

    /// Draw each digit as the model gets it
    #[arg(long, conflicts_with = "json")]
    show: bool,

    /// Print one JSON object per line. Of a digit on a picture: file, digit (its number), digits, box
    /// (left, top, width and height in pixels); of a row of a table: file, row (from 1), truth. Then
    /// class, confidence, accepted (false if it is none of the classes), runner_up, logits, and of a
    /// model of several stages the stage that decides (from 1). Of a file
    /// that cannot be used: file and error
    #[arg(long)]
    json: bool,
}

/// What of a picture is taken.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Taken {
    /// Take all that is drawn on a picture for one digit
    #[arg(long)]
    one: bool,

    /// Take the whole picture as the model's image, scaled to its size: white is ink, and nothing is
    /// looked for, moved or inverted
    #[arg(long, conflicts_with = "one")]
    as_is: bool,
}

impl Taken {
    /// The images of a picture's file.
    pub fn read(self, path: &Path, frame: Frame) -> Result<Vec<Found>, PictureError> {
        match self {
            Self { as_is: true, .. } => picture::whole(path, frame),
            Self { one: true, .. } => picture::read(path, frame, Wanted::One),
            _ => picture::read(path, frame, Wanted::All),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Prediction<'a> {
    #[serde(flatten)]
    on: On<'a>,
    #[serde(flatten)]
    best: Candidate,
    /// Whether it is one of the classes to the model.
    accepted: bool,
    /// Absent if the model has only one class.
    #[serde(skip_serializing_if = "Option::is_none")]
    runner_up: Option<Candidate>,
    /// Of a model of several stages, the one that decides, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<usize>,
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
    if let Some(path) = &args.csv {
        return table(args, path, &model, &mut engine);
    }
    let Some(frame) = model::frame(&model) else {
        return Err(super::usage(format!(
            "{} takes {}, not pictures: give them as the rows of a table, with --csv FILE",
            visible::path(&args.model),
            Shape::of_model(&model)
        )));
    };
    let mut failed = 0;
    for path in &args.pictures {
        let file = &*path.to_string_lossy();
        match args.taken.read(path, frame) {
            Ok(found) => {
                for (on, Found { image, .. }) in Place::all(file, &found).zip(&found) {
                    let answer = engine.infer(image);
                    let stage = answer.stage();
                    let prediction = predict(&model, On::Picture(on), stage, answer.into_slice());
                    let drawn = if args.show {
                        terminal::draw(image, frame.width.into())
                    } else {
                        String::new()
                    };
                    super::print_as(args.json, &prediction, || line(&prediction))?;
                    super::print(&drawn)?;
                }
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

/// Classifies the rows of a table.
fn table(
    args: &Args,
    path: &Path,
    model: &Model<'_>,
    engine: &mut HostEngine<'_>,
) -> anyhow::Result<()> {
    // As the data were read that it was trained on, which it knows.
    let trained = recorded::command(model::origin(model).command);
    let reading = trained.map(|(_, _, reading)| reading).unwrap_or_default();
    let label = args.label.clone().or(reading.label.clone());
    let reading = Reading { label, factor: args.factor.or(reading.factor), ..reading };
    if let (None, Some(factor)) = (args.factor, reading.factor) {
        super::complain(&format!(
            "note: values are multiplied by {factor}, as those it learned from"
        ));
    }
    let (shape, classes) = (Shape::of_model(model), labels::of_model(model));
    let Table { samples, truths } = source::table(path, &reading, &shape, &classes)?;
    let file = &*path.to_string_lossy();
    let mut right = 0;
    let rows = samples.chunks_exact(model.sample().bytes());
    let count = rows.len();
    for (number, sample) in rows.enumerate() {
        let truth = truths.as_ref().map(|truths| truths[number].as_str());
        let on = On::Row { file, row: number + 1, truth };
        let answer = engine.infer(sample);
        let prediction = predict(model, on, answer.stage(), answer.into_slice());
        right += usize::from(truth == Some(&*prediction.best.class));
        super::print_as(args.json, &prediction, || line(&prediction))?;
    }
    if truths.is_some() && !args.json {
        super::print(&format!("{right} of {count} rows are as their labels say\n"))?;
    }
    Ok(())
}

/// What is classified.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum On<'a> {
    /// A digit on a picture.
    Picture(Place<'a>),
    /// A row of a table.
    Row {
        file: &'a str,
        /// From 1, without the header.
        row: usize,
        /// Its label.
        #[serde(skip_serializing_if = "Option::is_none")]
        truth: Option<&'a str>,
    },
}

impl On<'_> {
    /// Names it in a line.
    fn name(&self) -> String {
        match self {
            Self::Picture(place) => place.name(),
            Self::Row { file, row, truth } => {
                let truth = truth.map(|truth| format!(" (labelled {})", visible::line(truth)));
                format!("{}, row {row}{}", visible::line(file), truth.unwrap_or_default())
            }
        }
    }
}

/// A digit on a picture.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Place<'a> {
    file: &'a str,
    /// Its number in reading order, from 1.
    digit: usize,
    digits: usize,
    /// Left, top, width and height in pixels of the picture.
    r#box: [usize; 4],
}

impl<'a> Place<'a> {
    /// The places of all digits that were found on a picture's file.
    pub fn all(file: &'a str, found: &[Found]) -> impl Iterator<Item = Self> {
        let digits = found.len();
        found.iter().zip(1..).map(move |(Found { place, .. }, digit)| {
            let Digit { left, top, width, height } = *place;
            Self { file, digit, digits, r#box: [left, top, width, height] }
        })
    }

    /// Names it in a line: the file alone, if there is no other digit.
    pub fn name(&self) -> String {
        let Self { digit, digits, r#box: [left, top, width, height], .. } = self;
        let file = visible::line(self.file);
        match digits {
            1 => file,
            _ => format!("{file}, digit {digit} of {digits} at {left},{top} ({width}x{height})"),
        }
    }
}

/// The prediction by a digit's logits, of which there must be at least one: those of the stage of this
/// number, which decides.
pub fn predict<'a>(
    model: &Model<'_>,
    on: On<'a>,
    stage: usize,
    logits: &'a [i32],
) -> Prediction<'a> {
    let decides = model.stages()[stage];
    let mut confidences = vec![0.0; logits.len()];
    softmax(logits, decides.logit_scale, &mut confidences);
    let mut classes: Vec<usize> = (0..logits.len()).collect();
    // Stable: among equal logits, the lowest class comes first, as on the device.
    classes.sort_by_key(|&class| std::cmp::Reverse(logits[class]));
    let candidate = |&class: &usize| Candidate {
        class: visible::line(model.label(class)),
        confidence: confidences[class],
    };
    Prediction {
        on,
        best: candidate(&classes[0]),
        accepted: decides.stands(logits),
        runner_up: classes.get(1).map(candidate),
        stage: (model.stages().len() > 1).then_some(stage + 1),
        logits,
    }
}

pub fn line(prediction: &Prediction<'_>) -> String {
    let candidate = |Candidate { class, confidence }: &Candidate| {
        format!("{class} ({:.1} %)", 100.0 * confidence)
    };
    let runner_up = prediction.runner_up.as_ref().map(candidate);
    let then = runner_up.map(|second| format!(", then {second}")).unwrap_or_default();
    let (name, best) = (prediction.on.name(), candidate(&prediction.best));
    let by = prediction.stage.map_or_else(String::new, |stage| format!(", by stage {stage}"));
    match prediction.accepted {
        true => format!("{name}: {best}{then}{by}\n"),
        false => format!("{name}: none of the classes; most like {best}{then}{by}\n"),
    }
}
