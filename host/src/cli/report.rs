//! `inkbit report`

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::data_args::{DataArgs, other_data};
use super::quantize::{Plan, default_name, quantize_run};
use super::wrong_use;
use crate::data::Dataset;
use crate::device::counts::{Counts, read_counts};
use crate::model::Blob;
use crate::report::facts::{Facts, Training};
use crate::report::html::{self, HtmlReport, PageError};
use crate::run::Run;
use crate::support::visible;

/// Write a self-contained HTML report of a run or a model.
///
/// Shows its accuracy, its mistakes, the cost of quantization and the boards that it fits, in words
/// and in pictures. The page needs no network; its pictures are also written as SVG and PNG, to a
/// folder named after it.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/report.txt"))]
pub struct Args {
    /// Folder of a training run, or a quantized model
    #[arg(value_name = "RUN|MODEL")]
    subject: PathBuf,

    /// HTML file to write; the pictures of report.html are in report-pictures
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    output: PathBuf,

    /// File with counted instructions [default: the built-in counts of the reference models]; those
    /// of other models are estimated
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    html::check_replaceable(&args.output).map_err(|error| match error {
        PageError::Name(_) => wrong_use(error),
        error => error.into(),
    })?;
    let counts = read_counts(args.instructions.as_deref())?;
    let report = if args.subject.is_dir() {
        let run = Run::open(&args.subject)?;
        run.weights()?;
        check_history(&run)?;
        of_run(&run, &args.data.of_run(&run)?, &counts, &args.output)?
    } else {
        of_model(args, &counts)?
    };
    report.save(&args.output)?;
    super::print(&format!(
        "saved in {} and {}\n",
        visible::path(&args.output),
        visible::path(&html::pictures_folder(&args.output))
    ))
}

fn of_model(args: &Args, counts: &Counts) -> anyhow::Result<HtmlReport> {
    let blob = Blob::load(&args.subject)?;
    let model = blob.model()?;
    let data = args.data.load_for_model(&model)?;
    if let Some(note) = other_data("the model", &model, &data) {
        super::complain(&note);
    }
    let facts = Facts::gather(&model, &blob, &data, None, counts)?;
    Ok(HtmlReport::new(&facts, &args.output))
}

/// Writes the report of a run to its folder; returns the page's path.
pub fn save(run: &Run, data: &Dataset) -> anyhow::Result<PathBuf> {
    let page = run.report();
    html::check_replaceable(&page)?;
    let report = of_run(run, data, &Counts::built_in(), &page)
        .with_context(|| format!("no report of {}", visible::path(run.folder())))?;
    report.save(&page)?;
    Ok(page)
}

/// The report of a run to save at `page`; its network is quantized first.
fn of_run(run: &Run, data: &Dataset, counts: &Counts, page: &Path) -> anyhow::Result<HtmlReport> {
    check_history(run)?;
    let (history, net) = run.selected()?;
    let plan = Plan::new(run, None, None)?;
    let blob = quantize_run(run, &net, data, default_name(run), plan)?.blob;
    let model = blob.model()?;
    let inputs = data.test.shrunk(run.input());
    let float_logits = net.logits(&inputs, &run.config.backend.device()?);
    let imported = run.data.imported.clone();
    let history = imported.is_none().then_some(history);
    let training = Training { history, imported, float_logits };
    let facts = Facts::gather(&model, &blob, data, Some(training), counts)?;
    Ok(HtmlReport::new(&facts, page))
}

fn check_history(run: &Run) -> anyhow::Result<()> {
    ensure!(
        run.data.imported.is_some() || !run.history()?.epochs.is_empty(),
        "{} has no history of its training: expected a history.json with at least one epoch; train \
         again with --force, or make the report of a model",
        visible::path(run.folder())
    );
    Ok(())
}
