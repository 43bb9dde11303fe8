//! `inkbit send`

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use inkbit_core::{Model, Sample, argmax};

use super::device_args::{DeviceArgs, model_for};
use super::predict::{self, On, Place, Taken};
use super::usage;
use crate::data::picture::Found;
use crate::data::{Images, Shape};
use crate::device::cost::Cost;
use crate::device::counts::Counts;
use crate::device::{Board, Client};
use crate::model::activity::activity;
use crate::model::{Blob, HostEngine};
use crate::report::text;
use crate::support::error::chain;
use crate::support::{limit, visible};

/// Classify pictures on a device.
///
/// A device on a serial port already holds its model; if the model's file is given too, it must be
/// the same model, and provides the labels. An emulated device gets the model, or the reference
/// model that `inkbit models` calls the board's best.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "inkbit send [MODEL] FILE... --device NAME|--port PORT",
    after_help = include_str!("../../templates/help/send.txt")
)]
pub struct Args {
    /// The pictures, after the model if one is given
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    taken: Taken,

    #[command(flatten)]
    device: DeviceArgs,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let (model, pictures) = match args.files.split_first() {
        Some((first, rest)) if is_model(first) => (Some(first), rest),
        _ => (None, &args.files[..]),
    };
    if pictures.is_empty() {
        return Err(usage("there is no picture to send; name at least one after the model"));
    }
    if let Some(client) = args.device.open_port()? {
        let blob = model.map(|path| Blob::load(path)).transpose()?;
        return send(client, blob.as_ref(), pictures, args.taken, None);
    }
    let boards = args.device.boards()?;
    if boards.is_empty() {
        return Err(usage("name a device: --device lm3s6965evb for an emulated one, or --port"));
    }
    for board in boards {
        let (blob, named) = model_for(&board, model.map(PathBuf::as_path))?;
        super::print(&named)?;
        send(args.device.emulate(&board, &blob)?, Some(&blob), pictures, args.taken, Some(&board))?;
    }
    Ok(())
}

/// Sends pictures to one device; `emulated` is the board if QEMU emulates it.
fn send(
    mut client: Client,
    blob: Option<&Blob>,
    pictures: &[PathBuf],
    taken: Taken,
    emulated: Option<&Board>,
) -> anyhow::Result<()> {
    let hello = client.hello()?;
    if let Some(warning) = hello.warning() {
        super::complain(&format!("warning: {warning}"));
    }
    let losses = client.losses();
    let expected = blob.map(Blob::crc);
    let own = hello.model.as_ref().map_or(0, |model| model.crc);
    let held = hello.expect_model(expected.unwrap_or(own))?;
    let model = blob.map(Blob::model).transpose()?;
    let Sample::Image(frame) = held.sample else {
        bail!("the model {} takes features, not pictures", held.name);
    };
    let mut failed = 0;
    for path in pictures {
        let found = match taken.read(path, frame) {
            Ok(found) => found,
            Err(error) => {
                super::complain(&format!("error: {}", chain(&error)));
                failed += 1;
                continue;
            }
        };
        let file = &*path.to_string_lossy();
        for (on, Found { image, .. }) in Place::all(file, &found).zip(&found) {
            let answer = client.classify(image)?;
            let logits = held.check_logits(&answer)?;
            let took = match (emulated, &model) {
                // The time of an emulator's clock is not that of the chip.
                (Some(board), Some(model)) => estimated(board, model, image.clone())?,
                _ => format!(" in {:.2} ms of its clock", f64::from(answer.nanoseconds) / 1e6),
            };
            let line = match &model {
                Some(model) => {
                    // The line carries logits alone, and the stage is the host's of the same image.
                    let stage = HostEngine::new(model).infer(image).stage();
                    predict::line(&predict::predict(model, On::Picture(on), stage, logits))
                }
                None => format!("{}: class {}\n", on.name(), argmax(logits)),
            };
            let board = visible::line(&hello.board);
            super::print(&format!("{}, by {board}{took}\n", line.trim_end()))?;
        }
    }
    let losses = client.losses().since(losses);
    if losses.repeats > 0 {
        super::complain(&format!("warning: {losses}; check the cable and its plugs"));
    }
    ensure!(failed == 0, "{failed} of {} pictures could not be sent", pictures.len());
    Ok(())
}

/// The estimated cost of a picture on a board; empty if it is unknown.
fn estimated(board: &Board, model: &Model<'_>, pixels: Vec<u8>) -> anyhow::Result<String> {
    let images = Images { shape: Shape::of_model(model), pixels, labels: vec![0] };
    let cost = Cost::estimate(board, &activity(model, &images)?, &Counts::built_in());
    Ok(cost.map_or_else(String::new, |cost| format!(" (emulated): {}", text::cost(cost))))
}

/// Whether a file is a model, by its first bytes or its extension.
fn is_model(path: &Path) -> bool {
    limit::start(path, 6).is_ok_and(|start| start == b"INKBIT")
        || path.extension().is_some_and(|extension| extension == "inkbit")
}
