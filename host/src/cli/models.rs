//! `inkbit models`

use std::path::{Path, PathBuf};

use anyhow::ensure;
use inkbit::model_file::Blob;
use inkbit::models::{Entry, find, read_counts};
use inkbit::report::models::table;

use super::data_args::DataArgs;
use super::progress;

/// Where the project keeps its reference models.
const REFERENCE: &str = "firmware/models";

/// Print a table of models: size, accuracy recorded and measured now, and what they cost on boards.
///
/// The table is Markdown. Instructions are those that `cargo xtask bench` has counted for this very
/// model. In a checkout, the project's reference models are found without an argument.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit models                              the reference models, in a checkout
  inkbit models runs/*.inkbit
  inkbit models sweeps/small/cells/*/model.inkbit --recorded
  inkbit models --json | jq '.[].bytes'")]
pub struct Args {
    /// Models, or folders of models
    #[arg(value_name = "MODEL|DIR", default_value = REFERENCE)]
    models: Vec<PathBuf>,

    /// Only what the models say of themselves; needs no data
    #[arg(long, conflicts_with_all = ["data", "data_dir", "mirror"])]
    recorded: bool,

    /// File with counted instructions
    #[arg(long, value_name = "FILE", default_value = "tests/bench/instructions.toml")]
    instructions: PathBuf,

    /// Print a JSON array: name, network, bits, bytes, recorded_accuracy, measured, ...
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let counts = read_counts(&args.instructions).map_err(anyhow::Error::msg)?;
    let reference = Path::new(REFERENCE);
    ensure!(
        args.models != [reference] || reference.is_dir(),
        "there is no folder {REFERENCE} here: run this in a checkout of the project, or give models"
    );
    let paths = find(&args.models)?;
    ensure!(
        !paths.is_empty(),
        "there is no .inkbit file in {}; give models, or folders of them",
        args.models.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    );
    let blobs = paths.iter().map(|path| Blob::load(path)).collect::<Result<Vec<_>, _>>()?;
    let data = if args.recorded { None } else { Some(args.data.load()?) };
    let images = data.as_ref().map(|data| &data.test);
    let bar = progress::bar(blobs.len(), "measuring");
    let entries = blobs.iter().map(|blob| {
        let entry = Entry::new(blob, images, &counts);
        bar.inc(1);
        entry
    });
    let entries = entries.collect::<Result<Vec<_>, _>>();
    bar.finish_and_clear();
    let mut entries = entries?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.bytes));
    if args.json {
        super::print(&format!("{}\n", serde_json::to_string(&entries)?))?;
    } else {
        super::print(&table(&entries))?;
    }
    Ok(())
}
