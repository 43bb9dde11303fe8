//! `inkbit quantize`

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use inkbit::data::Dataset;
use inkbit::evaluate::{Evaluation, evaluate_model, evaluate_net};
use inkbit::model_file::{Blob, check_replaceable};
use inkbit::quantize::{Description, calibrate, quantize};
use inkbit::report::text;
use inkbit::run::Run;
use inkbit_core::{Input, MAX_COMMAND, MAX_NAME};

use super::UsageError;
use super::data_args::DataArgs;

/// Quantize a run's weights to 8 bits, and write the model that a device runs.
///
/// Each output of a hidden layer has a scale of its own. Activation ranges are calibrated on
/// training images; the test images only measure what comes out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit quantize runs/classic -o classic.inkbit
  inkbit quantize runs/mine -o mine.inkbit --name tiny-digits")]
pub struct Args {
    /// Folder of the training run
    run: PathBuf,

    /// Where to write the model
    #[arg(short, long, value_name = "MODEL")]
    out: PathBuf,

    /// Name of the model, at most 32 bytes [default: the run's folder]
    #[arg(long)]
    name: Option<String>,

    #[command(flatten)]
    data: DataArgs,
}

/// A quantized model and what quantization has cost.
pub struct Quantized {
    pub blob: Blob,
    pub float: Evaluation,
    pub int: Evaluation,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let name = args.name.clone().unwrap_or_else(|| default_name(&run));
    // A name that does not fit is found out before anything is computed.
    if !(1..=MAX_NAME).contains(&name.len()) || name.contains(char::is_control) {
        let message = format!(
            "--name is {name:?}, {} bytes long, but must be from 1 to {MAX_NAME} bytes, without \
             line breaks",
            name.len()
        );
        return Err(UsageError(message).into());
    }
    run.weights()?;
    check_replaceable(&args.out)?;
    let data = args.data.of_run(&run)?;
    let quantized = quantize_run(&run, &data, name)?;
    quantized.blob.save(&args.out)?;
    super::print(&describe(&quantized, &args.out.display().to_string(), &data.name)?)?;
    Ok(())
}

/// Quantizes a run's best weights and measures them before and after.
pub fn quantize_run(run: &Run, data: &Dataset, name: String) -> anyhow::Result<Quantized> {
    let net = run.weights()?;
    let device = run.config.backend.device()?;
    let description = Description {
        name,
        classes: data.classes.clone(),
        input: Input::full(u16::try_from(data.train.side).context("images are too large")?),
        command: shortened(run.config.command(&data.name), MAX_COMMAND),
        digest: data.digest(),
        seed: run.config.seed,
    };
    let ranges = calibrate(&net, &data.train)?;
    let untested = quantize(&net, &ranges, &description, (0, 0))?;
    let float = evaluate_net(&net, &data.classes, &data.test, &device)?;
    let int = evaluate_model(&untested.model()?, &data.test)?;
    let tested = (int.correct as u32, int.images as u32);
    Ok(Quantized { blob: quantize(&net, &ranges, &description, tested)?, float, int })
}

/// Float against integers, sizes, and how to go on with these data.
pub fn describe(quantized: &Quantized, path: &str, data: &str) -> anyhow::Result<String> {
    let Quantized { blob, float, int } = quantized;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:10}{:>10}{:>10}  difference", "", "float", "int8");
    let points = |share: f64| share * 100.0;
    let _ = writeln!(
        text,
        "{:10}{:>8.2} %{:>8.2} %  {:+.2} points",
        "accuracy",
        points(float.accuracy),
        points(int.accuracy),
        points(int.accuracy) - points(float.accuracy)
    );
    let _ = writeln!(
        text,
        "{:10}{:>10.4} {:>9.4}  {:+.4}\n",
        "loss",
        float.loss,
        int.loss,
        int.loss - float.loss
    );
    text += &text::sizes(&blob.model()?, blob.bytes());
    let data = if data == "mnist" { String::new() } else { format!(" --data {data}") };
    let _ = writeln!(text, "\nsaved in {path}\nnext     inkbit verify {path}{data}");
    Ok(text)
}

fn default_name(run: &Run) -> String {
    let folder = run.folder().canonicalize().unwrap_or_else(|_| run.folder().to_owned());
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    shortened(name.unwrap_or_else(|| "model".to_owned()), MAX_NAME)
}

/// The beginning of a text, so much of it as the format has room for.
fn shortened(mut text: String, bytes: usize) -> String {
    while text.len() > bytes {
        text.pop();
    }
    text
}
