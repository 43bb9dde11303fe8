//! `inkbit compare`

use std::path::PathBuf;

use anyhow::Context;

use super::data_args::{DataArgs, other_data};
use super::{progress, usage};
use crate::device::counts::{Counts, read_counts};
use crate::evaluate::compare::{ComparedModel, Comparison};
use crate::evaluate::ranking::ModelSummary;
use crate::model::Blob;
use crate::report::model_tables::tables;
use crate::report::text;
use crate::support::visible;

/// Compare models on the same test images.
///
/// Prints accuracy with its 95 % confidence interval (Wilson), size, the multiplications that a
/// device cannot skip, and the instructions of an inference on every board (counted for the
/// reference models, estimated for others); the images that only one model gets wrong; and for
/// every pair, whether the difference is significant (McNemar's exact test).
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/compare.txt"))]
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
    let data = match args.data.load_for_model(&blobs[0].model()?) {
        Err(error) if args.data.is_without_mnist(&error) => {
            if !args.json {
                super::print(&recorded(&args.models, &blobs, &counts)?)?;
            }
            return Err(error.context("the models were not compared on images"));
        }
        data => data?,
    };
    let names =
        args.models.iter().map(|path| path.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let models = progress::during(blobs.len(), "measuring", |done| {
        let measured = names.iter().zip(&blobs).enumerate().map(|(index, (name, blob))| {
            let measured = ComparedModel::measure(name, blob, &data.test, &counts);
            done(index + 1);
            measured.with_context(|| visible::line(name))
        });
        measured.collect::<anyhow::Result<_>>()
    })?;
    let comparison = Comparison::new(models);
    let (mut notes, known) = (String::new(), data.classes.len());
    for ComparedModel { name, classes, .. } in &comparison.models {
        if *classes > known {
            notes += &format!(
                "note: {} has {classes} classes, the data have {known}: every image that it assigns \
                 to one of the others counts as wrong\n",
                visible::line(name)
            );
        }
    }
    for (name, blob) in names.iter().zip(&blobs) {
        notes.extend(other_data(name, &blob.model()?, &data).map(|note| note + "\n"));
    }
    super::print_as(args.json, &comparison, || text::comparison(&comparison) + &notes)
}

/// What the models record: a table for where there are no images.
fn recorded(files: &[PathBuf], blobs: &[Blob], counts: &Counts) -> anyhow::Result<String> {
    let models = files.iter().zip(blobs).map(|(file, blob)| {
        let summary = ModelSummary::new(blob, None, counts)?;
        Ok(ModelSummary { file: Some(file.clone()), ..summary })
    });
    Ok(tables(&models.collect::<anyhow::Result<Vec<_>>>()?))
}
