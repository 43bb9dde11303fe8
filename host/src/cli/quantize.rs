//! `inkbit quantize`

use std::path::{Path, PathBuf};

use inkbit_core::{MAX_COMMAND, MAX_NAME, Model, WeightBits};

use super::data_args::DataArgs;
use super::{check_model_file, usage};
use crate::config::TrainConfig;
use crate::data::source::Reading;
use crate::data::{Dataset, Images};
use crate::evaluate::quantized::{Differences, Quantization};
use crate::evaluate::refusal::{ACCEPT, Refusal, threshold};
use crate::evaluate::{Evaluation, evaluate_model, evaluate_net};
use crate::model::{Blob, int_logits};
use crate::net::Mlp;
use crate::quantize::{Description, Granularity, Quantized, bits, export};
use crate::report::text;
use crate::run::{Run, RunError};
use crate::support::visible::shortened;
use crate::support::{shell, visible};
use crate::train::validation_images;

/// Quantize a run's weights to 8, 4 or 2 bits, and write the model that a device runs.
///
/// Weights of 8 bits are the integers from -127 to 127, of 4 bits the odd integers from -15 to 15,
/// of 2 bits -3, -1, 1 and 3. Activation ranges are calibrated on training images; test images are
/// only used to measure the result. Hidden units that are zero for all training images are removed.
///
/// The model also gets a threshold, chosen on the validation images (of a mixture, those of the first
/// source): what looks less like any class than 99 in 100 of them is "none of the classes" to it, on the
/// workstation and on the device.
///
/// Weights of few bits cost accuracy unless the network was trained for them (`inkbit train --bits
/// 4 --qat-from 0.45`); then bits and scales are those of the training.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/quantize.txt"))]
pub struct Args {
    /// Folder of the training run
    run: PathBuf,

    /// File to write the model to
    #[arg(short, long, value_name = "MODEL")]
    out: PathBuf,

    /// Name of the model, at most 32 bytes [default: the run's folder]
    #[arg(long)]
    name: Option<String>,

    /// Bits of a weight: 8, 4 or 2, for all layers or one for each [default: those of the
    /// run]
    #[arg(long, value_name = "BITS", value_delimiter = ',', value_parser = bits::parse)]
    bits: Option<Vec<u8>>,

    /// Whether the weights of a hidden layer share a scale, or each output has its own [default:
    /// that of the run]
    #[arg(long, value_enum, value_name = "PER")]
    scales: Option<Granularity>,

    /// Keep hidden units that are zero for all training images
    #[arg(long)]
    keep_dead: bool,

    /// Percent of the validation images that the model is to accept as one of its classes; 100 for a
    /// model that refuses nothing
    #[arg(long, value_name = "PERCENT", default_value_t = 100.0 * ACCEPT)]
    accept: f64,

    #[command(flatten)]
    data: DataArgs,
}

const QAT_FROM: f32 = 0.45;

#[derive(Debug)]
pub struct Plan {
    /// Width of each layer's weights.
    bits: Vec<WeightBits>,
    granularity: Granularity,
    keep_dead: bool,
    /// Percent of the validation images.
    accept: f64,
}

impl Plan {
    /// By the flags, else by the run's configuration.
    pub fn new(
        run: &Run,
        bits: Option<&[u8]>,
        granularity: Option<Granularity>,
    ) -> anyhow::Result<Self> {
        let layers = run.config.hidden.len() + 1;
        let config = &run.config;
        let bits = bits::per_layer(bits.unwrap_or(&config.bits), layers)
            .map_err(|error| usage(format!("--{error}")))?;
        let granularity = granularity.unwrap_or(config.scales);
        let other = bits != config.layer_bits()? || granularity != config.scales;
        if other && run.weights()?.has_scales() {
            let trained: Vec<String> = config.bits.iter().map(ToString::to_string).collect();
            let message = format!(
                "{} was trained with weights rounded to {} bits and a scale per {}: leave out \
                 --bits and --scales, or train again with others",
                visible::path(run.folder()),
                trained.join(","),
                config.scales
            );
            return Err(usage(message));
        }
        Ok(Self { bits, granularity, keep_dead: false, accept: 100.0 * ACCEPT })
    }
}

/// A quantized model and the cost of quantization.
pub struct Outcome {
    pub blob: Blob,
    pub int: Evaluation,
    pub report: Quantization,
    /// The command for quantization-aware training, if the bits are few and there was none.
    pub hint: Option<String>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut run = Run::open(&args.run)?;
    let recorded = run.clone();
    run.data.labels = args.data.labels_name().or(run.data.labels);
    run.data.reading = args.data.reading(Some(&run));
    let plan = Plan::new(&run, args.bits.as_deref(), args.scales)?;
    let accept = args.accept;
    if !(50.0..=100.0).contains(&accept) {
        return Err(usage(format!("--accept is {accept}, but must be from 50 to 100 percent")));
    }
    let plan = Plan { keep_dead: args.keep_dead, accept, ..plan };
    let name = args.name.clone().unwrap_or_else(|| default_name(&run));
    // An illegal name is found before anything is computed.
    check_name(&name)?;
    run.weights()?;
    check_model_file(&args.out)?;
    let data = args.data.of_run(&run)?;
    // A run that is being trained can be quantized, but its weights change.
    let claim = match recorded.claim() {
        Ok(claim) => Some(claim),
        Err(RunError::Busy(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let outcome = quantize_run(&run, &run.weights()?, &data, name, plan)?;
    outcome.blob.save(&args.out)?;
    match claim {
        Some(claim) => claim.save_quantization(&outcome.report)?,
        None => super::complain(&format!(
            "note: another inkbit is at work in {}: this quantization is not recorded there",
            visible::path(&args.run)
        )),
    }
    super::print(&describe(&outcome, &args.out, &data.name, &run.data.reading)?)
}

/// Quantizes `net`, a run's best weights, and measures them before and after.
pub fn quantize_run(
    run: &Run,
    net: &Mlp,
    data: &Dataset,
    name: String,
    plan: Plan,
) -> anyhow::Result<Outcome> {
    let device = run.config.backend.device()?;
    let mut description = Description {
        name,
        classes: data.classes.clone(),
        shape: run.data.shape(),
        input: run.input(),
        layout: run.data.layout(),
        prominence: 0,
        command: shortened(run.command(), MAX_COMMAND),
        digest: data.digest(),
        seed: run.config.seed,
    };
    let Plan { bits, granularity, keep_dead, accept } = plan;
    let input = run.input();
    let learned = net.has_scales();
    let whole = Quantized::of_trained(net, &data.train, input, &bits, granularity)?;
    let float = evaluate_net(net, &data.classes, &data.test.shrunk(input), &device)?;
    let whole_blob = export(&whole, &description, (0, 0))?;
    let model = whole_blob.model()?;
    let differences = Differences::between(&whole, &model, &data.test, &device)?;
    let (kept, removed) = match keep_dead {
        true => (whole, Vec::new()),
        false => whole.without_dead_units(&model, &data.train)?,
    };
    let untested = export(&kept, &description, (0, 0))?;
    let validation = validation_images(&data.train, &run.config, data.of_first_source());
    description.prominence = threshold(&untested.model()?, &validation, accept / 100.0)?;
    let changed = changed(&model, &untested.model()?, &data.test)?;
    let int = evaluate_model(&untested.model()?, &data.test)?;
    let blob = export(&kept, &description, (int.correct as u32, int.images as u32))?;
    let report = Quantization {
        bits: bits.iter().map(|bits| bits.bits()).collect(),
        learned,
        bytes: blob.bytes().len(),
        float_accuracy: float.accuracy,
        float_loss: float.loss,
        int_accuracy: int.accuracy,
        int_loss: int.loss,
        differences,
        removed,
        changed,
        refusal: Some(Refusal::measure(&blob.model()?, &data.test)?),
    };
    let few = bits.iter().any(|&bits| bits != WeightBits::Eight);
    let hint = (few && !learned && run.data.imported.is_none()).then(|| {
        let mut bits: Vec<u8> = bits.iter().map(|bits| bits.bits() as u8).collect();
        if bits.iter().all(|width| *width == bits[0]) {
            bits.truncate(1);
        }
        let config =
            TrainConfig { bits, scales: granularity, qat_from: QAT_FROM, ..run.config.clone() };
        let mut folder = run.folder().as_os_str().to_owned();
        folder.push("-qat");
        let labels = run.data.labels.as_deref();
        let command = config.command(&data.name, labels) + &run.data.reading.flags();
        format!("{command} --out {}", shell::path(folder.as_ref()))
    });
    Ok(Outcome { blob, int, report, hint })
}

/// The number of images whose logits differ between two models.
fn changed(model: &Model<'_>, other: &Model<'_>, images: &Images) -> anyhow::Result<usize> {
    let (logits, others) = (int_logits(model, images)?, int_logits(other, images)?);
    let rows = logits.chunks_exact(model.classes()).zip(others.chunks_exact(other.classes()));
    Ok(rows.filter(|(row, other)| row != other).count())
}

/// Accuracy before and after, sizes, and the command to go on with these data.
pub fn describe(
    outcome: &Outcome,
    path: &Path,
    data: &str,
    reading: &Reading,
) -> anyhow::Result<String> {
    let Outcome { blob, report, hint, .. } = outcome;
    let data = match data {
        "mnist" => String::new(),
        data => format!(" --data {}", shell::word(data)),
    };
    let hint = hint.as_ref().map_or_else(String::new, |command| {
        format!(
            "\nThese weights were trained without rounding. Quantization-aware training rounds them in \
             the\nforward pass, so that training can make up for it; usually most of what few bits \
             cost comes back:\n  {command}\n"
        )
    });
    Ok(format!(
        "{}{}{hint}\nsaved in {}\nnext     inkbit verify {}{data}{}\n",
        text::quantization(report),
        text::sizes(&blob.model()?, blob.bytes()),
        visible::path(path),
        shell::path(path),
        reading.flags()
    ))
}

/// The name of a run's folder, truncated to the maximum length of a model's name.
pub fn default_name(run: &Run) -> String {
    let folder = run.folder().canonicalize().unwrap_or_else(|_| run.folder().to_owned());
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    shortened(name.unwrap_or_else(|| "model".to_owned()), MAX_NAME)
}

/// Refuses a model's name that the format has no room for.
pub fn check_name(name: &str) -> anyhow::Result<()> {
    if (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control) {
        return Ok(());
    }
    Err(usage(format!(
        "--name is {name:?}, {} bytes long, but must be from 1 to {MAX_NAME} bytes, without line \
         breaks",
        name.len()
    )))
}
