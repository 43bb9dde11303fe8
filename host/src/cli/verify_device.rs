//! `inkbit verify --device` and `--port`

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use inkbit::data::Images;
use inkbit::device::{Client, Report, verify};
use inkbit::model_file::Blob;

use super::device_args::{DeviceArgs, check_fit, model_for};
use super::progress;

/// Compares the logits of every image on the devices that were asked for with the host's; of boards'
/// own defaults where there is no model, which only an emulated board can do without.
pub fn run(args: &DeviceArgs, blob: Option<&Blob>, images: &Images) -> anyhow::Result<()> {
    if let Some(client) = args.open_port()? {
        return compare(client, blob.context("clap asks for a model with --port")?, images);
    }
    let boards = args.boards()?;
    let Some(blob) = blob else {
        for board in &boards {
            let (blob, named) = model_for(board, None)?;
            super::print(&named)?;
            compare(args.emulate(board, &blob)?, &blob, images)?;
        }
        return Ok(());
    };
    let (fitting, too_small): (Vec<_>, Vec<_>) =
        boards.iter().partition(|board| check_fit(board, blob).is_ok());
    for board in &too_small {
        // One board that was asked for by name fails; of all of them, it is told and left out.
        let fit = check_fit(board, blob);
        match fit {
            Err(error) if !fitting.is_empty() => super::print(&format!("left out: {error}\n"))?,
            fit => fit?,
        }
    }
    for board in &fitting {
        compare(args.emulate(board, blob)?, blob, images)?;
    }
    ensure!(!fitting.is_empty(), "the model fits none of the boards");
    Ok(())
}

fn compare(mut client: Client, blob: &Blob, images: &Images) -> anyhow::Result<()> {
    let bar = progress::bar(images.len(), "comparing");
    let start = Instant::now();
    let report = verify(&mut client, blob, images, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    super::print(&describe(&report?, start.elapsed()))?;
    Ok(())
}

fn describe(report: &Report, time: Duration) -> String {
    let Report { board, firmware, images, logits, nanoseconds, repeats } = report;
    let rate = *images as f64 / time.as_secs_f64();
    let each = *nanoseconds as f64 / 1e6 / *images as f64;
    let repeats = match repeats {
        0 => String::new(),
        count => format!(", {count} requests repeated"),
    };
    format!(
        "{board} (firmware {firmware}): {images} images, {logits} logits, 0 mismatches; {rate:.0} \
         images/s, {each:.2} ms an inference by the device's clock{repeats}\n"
    )
}
