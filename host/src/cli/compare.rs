//! `inkbit compare`

use std::path::PathBuf;

use anyhow::Context;

use super::data_args::{DataArgs, other_data};
use super::{progress, usage};
use crate::device::counts::read_counts;
use crate::evaluate::compare::{ComparedModel, Comparison};
use crate::model::Blob;
use crate::report::text;

/// Compare models on the same test images.
///
/// Prints accuracy with its 95 % confidence interval (Wilson), size, the multiplications that a
/// device cannot skip, and the instructions of an inference on every board (counted for the
/// reference models, estimated for others); the images that only one model gets wrong; and for
/// every pair, whether the difference is significant (McNemar's exact test).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit compare int8.inkbit int4.inkbit
  inkbit compare models/*.inkbit --json | jq '.pairs[].p'")]
pub struct Args {
    /// The models, at least two
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,

    /// File with counted instructions [default: the built-in counts of the reference models]
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    /// Print one JSON object: images, models, pairs
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let [_, _, ..] = args.models[..] else {
        return Err(usage("there is one model: give at least two to compare"));
    };
    let counts = read_counts(args.instructions.as_deref())?;
    let blobs = args.models.iter().map(|path| Blob::load(path)).collect::<Result<Vec<_>, _>>()?;
    let data = args.data.load_for_model(&blobs[0].model()?)?;
    let bar = progress::bar(blobs.len(), "measuring");
    let mut contenders = Vec::new();
    for (path, blob) in args.models.iter().zip(&blobs) {
        let name = path.display().to_string();
        let measured = ComparedModel::measure(&name, blob, &data.test, &counts);
        contenders.push(measured.context(name)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let comparison = Comparison::new(contenders);
    if args.json {
        super::print_json(&comparison)?;
    } else {
        let notes = comparison.models.iter().filter(|model| model.classes > data.classes.len());
        let mut notes: String = notes.map(|model| note(model, data.classes.len())).collect();
        for (path, blob) in args.models.iter().zip(&blobs) {
            let note = other_data(&path.display().to_string(), &blob.model()?, &data);
            notes.extend(note.map(|note| note + "\n"));
        }
        super::print(&(text::comparison(&comparison) + &notes))?;
    }
    Ok(())
}

fn note(model: &ComparedModel, classes: usize) -> String {
    format!(
        "note: {} has {} classes, the data have {classes}: every image that it assigns to one of \
         the others counts as wrong\n",
        model.name, model.classes
    )
}
