//! `inkbit quantize`

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use inkbit::data::Dataset;
use inkbit::evaluate::{Evaluation, evaluate_model, evaluate_net};
use inkbit::model_file::{Blob, check_replaceable};
use inkbit::quantize::{Description, Differences, Granularity, Quantized, bits, export};
use inkbit::report::text;
use inkbit::run::Run;
use inkbit_core::{Input, MAX_COMMAND, MAX_NAME, WeightBits};

use super::UsageError;
use super::data_args::DataArgs;

/// Quantize a run's weights to 8, 4 or 2 bits, and write the model that a device runs.
///
/// Weights of 8 bits reach from -127 to 127, of 4 bits they are the odd numbers from -15 to 15, of 2
/// bits -3, -1, 1 and 3. Activation ranges are calibrated on training images; the test images only
/// measure what comes out. Few bits cost accuracy unless the network was trained for them: see the
/// keys `bits` and `qat_from` of `inkbit train`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit quantize runs/classic -o classic.inkbit
  inkbit quantize runs/classic -o small.inkbit --bits 4
  inkbit quantize runs/classic -o mixed.inkbit --bits 8,4,4 --scales layer
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

    /// Bits of a weight: 8, 4 or 2, for all layers or one for each [default: 8]
    #[arg(long, value_name = "BITS", value_delimiter = ',', value_parser = bits::parse)]
    bits: Option<Vec<u8>>,

    /// Whether the weights of a hidden layer share one scale, or each output has its own: layer or
    /// output [default: output]
    #[arg(long)]
    scales: Option<Granularity>,

    #[command(flatten)]
    data: DataArgs,
}

/// How to quantize.
#[derive(Debug)]
pub struct Plan {
    /// Width of each layer's weights.
    bits: Vec<WeightBits>,
    granularity: Granularity,
}

impl Plan {
    /// What the flags ask for, and else what the run's configuration says.
    pub fn new(
        run: &Run,
        bits: Option<&[u8]>,
        granularity: Option<Granularity>,
    ) -> anyhow::Result<Self> {
        let layers = run.config.hidden.len() + 1;
        let bits = bits::per_layer(bits.unwrap_or(&[8]), layers)
            .map_err(|error| UsageError(format!("--{error}")))?;
        Ok(Self { bits, granularity: granularity.unwrap_or_default() })
    }
}

/// A quantized model and what quantization has cost.
pub struct Outcome {
    pub blob: Blob,
    pub bits: Vec<WeightBits>,
    pub float: Evaluation,
    pub int: Evaluation,
    pub differences: Differences,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let run = Run::open(&args.run)?;
    let plan = Plan::new(&run, args.bits.as_deref(), args.scales)?;
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
    let outcome = quantize_run(&run, &data, name, plan)?;
    outcome.blob.save(&args.out)?;
    super::print(&describe(&outcome, &args.out.display().to_string(), &data.name)?)?;
    Ok(())
}

/// Quantizes a run's best weights and measures them before and after.
pub fn quantize_run(
    run: &Run,
    data: &Dataset,
    name: String,
    plan: Plan,
) -> anyhow::Result<Outcome> {
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
    let Plan { bits, granularity } = plan;
    let quantized = Quantized::post_training(&net, &data.train, &bits, granularity)?;
    let untested = export(&quantized, &description, (0, 0))?;
    let float = evaluate_net(&net, &data.classes, &data.test, &device)?;
    let int = evaluate_model(&untested.model()?, &data.test)?;
    let differences = quantized.compare(&untested.model()?, &data.test, &device)?;
    let tested = (int.correct as u32, int.images as u32);
    let blob = export(&quantized, &description, tested)?;
    Ok(Outcome { blob, bits, float, int, differences })
}

/// Float against integers, sizes, and how to go on with these data.
pub fn describe(outcome: &Outcome, path: &str, data: &str) -> anyhow::Result<String> {
    let Outcome { blob, bits, float, int, differences } = outcome;
    let mut text = String::new();
    let label = format!("int{}", bits::label(bits));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:10}{:>10}{label:>10}  difference", "", "float");
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
    text += &text::differences(differences);
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
