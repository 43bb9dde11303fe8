//! Flags that choose the device that a command communicates with.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{usage, wrong_use};
use crate::device::board::{self, Board};
use crate::device::emulator::{self, EmulatorError, Screen};
use crate::device::{Client, Emulator, Firmware, port};
use crate::evaluate::ranking::best_for;
use crate::model::Blob;
use crate::support::numbers::{grouped, percent};
use crate::support::visible;

/// Flags that choose devices.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArgs {
    /// Board to emulate, or `all`
    #[arg(
        long,
        value_name = "NAME",
        help = format!("Board to emulate: {}; or `all`", emulated_names().join(", ")),
        conflicts_with_all = ["port", "baud"],
    )]
    pub device: Option<String>,

    /// Serial port of a board with firmware and model: /dev/ttyACM0 on Linux, /dev/cu.usbmodem1101
    /// on macOS, COM3 on Windows, or whichever number it has
    #[arg(long, value_name = "PORT")]
    pub port: Option<String>,

    /// Baud rate of the port [default: 115200]
    #[arg(long, requires = "port", value_parser = clap::value_parser!(u32).range(1..))]
    pub baud: Option<u32>,

    /// Firmware to emulate, an ELF file [default: the one that `cargo xtask firmware` built]
    #[arg(long, value_name = "FILE", conflicts_with = "port")]
    pub firmware: Option<PathBuf>,
}

impl DeviceArgs {
    pub fn is_given(&self) -> bool {
        self.device.is_some() || self.port.is_some()
    }

    /// Refuses the name of a board that does not exist or that nothing emulates, before a command
    /// does what takes time.
    pub fn check(&self) -> anyhow::Result<()> {
        match self.device.as_deref() {
            None if self.firmware.is_some() => Err(usage(
                "--firmware is for an emulated board, but none is named: add --device NAME",
            )),
            None | Some("all") => Ok(()),
            Some(name) => find_emulated(name).map(drop),
        }
    }

    pub fn boards(&self) -> anyhow::Result<Vec<Board>> {
        match self.device.as_deref() {
            None => Ok(Vec::new()),
            Some("all") if self.firmware.is_some() => {
                Err(usage("--firmware is for one board; name it with --device, not `all`"))
            }
            Some("all") => emulated(),
            Some(name) => Ok(vec![find_emulated(name)?]),
        }
    }

    /// Starts a board in QEMU with the model in its region of flash.
    pub fn emulate(&self, board: &Board, blob: &Blob) -> anyhow::Result<Client> {
        let firmware = Firmware::find(board, self.firmware.as_deref())?;
        let emulator = Emulator::start(board, &firmware, blob.bytes(), &Screen::Headless, &[])?;
        Ok(emulator.into_client()?)
    }

    pub fn open_port(&self) -> anyhow::Result<Option<Client>> {
        let Some(port) = &self.port else { return Ok(None) };
        let line = port::open(port, self.baud.unwrap_or(port::BAUD))?;
        // A UART has no flow control: one image at a time. USB has.
        let mut client = Client::new(line, 1);
        let board = Board::find(&client.hello()?.board);
        let has_flow_control = board.is_ok_and(|board| board.serial == "usb");
        Ok(Some(if has_flow_control { client.with_window(emulator::WINDOW) } else { client }))
    }
}

/// All boards that can be emulated here; the others are named.
fn emulated() -> anyhow::Result<Vec<Board>> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for board in board::emulated() {
        match emulator::check(&board) {
            Ok(()) => found.push(board),
            Err(error) => missing.push((board.name, error)),
        }
    }
    for (name, error) in missing {
        if found.is_empty() {
            return Err(error.into());
        }
        super::complain(&format!("left out: {name}: {error}"));
    }
    Ok(found)
}

/// The board of this name; an unknown name is a wrong use.
pub fn find_board(name: &str) -> anyhow::Result<Board> {
    Board::find(&visible::line(name)).map_err(wrong_use)
}

/// The same for a board to emulate; one that nothing emulates is a wrong use, too.
pub fn find_emulated(name: &str) -> anyhow::Result<Board> {
    let board = find_board(name)?;
    match emulator::check(&board) {
        Err(error @ EmulatorError::None { .. }) => Err(wrong_use(error)),
        _ => Ok(board),
    }
}

fn emulated_names() -> Vec<String> {
    board::emulated().into_iter().map(|board| board.name).collect()
}

/// The model for a board: that of the file, else the best reference model that fits, with a line
/// that names it.
pub fn model_for(board: &Board, path: Option<&Path>) -> anyhow::Result<(Blob, String)> {
    if let Some(path) = path {
        let blob = Blob::load(path)?;
        check_fit(board, &blob)?;
        return Ok((blob, String::new()));
    }
    let (blob, entry) = best_for(board).with_context(|| {
        format!("no reference model fits the board {}: name a model of your own", board.name)
    })?;
    let named = format!(
        "reference model {}, the best that fits {}: accuracy {}, {} bytes\n",
        entry.name,
        board.name,
        percent(entry.recorded_accuracy.unwrap_or_default()),
        grouped(entry.bytes)
    );
    Ok((blob, named))
}

pub fn check_fit(board: &Board, blob: &Blob) -> anyhow::Result<()> {
    let model = blob.model().context("the model changed while it was in memory")?;
    Ok(board::check(board, &model, blob.bytes())?)
}
