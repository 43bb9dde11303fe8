//! `inkbit inspect`

use std::path::PathBuf;

use inkbit::model_file::Blob;
use inkbit::report::text;

/// Show what a model is: input, classes, layers, sizes, CRC, and where it comes from.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit inspect model.inkbit")]
pub struct Args {
    /// The model
    model: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let blob = Blob::load(&args.model)?;
    super::print(&text::model(&blob.model()?, blob.bytes()))?;
    Ok(())
}
