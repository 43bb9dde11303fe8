//! `inkbit verify`

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use burn::tensor::Device;
use inkbit_core::Model;

use super::data_args::DataArgs;
use super::device_args::{DeviceArgs, check_fit, model_for};
use super::{progress, wrong_use};
use crate::data::{Dataset, Images};
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::device::emulator::Screen;
use crate::device::{
    Board, Client, Emulator, Firmware, Footprint, Verification, board, verify as verify_device,
};
use crate::evaluate::reference::Reference;
use crate::evaluate::verify::{Agreement, verify};
use crate::model::Blob;
use crate::model::activity::activity;
use crate::net::Backend;
use crate::report::text;
use crate::support::numbers::grouped;
use crate::support::visible;

/// Prove that two implementations of a model compute the same integers.
///
/// Runs every test image through burn's integer tensors and through inkbit-core, the code of the
/// device, and compares every activation and every logit. With --device or --port, sends every test
/// image to that device and compares all logits with the host's.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/verify.txt"))]
pub struct Args {
    /// The model [default with --device: the reference model that `inkbit models` calls the board's
    /// best]
    #[arg(required_unless_present = "device")]
    model: Option<PathBuf>,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    device: DeviceArgs,

    /// Emulate a program of your own, such as one of `inkbit new`, in QEMU's machine for this target;
    /// --firmware names its file, which has the model inside and answers over the serial port
    #[arg(long, value_name = "TRIPLE", requires = "firmware", requires = "model")]
    #[arg(conflicts_with_all = ["device", "port"])]
    target: Option<String>,

    /// The most bytes of flash that this program may take, its model included; over it the check fails
    #[arg(long, value_name = "BYTES", requires = "target")]
    flash: Option<u32>,

    /// The most bytes of static variables in RAM that it may take
    #[arg(long, value_name = "BYTES", requires = "target")]
    ram: Option<u32>,

    /// Number of test images to compare, from the first on [default: all]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    images: Option<u32>,

    /// burn backend of the reference implementation
    #[arg(long, value_enum, default_value_t)]
    backend: Backend,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let device = args.backend.device().map_err(wrong_use)?;
    if args.target.is_none() {
        args.device.check()?;
    }
    let blob = args.model.as_deref().map(Blob::load).transpose()?;
    let own = args.own_program()?;
    // Before the data, which may have to be downloaded.
    let client = args.device.open_port()?;
    let mut data = args.data.load()?;
    if let Some(count) = args.images {
        data.test.truncate(count as usize);
    }
    if let (Some((machine, firmware)), Some(blob)) = (&own, &blob) {
        let emulator = Emulator::start(machine, firmware, &[], &Screen::Headless, &[])?;
        return compare(emulator.into_client()?, blob, &data.test, None);
    }
    let blob = match blob {
        Some(blob) if !args.device.is_given() => blob,
        blob => return on_devices(&args.device, client, blob.as_ref(), &data.test),
    };
    let model = blob.model()?;
    on_host(&model, &data, &device)
}

impl Args {
    /// The program of --firmware and the machine for --target, if that is given and the program is within
    /// its budget.
    fn own_program(&self) -> anyhow::Result<Option<(Board, Firmware)>> {
        let Some(target) = &self.target else { return Ok(None) };
        let machine = board::machine(target).map_err(wrong_use)?;
        let path = self.device.firmware.as_deref().context("clap asks for --firmware")?;
        let firmware = Firmware::own(&machine, path)?;
        self.check_budget(firmware.footprint(&machine))?;
        Ok(Some((machine, firmware)))
    }

    /// Prints what a program takes of memory, and refuses more than its budget.
    fn check_budget(&self, Footprint { code, static_ram }: Footprint) -> anyhow::Result<()> {
        super::print(&format!(
            "{} bytes of flash, {} of static RAM\n",
            grouped(code as usize),
            grouped(static_ram as usize)
        ))?;
        for (what, found, flag, budget) in
            [("flash", code, "--flash", self.flash), ("RAM", static_ram, "--ram", self.ram)]
        {
            if let Some(budget) = budget.filter(|&budget| found > budget) {
                bail!(
                    "the program takes {found} bytes of {what}, {flag} allows {budget}: make it or its \
                     model smaller, or raise the budget"
                );
            }
        }
        Ok(())
    }
}

/// Compares burn's integer tensors with inkbit-core, and prints the counts of what was compared.
pub fn on_host(model: &Model<'_>, data: &Dataset, device: &Device) -> anyhow::Result<()> {
    let reference = Reference::new(model, device);
    let Agreement { images, logits, activations } =
        progress::during(data.test.len(), "verifying", |done| {
            verify(&reference, model, &data.test, done)
        })?;
    super::print(&format!(
        "burn integer tensors against inkbit-core, {} test images\n\
         images compared      {images:9}\n\
         logits compared      {logits:9}\n\
         activations compared {activations:9}\n\
         0 mismatches\n",
        visible::line(&data.name)
    ))
}

/// Compares the logits of every image on each requested device with those of the host. Without a
/// model, each emulated board gets the best reference model that fits it.
fn on_devices(
    args: &DeviceArgs,
    client: Option<Client>,
    blob: Option<&Blob>,
    images: &Images,
) -> anyhow::Result<()> {
    if let Some(client) = client {
        return compare(client, blob.context("clap asks for a model with --port")?, images, None);
    }
    let boards = args.boards()?;
    let Some(blob) = blob else {
        for board in &boards {
            let (blob, named) = model_for(board, None)?;
            super::print(&named)?;
            compare(args.emulate(board, &blob)?, &blob, images, Some(board))?;
        }
        return Ok(());
    };
    let (fitting, too_small): (Vec<_>, Vec<_>) =
        boards.iter().partition(|board| check_fit(board, blob).is_ok());
    for board in &too_small {
        match check_fit(board, blob) {
            // With `all`, a board that the model does not fit is reported and left out.
            Err(error) if !fitting.is_empty() => super::print(&format!("left out: {error:#}\n"))?,
            fit => fit?,
        }
    }
    for board in &fitting {
        compare(args.emulate(board, blob)?, blob, images, Some(board))?;
    }
    ensure!(!fitting.is_empty(), "the model fits none of the boards");
    Ok(())
}

/// Compares on one device; `emulated` is the board if QEMU emulates it.
fn compare(
    mut client: Client,
    blob: &Blob,
    images: &Images,
    emulated: Option<&Board>,
) -> anyhow::Result<()> {
    let start = Instant::now();
    let report = progress::during(images.len(), "comparing", |done| {
        verify_device(&mut client, blob, images, done)
    })?;
    let Verification {
        board, firmware, images: count, logits, nanoseconds, losses, warning, ..
    } = report;
    if let Some(warning) = warning {
        super::complain(&format!("warning: {warning}"));
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    let each = match emulated {
        // A program without a clock.
        None if nanoseconds == 0 => String::new(),
        None => {
            let milliseconds = nanoseconds as f64 / 1e6 / count as f64;
            format!(", {milliseconds:.2} ms an inference by the device's clock")
        }
        Some(board) => {
            let activity = activity(&blob.model()?, images)?;
            let cost = Cost::of(board, blob.crc(), &activity, &Counts::built_in());
            cost.map_or_else(String::new, |cost| format!(", an inference {}", text::cost(cost)))
        }
    };
    let losses = if losses.repeats == 0 { String::new() } else { format!("; {losses}") };
    super::print(&format!(
        "{board} (firmware {firmware}): {count} images, {logits} logits, 0 mismatches; {rate:.0} \
         images/s{each}{losses}\n"
    ))
}
