//! `inkbit flash`

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use self::place::{PATIENCE, Place, Running, Search, Unverified};
use super::device_args::{find_board, model_for};
use super::image::{Parts, check_parts, pieces};
use super::{progress, usage};
use crate::data::Shape;
use crate::data::synthetic::{self, Part};
use crate::device::{Board, Client, Firmware, Hello, uf2, verify};
use crate::model::Blob;
use crate::support::numbers::grouped;

mod place;
#[cfg(feature = "probe")]
mod probe;
mod serial;

/// The version of this release's firmware.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The most time for a board to start that may be on no port.
const SHORT: Duration = Duration::from_secs(3);

/// Write a model, and the firmware if it is not there yet, to a board that is plugged in.
///
/// Looks for a board that waits as a disk, and for one that runs a firmware. That one takes a model
/// over the line, and is asked to become a disk if it lacks this version's firmware. Other boards are
/// flashed through the boot loader on their serial line, or by a debug probe in builds with the cargo
/// feature `probe`. At the end the board reads ten test digits, and its logits are compared with this
/// computer's.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/flash.txt"))]
pub struct Args {
    /// The model [default: the reference model that `inkbit models` calls the board's best]
    model: Option<PathBuf>,

    /// Board to flash
    #[arg(long, value_name = "NAME", default_value = "pico")]
    board: String,

    /// What to write [default: what the board lacks; both with --firmware, or if it does not tell]
    #[arg(long, value_enum, value_name = "WHAT")]
    parts: Option<Parts>,

    /// Firmware, an ELF file [default: that of the release, in the folder `firmware` beside this
    /// program, or the one that `cargo xtask firmware` built]
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,

    /// Folder of the board's disk [default: the only disk of such a board]
    #[arg(long, value_name = "FOLDER")]
    disk: Option<PathBuf>,

    /// Serial port of a board with a firmware [default: the only port of such a board]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,

    /// Flash by a debug probe: the only one, or the one with these numbers [default for boards that
    /// nothing else flashes]
    #[cfg(feature = "probe")]
    #[arg(long, value_name = "VID:PID", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    probe: Option<String>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    /// The probe that is asked for; empty if it is the only one.
    #[cfg(feature = "probe")]
    fn probe(&self) -> Option<&str> {
        self.probe.as_deref()
    }

    /// None in a build without them.
    #[cfg(not(feature = "probe"))]
    #[expect(clippy::unused_self, reason = "builds with probes use it")]
    fn probe(&self) -> Option<&str> {
        None
    }
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let board = find_board(&args.board)?;
    let given = args.parts.or(args.firmware.as_ref().map(|_| Parts::Both));
    check_parts(given.unwrap_or(Parts::Both), args.model.as_deref(), args.firmware.as_deref())?;
    let (blob, named) = match given {
        Some(Parts::Firmware) => (None, String::new()),
        _ => {
            let (blob, named) = model_for(&board, args.model.as_deref())?;
            (Some(blob), named)
        }
    };
    let loader = match (&board.uf2, args.probe()) {
        (Some(loader), None) => loader,
        _ => return without_disk(args, &board, given.unwrap_or(Parts::Both), (blob, &named)),
    };
    let (disk, port) = (args.disk.as_deref(), args.port.as_deref());
    let search = Search { board: &board.name, id: &loader.disk, disk, port };
    let place = search.find()?;
    let found = format!("{named}found {place}\n");
    let task = Task { args, board: &board, search: &search, blob: blob.as_ref() };
    let parts = given.or_else(|| task.lacking(&place));
    let (place, parts) = match (place, parts) {
        (Place::Running(running), None) => {
            super::print(&format!(
                "{found}it has this firmware and this model: nothing to write\n"
            ))?;
            return if args.dry_run { Ok(()) } else { task.verify(running, Parts::Both) };
        }
        (Place::Running(running), Some(parts))
            if task.goes_over_the_line(parts, &running.hello) =>
        {
            super::print(&found)?;
            return task.send(running.client);
        }
        (place, parts) => (place, parts.unwrap_or(Parts::Both)),
    };
    let firmware = (parts != Parts::Model)
        .then(|| Firmware::find(&board, args.firmware.as_deref()))
        .transpose()?;
    let content = uf2::uf2(loader.family, &pieces(&board, blob.as_ref(), firmware.as_ref()));
    let what = format!("{parts}, {} bytes of UF2", grouped(content.len()));
    super::print(&found)?;
    let is_running = matches!(place, Place::Running(_));
    if args.dry_run {
        let asked = if is_running { "ask it to become a disk, and " } else { "" };
        return super::print(&format!("would {asked}write {what}\n"));
    }
    let (disk, before) = search.boot(place)?;
    let written = progress::during(content.len(), "writing", |done| disk.write(&content, done))?;
    super::print(&format!("wrote {what}, to {disk}\n"))?;
    let is_flushed = written.is_flushed();
    // Whatever a board at a port says then, it is another one.
    written.wait(PATIENCE)?;
    let patience = if port.is_some() || is_running { PATIENCE } else { SHORT };
    match search.come(before.as_ref(), patience) {
        Ok(running) => task.verify(running, parts),
        Err(error) if error.is::<Unverified>() && is_flushed => {
            super::print(&format!("the board has taken it; {error}\n"))
        }
        Err(error) => Err(error),
    }
}

/// What is written to flash.
struct Content<'a> {
    /// In words.
    what: String,
    /// How many bytes in all.
    bytes: usize,
    /// Addresses and bytes.
    pieces: Vec<(u32, &'a [u8])>,
}

/// Flashes a board by a debug probe, or through the boot loader on its serial line.
fn without_disk(
    args: &Args,
    board: &Board,
    parts: Parts,
    (blob, named): (Option<Blob>, &str),
) -> anyhow::Result<()> {
    let (name, is_dry) = (&board.name, args.dry_run);
    let firmware = (parts != Parts::Model)
        .then(|| Firmware::find(board, args.firmware.as_deref()))
        .transpose()?;
    let pieces = pieces(board, blob.as_ref(), firmware.as_ref());
    let bytes = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let content = Content { what: format!("{parts}, {} bytes", grouped(bytes)), bytes, pieces };
    let port = args.port.as_deref();
    let is_written = match (&board.stm32_loader, &board.part, args.probe()) {
        #[cfg(feature = "probe")]
        (None, Some(part), selector) | (_, Some(part), selector @ Some(_)) => {
            super::print(named)?;
            probe::write(selector.filter(|text| !text.is_empty()), part, &content, is_dry)?
        }
        (Some(loader), _, None) => {
            let port = port.filter(|_| args.disk.is_none()).ok_or_else(|| {
                usage(format!(
                    "the board {name} is flashed over its serial line; name the port with --port, \
                     as in --port /dev/ttyUSB0"
                ))
            })?;
            super::print(named)?;
            serial::write(board, loader, port, &content, is_dry)?
        }
        (_, part, _) => bail!(
            "the board {name} has no boot loader that Inkbit speaks to{}; write a file for its \
             flasher with `inkbit image --board {name}`",
            if part.is_some() {
                ", only a debug probe flashes it, in a build by `cargo install --locked --path host --features \
                 probe` in a checkout"
            } else {
                ""
            }
        ),
    };
    match port {
        Some(_) if is_written => {
            let search = Search { board: name, id: "", disk: None, port };
            Task { args, board, search: &search, blob: blob.as_ref() }
                .verify(search.come(None, PATIENCE)?, parts)
        }
        None if is_written => super::print("unverified: to verify it, name its --port next time\n"),
        _ => Ok(()),
    }
}

/// What a board is to have.
struct Task<'a> {
    args: &'a Args,
    board: &'a Board,
    search: &'a Search<'a>,
    /// None if the firmware alone is to be written.
    blob: Option<&'a Blob>,
}

impl Task<'_> {
    /// What a board lacks of firmware and model, if that is known and anything.
    fn lacking(&self, place: &Place) -> Option<Parts> {
        match place {
            Place::Running(Running { hello, .. }) if self.has_firmware(hello) => {
                let has_model =
                    self.blob.is_some_and(|blob| hello.expect_model(blob.crc()).is_ok());
                (!has_model).then_some(Parts::Model)
            }
            _ => Some(Parts::Both),
        }
    }

    /// Whether a running board takes this as it is: it keeps two models, and the line is quicker than
    /// a disk.
    fn goes_over_the_line(&self, parts: Parts, hello: &Hello) -> bool {
        let has_slot = self.board.memory.second.is_some() && self.has_firmware(hello);
        parts == Parts::Model && has_slot && self.args.disk.is_none()
    }

    fn send(&self, mut client: Client) -> anyhow::Result<()> {
        let blob = self.blob.context("the firmware alone goes over no line")?;
        let bytes = blob.bytes().len();
        let what = format!("the model, {} bytes, over the line", grouped(bytes));
        if self.args.dry_run {
            return super::print(&format!("would send {what}\n"));
        }
        progress::during(bytes, "sending", |done| client.send_model(blob, done))
            .context("the board keeps the model that it had")?;
        // The system gives the port up when nobody has it open.
        drop(client);
        super::print(&format!("sent {what}\n"))?;
        self.verify(self.search.come(None, PATIENCE)?, Parts::Model)
    }

    fn has_firmware(&self, hello: &Hello) -> bool {
        hello.board == self.board.name && hello.firmware == VERSION
    }

    /// Refuses a board that does not have these parts, and lets it read digits.
    fn verify(&self, mut running: Running, parts: Parts) -> anyhow::Result<()> {
        running.expect(&self.board.name)?;
        ensure!(
            self.args.firmware.is_some()
                || parts == Parts::Model
                || self.has_firmware(&running.hello),
            "there is {running}, expected firmware {VERSION}; if that is another board, name the \
             port of this one with --port"
        );
        super::print(&format!("running: {running}\n"))?;
        let Some(blob) = self.blob else { return Ok(()) };
        running.hello.expect_model(blob.crc()).with_context(|| {
            format!("there is {running}: it is another board, or has not taken the model")
        })?;
        read_digits(&mut running.client, blob)
    }
}

/// Prints what the device reads in ten digits, after it has proven to compute the host's logits.
fn read_digits(client: &mut Client, blob: &Blob) -> anyhow::Result<()> {
    // One of each class: every ten of them are.
    let digits = synthetic::images(Part::Test, 10, 1);
    let model = blob.model()?;
    if (Shape::of_model(&model), model.classes()) != (digits.shape.clone(), digits.len()) {
        return super::print("its model does not read the ten digits, so that none were sent\n");
    }
    let verified = verify(client, blob, &digits, |_| ())?;
    let truths: String = digits.labels.iter().map(|label| format!(" {label}")).collect();
    let answers: String = verified.classes.iter().map(|class| format!(" {class}")).collect();
    super::print(&format!(
        "ten test digits{truths}\nare read as    {answers}\n0 of {} logits differ from this computer's\n",
        verified.logits
    ))
}
