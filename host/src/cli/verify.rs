//! `inkbit verify`

use std::fmt::Write;
use std::path::PathBuf;

use super::data_args::DataArgs;
use super::device_args::DeviceArgs;
use super::{progress, verify_device, wrong_use};
use crate::evaluate::reference::Reference;
use crate::evaluate::verify::{Agreement, verify};
use crate::model::Blob;
use crate::net::Backend;

/// Prove that two implementations of a model compute the same integers.
///
/// Runs every test image through burn's integer tensors and through inkbit-core, the code of the
/// device, and compares every activation and every logit. With --device or --port, sends every test
/// image to that device and compares all logits with the host's.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit verify model.inkbit
  inkbit verify model.inkbit --data synthetic
  inkbit verify model.inkbit --device lm3s6965evb    in QEMU
  inkbit verify model.inkbit --device all
  inkbit verify --device microbit                    the best reference model that fits it
  inkbit verify model.inkbit --port /dev/ttyACM0     a real board that holds this model

At a mismatch, prints the first one in full; the exit code is then 1.")]
pub struct Args {
    /// The model [default with --device: the reference model that `inkbit models` calls the board's
    /// best]
    #[arg(required_unless_present = "device")]
    model: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    device: DeviceArgs,

    /// burn backend of the reference implementation
    #[arg(long, value_enum, default_value_t)]
    backend: Backend,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let device = args.backend.device().map_err(wrong_use)?;
    let blob = args.model.as_deref().map(Blob::load).transpose()?;
    let data = args.data.load()?;
    let blob = match blob {
        Some(blob) if !args.device.is_given() => blob,
        blob => return verify_device::run(&args.device, blob.as_ref(), &data.test),
    };
    let model = blob.model()?;
    let bar = progress::bar(data.test.len(), "verifying");
    let reference = Reference::new(&model, &device);
    let agreement = verify(&reference, &model, &data.test, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let agreement = agreement?;
    super::print(&describe(&agreement, &data.name))
}

/// The counts of what was compared.
pub fn describe(agreement: &Agreement, data: &str) -> String {
    let Agreement { images, logits, activations } = agreement;
    let mut text = format!("burn integer tensors against inkbit-core, {data} test images\n");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "images compared      {images:9}");
    let _ = writeln!(text, "logits compared      {logits:9}");
    let _ = writeln!(text, "activations compared {activations:9}");
    text.push_str("0 mismatches\n");
    text
}
