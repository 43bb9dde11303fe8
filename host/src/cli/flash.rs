//! `inkbit flash`

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fmt, thread};

use anyhow::{Context, bail, ensure};
use inkbit_core::argmax;

use super::device_args::{find_board, model_for};
use super::image::{Parts, pieces};
use super::{progress, usage};
use crate::data::synthetic::{self, Part};
use crate::device::disk::{self, Disk};
use crate::device::{Board, Client, Firmware, Hello, port, uf2, verify};
use crate::model::Blob;
use crate::support::numbers::grouped;
use crate::support::system;

/// The version of this release's firmware.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The most time for a board to show its disk, to take a file, and to start.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same for a board that may be on no port.
const SHORT: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(100);
/// The time for an answer, when nothing but the question is on the line.
const ANSWER: Duration = Duration::from_millis(500);

const BUTTON: &str = "hold the board's button BOOTSEL while you plug its cable in, and try again";

/// Write a model, and the firmware if it is not there yet, to a board that is plugged in.
///
/// Looks for a board that waits as a disk, and for one that runs a firmware. That one takes a model
/// over the line, and is asked to become a disk if it lacks this version's firmware. At the end the board reads
/// ten test digits, and its logits are compared with this computer's.
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

    /// Firmware, an ELF file [default: the one that `cargo xtask firmware` built]
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,

    /// Folder of the board's disk [default: the only disk of such a board]
    #[arg(long, value_name = "FOLDER")]
    disk: Option<PathBuf>,

    /// Serial port of a board with a firmware [default: the only port of such a board]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let board = find_board(&args.board)?;
    let loader = board.uf2.as_ref().with_context(|| {
        format!(
            "the board {} has no boot loader that is a disk; write a file for its flasher with \
             `inkbit image --board {0}`",
            board.name
        )
    })?;
    let (blob, named) = model_for(&board, args.model.as_deref())?;
    let place = Place::find(args, &loader.disk)?;
    let found = format!("{named}found {place}\n");
    let task = Task { args, board: &board, blob: &blob };
    let Some(parts) = task.parts(&place) else {
        super::print(&format!("{found}it has this firmware and this model: nothing to write\n"))?;
        drop(place);
        return if args.dry_run { Ok(()) } else { task.confirm(Parts::Both, PATIENCE) };
    };
    let place = match place {
        Place::Running { client, hello, .. } if task.goes_over_the_line(parts, &hello) => {
            super::print(&found)?;
            return task.send(client);
        }
        place => place,
    };
    let firmware = (parts != Parts::Model)
        .then(|| Firmware::find(&board, args.firmware.as_deref()))
        .transpose()?;
    let model = (parts != Parts::Firmware).then_some(&blob);
    let content = uf2::uf2(loader.family, &pieces(&board, model, firmware.as_ref()));
    let what = format!("{parts}, {} bytes of UF2", grouped(content.len()));
    super::print(&found)?;
    if args.dry_run {
        let asked = if place.is_running() { "ask it to become a disk, and " } else { "" };
        return super::print(&format!("would {asked}write {what}\n"));
    }
    let has_port = args.port.is_some() || place.is_running();
    let disk = place.into_disk(args, &loader.disk)?;
    let flushed = progress::during(content.len(), "writing", |done| disk.write(&content, done))?;
    super::print(&format!("wrote {what}, to {}\n", disk.folder().display()))?;
    let taken = disk.wait(PATIENCE);
    match (task.confirm(parts, if has_port { PATIENCE } else { SHORT }), taken) {
        (Err(error), Ok(())) if error.is::<Unverified>() && flushed => {
            super::print(&format!("the board has taken it; {error}\n"))
        }
        // Some systems show a disk that has gone, so the board's own word counts for more.
        (Err(error), Err(kept)) if error.is::<Unverified>() => Err(kept.into()),
        (confirmed, _) => confirmed,
    }
}

/// Where a board was found.
#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Place {
    /// It waits for a file.
    Disk(Disk),
    /// It runs a firmware.
    Running { port: String, client: Client, hello: Hello },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(disk) => write!(f, "the disk {}", disk.folder().display()),
            Self::Running { port, hello, .. } => write!(f, "{} at {port}", described(hello)),
        }
    }
}

fn described(Hello { board, firmware, model, .. }: &Hello) -> String {
    let model = match model {
        Ok(model) => format!("the model {}", model.name),
        Err(reason) => format!("without a model ({reason})"),
    };
    format!("{board}, firmware {firmware}, {model}")
}

impl Place {
    /// The one board that is plugged in.
    fn find(args: &Args, id: &str) -> anyhow::Result<Self> {
        let disk = find_disk(args, id)?;
        let running = find_port(args)?.map(|port| (greet(&port), port));
        match (disk, running) {
            (Some(disk), Some((Ok(_), port))) if args.disk.is_none() => bail!(
                "two boards are plugged in: one waits as the disk {}, another one runs at {port}; \
                 unplug one, or name the disk with --disk",
                disk.folder().display()
            ),
            (Some(disk), _) => Ok(Self::Disk(disk)),
            (None, Some((Ok((client, hello)), port))) => Ok(Self::Running { port, client, hello }),
            (None, Some((Err(error), port))) => Err(error.context(format!(
                "{}, and no board answers at {port}; {BUTTON}",
                missing(args, id)
            ))),
            (None, None) => {
                bail!("{}, and no serial port of a board; {BUTTON}", missing(args, id))
            }
        }
    }

    const fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// The board's disk, which a board that runs a firmware becomes.
    fn into_disk(self, args: &Args, id: &str) -> anyhow::Result<Disk> {
        let mut client = match self {
            Self::Disk(disk) => return Ok(disk),
            Self::Running { client, .. } => client,
        };
        client.boot().with_context(|| format!("the board does not become a disk; {BUTTON}"))?;
        // The system gives the port up when nobody has it open.
        drop(client);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(disk) = find_disk(args, id)? {
                return Ok(disk);
            }
            ensure!(
                Instant::now() < deadline,
                "the board has left its firmware, but {}; mount its disk, and name the folder with \
                 --disk",
                missing(args, id)
            );
            thread::sleep(POLL);
        }
    }
}

fn find_disk(args: &Args, id: &str) -> anyhow::Result<Option<Disk>> {
    let folders = args.disk.as_ref().map_or_else(system::disks, |folder| vec![folder.clone()]);
    Ok(disk::find(folders, id)?)
}

/// What was looked for in vain.
fn missing(args: &Args, id: &str) -> String {
    match &args.disk {
        Some(folder) => {
            format!("{} is not the disk {id}: it has no {}", folder.display(), disk::INFO)
        }
        None => format!("there is no disk {id} in {}", system::DISKS),
    }
}

fn find_port(args: &Args) -> anyhow::Result<Option<String>> {
    let mut ports = args.port.as_ref().map_or_else(port::plugged_in, |port| vec![port.clone()]);
    match ports.len() {
        0 | 1 => Ok(ports.pop()),
        _ if args.disk.is_some() => Ok(None),
        _ => Err(usage(format!(
            "several boards may be plugged in: {}; name one of these ports with --port",
            ports.join(", ")
        ))),
    }
}

fn greet(port: &str) -> anyhow::Result<(Client, Hello)> {
    let line = port::open(port, port::BAUD)?;
    let mut client = Client::new(line, 1).with_timeout(ANSWER);
    let hello = client.hello()?;
    Ok((client, hello))
}

/// No board has said that it has what was written.
#[derive(Debug, thiserror::Error)]
#[error("unverified: no board answers on a serial port; to verify it, name its --port next time")]
struct Unverified;

/// What a board is to have.
struct Task<'a> {
    args: &'a Args,
    board: &'a Board,
    blob: &'a Blob,
}

impl Task<'_> {
    /// What is to be written, if anything is.
    fn parts(&self, place: &Place) -> Option<Parts> {
        let given = self.args.parts.or(self.args.firmware.as_ref().map(|_| Parts::Both));
        match place {
            Place::Running { hello, .. } if given.is_none() && self.has_firmware(hello) => {
                let has_model = hello.expect_model(self.blob.crc()).is_ok();
                (!has_model).then_some(Parts::Model)
            }
            _ => Some(given.unwrap_or(Parts::Both)),
        }
    }

    /// Whether a running board takes this as it is: it keeps two models, and the line is quicker than
    /// a disk.
    fn goes_over_the_line(&self, parts: Parts, hello: &Hello) -> bool {
        let has_slot = self.board.memory.second.is_some() && self.has_firmware(hello);
        parts == Parts::Model && has_slot && self.args.disk.is_none()
    }

    fn send(&self, mut client: Client) -> anyhow::Result<()> {
        let bytes = self.blob.bytes().len();
        let what = format!("the model, {} bytes, over the line", grouped(bytes));
        if self.args.dry_run {
            return super::print(&format!("would send {what}\n"));
        }
        progress::during(bytes, "sending", |done| client.send_model(self.blob, done))
            .context("the board keeps the model that it had")?;
        // The system gives the port up when nobody has it open.
        drop(client);
        super::print(&format!("sent {what}\n"))?;
        self.confirm(Parts::Model, PATIENCE)
    }

    fn has_firmware(&self, hello: &Hello) -> bool {
        hello.board == self.board.name && hello.firmware == VERSION
    }

    /// Lets the board say that it has these parts, and read digits.
    fn confirm(&self, parts: Parts, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        let (port, (mut client, hello)) = loop {
            let found = find_port(self.args)?.map(|port| greet(&port).map(|found| (port, found)));
            match found {
                Some(Ok(found)) => break found,
                _ if Instant::now() < deadline => thread::sleep(POLL),
                Some(Err(error)) if self.args.port.is_some() => {
                    return Err(error.context("the board does not start"));
                }
                _ => return Err(Unverified.into()),
            }
        };
        ensure!(
            self.args.firmware.is_some() || parts == Parts::Model || self.has_firmware(&hello),
            "at {port} is {}, expected {} with firmware {VERSION}; if that is another board, name \
             the port of this one with --port",
            described(&hello),
            self.board.name
        );
        super::print(&format!("running: {} at {port}\n", described(&hello)))?;
        if parts == Parts::Firmware {
            return Ok(());
        }
        hello.expect_model(self.blob.crc()).with_context(|| {
            format!("the board at {port} is another one, or has not taken the model")
        })?;
        read_digits(&mut client, self.blob)
    }
}

/// Prints what the device reads in ten digits, after it has proven to compute the host's logits.
fn read_digits(client: &mut Client, blob: &Blob) -> anyhow::Result<()> {
    // One of each class: every ten of them are.
    let digits = synthetic::images(Part::Test, 10, 1);
    let model = blob.model()?;
    if (usize::from(model.input().side), model.classes()) != (digits.side, digits.len()) {
        return super::print("its model does not read the ten digits, so that none were sent\n");
    }
    let verified = verify(client, blob, &digits, |_| ())?;
    let mut answers = String::new();
    for (pixels, _) in digits.iter() {
        answers += &format!(" {}", argmax(&client.classify(pixels)?.logits));
    }
    let truths: String = digits.labels.iter().map(|label| format!(" {label}")).collect();
    super::print(&format!(
        "ten test digits{truths}\nare read as    {answers}\n0 of {} logits differ from this computer's\n",
        verified.logits
    ))
}
