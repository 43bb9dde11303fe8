//! `inkbit inspect`

use std::path::PathBuf;

use ratatui::crossterm::terminal::size;

use crate::model::Blob;
use crate::report::text;

/// Characters per line where there is no terminal.
const COLUMNS: usize = 80;

/// Show a model's input, classes, layers, sizes, CRC and provenance.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/inspect.txt"))]
pub struct Args {
    /// The model
    model: PathBuf,

    /// Draw the weights of units of the first layer
    #[arg(long)]
    weights: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let blob = Blob::load(&args.model)?;
    let model = blob.model()?;
    super::print(&text::model(&model, &blob))?;
    if args.weights {
        let columns = size().map_or(COLUMNS, |(columns, _)| usize::from(columns));
        let drawn = text::weights(&model, super::coloured(), columns);
        super::print_drawn(&format!("\n{drawn}"))?;
    }
    Ok(())
}
