//! `inkbit data`

use std::path::{Path, PathBuf};

use super::config_args::{ConfigArgs, check_images};
use super::data_args::DataArgs;
use super::usage;
use crate::data::augment::{self, Augmenter};
use crate::data::picture::sheet;
use crate::data::shrink::shrink;
use crate::data::synthetic;
use crate::support::png;
use crate::support::visible;

/// Show the images that a network is trained on.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data.txt"))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(Box<ShowArgs>),
    Forms(FormsArgs),
}

/// Write a contact sheet of the forms that synthetic digits have, and print their frequencies.
///
/// A row for each form: 15 images of it.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-forms.txt"))]
struct FormsArgs {
    /// Picture to write (PNG)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Write a contact sheet of training images, augmented as in training.
///
/// A row for each class: the original image, then its variants in the epochs of a training with
/// this configuration, from epoch 1.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-show.txt"))]
struct ShowArgs {
    /// Picture to write (PNG)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Epochs to show, from 1 to 100
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=100))]
    columns: u16,

    #[command(flatten)]
    config: ConfigArgs,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Show(args) => show(args),
        Command::Forms(args) => forms(args),
    }
}

/// Images of each form on its contact sheet.
const OF_FORM: usize = 15;

fn forms(args: &FormsArgs) -> anyhow::Result<()> {
    check_output(&args.output)?;
    let (mut rows, mut text) = (Vec::new(), String::from("row  digit  weight  form\n"));
    for (row, (digit, name, weight, images)) in (1..).zip(synthetic::forms(OF_FORM)) {
        rows.push(images.iter().map(|(image, _)| image.to_vec()).collect());
        text.push_str(&format!("{row:>3}  {digit:>5}  {weight:>6}  {name}\n"));
    }
    sheet::save(&sheet::contact_sheet(&rows, 28), &args.output)?;
    super::print(&format!("{text}saved in {}\n", visible::path(&args.output)))
}

/// Refuses a name that no PNG can have, before anything is computed.
fn check_output(path: &Path) -> anyhow::Result<()> {
    if path.extension().is_none_or(|extension| extension != "png") {
        return Err(usage(format!(
            "{} is no PNG file: give --output a name that ends in .png",
            visible::path(path)
        )));
    }
    Ok(png::KIND.check(path)?)
}

fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let config = args.config.resolve(None)?;
    check_output(&args.output)?;
    let data = args.data.load()?;
    let input = check_images(&config, &data.train)?;
    let mut augmenter = Augmenter::new(data.train.side);
    let mut drawn = vec![0; input.pixels()];
    let mut rows = Vec::new();
    for class in 0..data.classes.len() {
        let labels = &data.train.labels;
        let Some(index) = labels.iter().position(|&label| usize::from(label) == class) else {
            continue;
        };
        let source = data.train.image(index);
        let mut row = vec![Vec::new()];
        shrink(input, source, &mut row[0]);
        for epoch in 1..=usize::from(args.columns) {
            let mut rng = augment::rng(config.seed, epoch, index as u32);
            augmenter.draw(&config.augment.strength(epoch), source, &mut rng, &mut drawn);
            row.push(Vec::new());
            shrink(input, &drawn, &mut row[epoch]);
        }
        rows.push(row);
    }
    let picture = sheet::contact_sheet(&rows, input.width());
    sheet::save(&picture, &args.output)?;
    super::print(&format!(
        "{} rows of {} images, {}×{} pixels each\nsaved in {}\n",
        rows.len(),
        args.columns + 1,
        input.width(),
        input.width(),
        visible::path(&args.output)
    ))
}
