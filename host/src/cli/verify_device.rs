//! `inkbit verify --device` and `--port`

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::device_args::{DeviceArgs, check_fit, model_for};
use super::progress;
use crate::data::Images;
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::device::{Board, Client, Verification, verify};
use crate::model::Blob;
use crate::model::activity::activity;
use crate::report::text;

/// Compares the logits of every image on each requested device with those of the host. Without a
/// model, each emulated board gets the best reference model that fits it.
pub fn run(args: &DeviceArgs, blob: Option<&Blob>, images: &Images) -> anyhow::Result<()> {
    if let Some(client) = args.open_port()? {
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
        // With `all`, a board that the model does not fit is reported and left out.
        let fit = check_fit(board, blob);
        match fit {
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
    let bar = progress::bar(images.len(), "comparing");
    let start = Instant::now();
    let report = verify(&mut client, blob, images, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let (report, time) = (report?, start.elapsed());
    let each = match emulated {
        None => measured(&report),
        Some(board) => {
            let activity = activity(&blob.model()?, images)?;
            let cost = Cost::of(board, blob.crc(), &activity, &Counts::built_in());
            cost.map_or_else(String::new, |cost| format!(", an inference {}", text::cost(cost)))
        }
    };
    super::print(&describe(&report, time, &each))
}

/// The time of an inference by the device's clock.
fn measured(report: &Verification) -> String {
    let each = report.nanoseconds as f64 / 1e6 / report.images as f64;
    format!(", {each:.2} ms an inference by the device's clock")
}

fn describe(report: &Verification, time: Duration, each: &str) -> String {
    let Verification { board, firmware, images, logits, repeats, .. } = report;
    let rate = *images as f64 / time.as_secs_f64();
    let repeats = match repeats {
        0 => String::new(),
        count => format!(", {count} requests repeated"),
    };
    format!(
        "{board} (firmware {firmware}): {images} images, {logits} logits, 0 mismatches; {rate:.0} \
         images/s{each}{repeats}\n"
    )
}
