//! `inkbit models`

use std::path::PathBuf;

use anyhow::ensure;

use super::data_args::{DataArgs, other_data};
use super::progress;
use crate::device::counts::read_counts;
use crate::evaluate::ranking::{ModelSummary, mark_best};
use crate::model::{Blob, builtin, find};
use crate::report::model_tables::tables;
use crate::support::visible;

/// Print a table of models: size, recorded and measured accuracy, and cost on each board.
///
/// Without an argument, the models are the built-in reference models, one for each preset; a board
/// runs the best one that fits it unless another is given. A model with the name of a preset is
/// shown with the preset's limits: its maximum size, and the minimum of the mean accuracy of three
/// seeds. Instructions are the mean per image, as `cargo xtask count` counted them for exactly this
/// model. The tables are Markdown.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/models.txt"))]
pub struct Args {
    /// Models, or folders of models
    #[arg(value_name = "MODEL|DIR")]
    models: Vec<PathBuf>,

    /// Print only what the models record; needs no data
    #[arg(long, conflicts_with_all = ["data", "data_dir", "mirror"])]
    recorded: bool,

    /// File with counted instructions [default: the built-in counts of the reference models]
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,

    /// Print a JSON array: name, network, bits, bytes, recorded_accuracy, measured, fits, ...
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let counts = read_counts(args.instructions.as_deref())?;
    let blobs = match &args.models[..] {
        [] => builtin::all().into_iter().map(|blob| (None, blob)).collect(),
        models => load(models)?,
    };
    let data = match (!args.recorded).then(|| args.data.load()) {
        Some(Err(error)) if args.data.is_without_mnist(&error) => {
            super::complain(&format!("note: this is what the models record, for {error:#}"));
            None
        }
        data => data.transpose()?,
    };
    let images = data.as_ref().map(|data| &data.test);
    let mut notes = Vec::new();
    if let Some(data) = &data {
        for (file, blob) in &blobs {
            let model = blob.model()?;
            let name = file.as_ref().map(|file| visible::path(file));
            notes.extend(other_data(name.as_deref().unwrap_or(model.header().name), &model, data));
        }
    }
    let mut models = progress::during(blobs.len(), "measuring", |done| {
        let models = blobs.into_iter().enumerate().map(|(index, (file, blob))| {
            let model = ModelSummary::new(&blob, images, &counts);
            done(index + 1);
            match (model, file) {
                (Ok(model), file) => Ok(ModelSummary { file, ..model }),
                (Err(error), Some(file)) => Err(anyhow::anyhow!(
                    "{}: {error}; or skip measuring with --recorded",
                    visible::path(&file)
                )),
                (Err(error), None) => Err(error.into()),
            }
        });
        models.collect::<anyhow::Result<Vec<_>>>()
    })?;
    notes.iter().for_each(|note| super::complain(note));
    models.sort_by_key(|model| std::cmp::Reverse(model.bytes));
    mark_best(&mut models);
    super::print_as(args.json, &models, || tables(&models))
}

fn load(models: &[PathBuf]) -> anyhow::Result<Vec<(Option<PathBuf>, Blob)>> {
    let paths = find(models)?;
    ensure!(
        !paths.is_empty(),
        "there is no .inkbit file in {}; give models, or folders of them",
        models.iter().map(|path| visible::path(path)).collect::<Vec<_>>().join(", ")
    );
    let blobs = paths.into_iter().map(|path| Blob::load(&path).map(|blob| (Some(path), blob)));
    Ok(blobs.collect::<Result<_, _>>()?)
}
