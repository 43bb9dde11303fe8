//! `inkbit data`

use std::path::{Path, PathBuf};

use serde_json::json;

use super::config_args::{ConfigArgs, check_images};
use super::data_args::{DataArgs, ReadArgs};
use super::usage;
use crate::data::augment::{self, Augmenter};
use crate::data::picture::sheet;
use crate::data::source::{Loaded, classes_of_forms};
use crate::data::synthetic;
use crate::data::{Images, check, gestures, import, labels, shrink};
use crate::evaluate::data_check::oddities;
use crate::report::text;
use crate::support::png;
use crate::support::replace::Kind;
use crate::support::visible;

/// Show, check and import the images that a network is trained on.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data.txt"))]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Show(Box<ShowArgs>),
    Check(CheckArgs),
    Import(ImportArgs),
    Forms(FormsArgs),
    Gestures(GesturesArgs),
}

/// Print what a data set has, and what is odd about it.
///
/// Prints the parts, the number of images of each class, the size and the values of the images, and a
/// warning for everything that mostly is a mistake, with what helps. Warnings are no failure.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-check.txt"))]
struct CheckArgs {
    /// `mnist`, `synthetic`, or a path, as for --data
    source: String,

    #[command(flatten)]
    read: ReadArgs,

    /// Print one JSON object: name, kind, side, classes, train and test (images, per_class, values),
    /// notes, warnings
    #[arg(long)]
    json: bool,
}

/// Write a data set as four IDX files and labels.txt.
///
/// The folder is data for --data, read faster than what it was made of, and without the flags.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-import.txt"))]
struct ImportArgs {
    /// `mnist`, `synthetic`, or a path, as for --data
    source: String,

    /// Folder to write, created if need be
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Replace what an earlier import wrote there
    #[arg(long)]
    force: bool,

    /// Text file with the labels of the classes, one per line
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,

    #[command(flatten)]
    read: ReadArgs,
}

/// Write a contact sheet of the forms that synthetic digits have, and print their frequencies.
///
/// A row for each form: 15 images of it. A file of your own forms, with other frequencies or other
/// symbols, is a source for --data.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-forms.txt"))]
struct FormsArgs {
    /// File of forms [default: those of `synthetic`]
    file: Option<PathBuf>,

    /// Picture to write (PNG)
    #[arg(short, long, value_name = "FILE", required_unless_present = "print")]
    output: Option<PathBuf>,

    /// Print the forms of `synthetic` as such a file, and do nothing else
    #[arg(long, conflicts_with_all = ["output", "file"])]
    print: bool,
}

/// Write a table of made-up gestures of an accelerometer, to try features with.
///
/// Six gestures: rest, shake, circle, lift, tap and tilt. A row has a label and 32 readings of each of
/// three axes in thousandths of g, 25 a second. A seed gives the same table everywhere.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/data-gestures.txt"))]
struct GesturesArgs {
    /// Table to write (CSV), which must not be there yet
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Rows, of each gesture in turn
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    windows: u32,

    /// Seed of the table
    #[arg(long, default_value_t = 1)]
    seed: u64,
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
        Command::Check(args) => check(args),
        Command::Import(args) => import(args),
        Command::Gestures(args) => write_gestures(args),
    }
}

/// The flags for a source that is named without --data.
fn from(source: &str, labels: Option<&PathBuf>, read: &ReadArgs) -> DataArgs {
    let (data, read) = (Some(source.to_owned()), read.clone());
    DataArgs { data, labels: labels.cloned(), read, ..DataArgs::default() }
}

fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let Loaded { data, kind, notes } = from(&args.source, None, &args.read).loaded()?;
    let classes: Vec<String> = data.classes.iter().map(|class| visible::line(class)).collect();
    let counts = [&data.train, &data.test].map(|images| check::counts(images, classes.len()));
    let ranges = [&data.train, &data.test].map(check::range);
    let mut warnings = labels::oddities(&data);
    warnings.extend(oddities(&data).into_iter().map(|oddity| oddity.text));
    let part = |number: usize, images: &Images| json!({ "images": images.len(), "per_class": counts[number], "values": ranges[number] });
    let shape = &data.train.shape;
    let object = json!({
        "name": data.name,
        "kind": kind,
        "side": shape.side(),
        "size": (!shape.is_features()).then(|| shape.size()),
        "features": shape.is_features().then(|| shape.size()[0]),
        "classes": classes,
        "train": part(0, &data.train),
        "test": part(1, &data.test),
        "notes": notes,
        "warnings": warnings,
    });
    super::print_as(args.json, &object, || {
        let mut text = format!("{}: {kind}\n", visible::line(&data.name));
        for (name, images, range) in
            [("train", &data.train, ranges[0]), ("test", &data.test, ranges[1])]
        {
            let values = range
                .map_or_else(String::new, |(least, most)| format!(", values {least} to {most}"));
            text += &format!("{name:12} {}{values}\n", text::images(images));
        }
        text += &format!("{:12} {}\n\n", "classes", classes.len());
        let width = classes.iter().map(|class| class.chars().count()).max().unwrap_or(0).max(5);
        text += &format!("{:width$} {:>8} {:>8}\n", "class", "train", "test");
        for (class, name) in classes.iter().enumerate() {
            text += &format!("{name:width$} {:>8} {:>8}\n", counts[0][class], counts[1][class]);
        }
        text.push('\n');
        text += &notes.iter().map(|note| format!("note: {note}\n")).collect::<String>();
        text += &warnings.iter().map(|line| format!("warning: {line}\n")).collect::<String>();
        if warnings.is_empty() {
            text += "nothing odd was found\n";
        }
        text
    })
}

fn import(args: &ImportArgs) -> anyhow::Result<()> {
    import::check(&args.output, args.force)?;
    let data = from(&args.source, args.labels.as_ref(), &args.read).load()?;
    if data.train.shape.is_features() {
        return Err(usage(format!(
            "{} has features, and IDX files are written of images only: give the source itself to --data",
            visible::line(&data.name)
        )));
    }
    let mut about = toml::Table::new();
    about.insert("source".to_owned(), visible::line(&data.name).into());
    about.insert("flags".to_owned(), args.read.reading().flags().trim().into());
    import::write(&args.output, &data, about, args.force)?;
    super::print(&format!(
        "{}, {} to test on, {} classes\nsaved in {}\n",
        text::images(&data.train),
        data.test.len(),
        data.classes.len(),
        visible::path(&args.output)
    ))
}

fn write_gestures(args: &GesturesArgs) -> anyhow::Result<()> {
    TABLE.check(&args.output)?;
    let table = gestures::table(args.windows as usize, args.seed);
    TABLE.write(&args.output, table.as_bytes())?;
    super::print(&format!(
        "{} windows of {} gestures, {} features each\nsaved in {}\n",
        args.windows,
        gestures::GESTURES.len(),
        gestures::columns().count(),
        visible::path(&args.output)
    ))
}

/// A table, which has no mark: none is replaced.
const TABLE: Kind = Kind::beginning("a table", &[]);

/// Images of each form on its contact sheet.
const OF_FORM: usize = 15;

fn forms(args: &FormsArgs) -> anyhow::Result<()> {
    let Some(output) = &args.output else {
        return super::print(synthetic::OWN);
    };
    check_output(output)?;
    let classes = match &args.file {
        Some(path) => classes_of_forms(path)?,
        None => synthetic::parse(synthetic::OWN)?,
    };
    let (mut rows, mut text) = (Vec::new(), String::from("row  class  weight  form\n"));
    for (row, (class, form, images)) in (1..).zip(synthetic::forms(&classes, OF_FORM)) {
        rows.push(images.iter().map(|(image, _)| image.to_vec()).collect());
        let [label, name] = [&class.label, &form.name].map(|text| visible::line(text));
        text.push_str(&format!("{row:>3}  {label:>5}  {:>6}  {name}\n", form.weight));
    }
    sheet::save(&sheet::contact_sheet(&rows, [28; 2]), output)?;
    super::print(&format!("{text}saved in {}\n", visible::path(output)))
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
    let shape = &data.train.shape;
    if shape.is_features() {
        return Err(usage(format!(
            "{} has {shape}, which nothing augments: a report draws them",
            visible::line(&data.name)
        )));
    }
    let mut augmenter = Augmenter::of_shape(shape);
    let mut drawn = vec![0; shape.bytes()];
    let mut rows = Vec::new();
    for class in 0..data.classes.len() {
        let labels = &data.train.labels;
        let Some(index) = labels.iter().position(|&label| usize::from(label) == class) else {
            continue;
        };
        let source = data.train.image(index);
        let mut row = vec![Vec::new()];
        shrink::inputs(shape, input, source, &mut row[0]);
        for epoch in 1..=usize::from(args.columns) {
            let mut rng = augment::rng(config.seed, epoch, index as u32);
            augmenter.draw(&config.augment.strength(epoch), source, &mut rng, &mut drawn);
            row.push(Vec::new());
            shrink::inputs(shape, input, &drawn, &mut row[epoch]);
        }
        rows.push(row);
    }
    let [width, height] = input.size();
    let picture = sheet::contact_sheet(&rows, [width, height]);
    sheet::save(&picture, &args.output)?;
    super::print(&format!(
        "{} rows of {} images, {}×{} pixels each\nsaved in {}\n",
        rows.len(),
        args.columns + 1,
        width,
        height,
        visible::path(&args.output)
    ))
}
