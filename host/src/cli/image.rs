//! `inkbit image`

use std::fmt;
use std::path::{Path, PathBuf};

use super::device_args::{find_board, model_for};
use super::usage;
use crate::device::flash_image::{self, NO_RECORD};
use crate::device::{Board, Firmware, uf2};
use crate::model::{Blob, MODEL_KIND};
use crate::support::replace::Kind;
use crate::support::{shell, visible};

/// The longest file in which the section of a model is searched.
const LIMIT: usize = 64 << 20;

const HEX: Kind =
    Kind::known("Intel HEX of Inkbit's", flash_image::HEX_BEGINNING, flash_image::is_our_hex);
const ELF: Kind =
    Kind::known("a firmware with an Inkbit model", LIMIT, flash_image::has_model_section);

/// Make a flash image: a file that a flasher writes to a board.
///
/// The firmware is flashed once, models any number of times: a .bin or .hex file holds only the
/// model, for the region of flash that the board reserves for it. An .elf file holds firmware and
/// model. A .uf2 file is for boards whose boot loader shows itself as a disk.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/image.txt"))]
pub struct Args {
    /// The model [default: the reference model that `inkbit models` calls the board's best]
    model: Option<PathBuf>,

    /// Board to flash it to
    #[arg(long, value_name = "NAME")]
    board: String,

    /// File to write; its extension selects the format: .bin, .hex, .elf or .uf2
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// What the file holds; only .hex and .uf2 files leave the choice [default: model, or both
    /// with --firmware]
    #[arg(long, value_enum, value_name = "WHAT")]
    parts: Option<Parts>,

    /// Firmware, an ELF file [default: the one that `cargo xtask firmware` built]
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
}

/// What a flash image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Parts {
    /// The model
    Model,
    /// The firmware
    Firmware,
    /// Firmware and model
    Both,
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "the model",
            Self::Firmware => "the firmware",
            Self::Both => "firmware and model",
        })
    }
}

/// Refuses a model or a firmware that is named and not among these parts.
pub fn check_parts(
    parts: Parts,
    model: Option<&Path>,
    firmware: Option<&Path>,
) -> anyhow::Result<()> {
    let needless = match parts {
        Parts::Model => firmware.map(|_| "--firmware"),
        Parts::Firmware => model.map(|_| "the model"),
        Parts::Both => None,
    };
    match needless {
        Some(needless) => {
            Err(usage(format!("--parts leaves {needless} out: drop it, or write `--parts both`")))
        }
        None => Ok(()),
    }
}

/// The bytes of a model and a firmware to flash, and their addresses.
pub fn pieces<'a>(
    board: &Board,
    model: Option<&'a Blob>,
    firmware: Option<&'a Firmware>,
) -> Vec<(u32, &'a [u8])> {
    let address = board.memory.model.address;
    let model = model.map(|blob| (address, blob.bytes()));
    // Without a record the first slot is in use, where the model comes to.
    let records = match (model, board.memory.journal()) {
        (Some(_), Some(sectors)) => sectors.to_vec(),
        _ => Vec::new(),
    };
    let erased = records.into_iter().map(|address| (address, NO_RECORD));
    model.into_iter().chain(erased).chain(firmware.into_iter().flat_map(Firmware::parts)).collect()
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let board = find_board(&args.board)?;
    let extension = args.output.extension().and_then(|extension| extension.to_str());
    let (kind, format, only) = match extension {
        Some("bin") => (MODEL_KIND, "raw", Some(Parts::Model)),
        Some("hex") => (HEX, "Intel HEX", None),
        Some("elf") => (ELF, "ELF", Some(Parts::Both)),
        Some("uf2") => (uf2::KIND, "UF2", None),
        _ => {
            return Err(usage(format!(
                "{} has none of the extensions .bin, .hex, .elf and .uf2, which choose the format",
                visible::path(&args.output)
            )));
        }
    };
    let given = args.parts.or(args.firmware.as_ref().map(|_| Parts::Both));
    let parts = given.or(only).unwrap_or(Parts::Model);
    if only.is_some_and(|only| only != parts) {
        return Err(usage(match only {
            Some(Parts::Model) => {
                "a .bin file holds the model alone; leave out --firmware and --parts, or write .elf"
            }
            _ => "an .elf file holds firmware and model; leave out --parts, or write .hex",
        }));
    }
    check_parts(parts, args.model.as_deref(), args.firmware.as_deref())?;
    kind.check(&args.output)?;
    let loaded =
        (parts != Parts::Firmware).then(|| model_for(&board, args.model.as_deref())).transpose()?;
    let firmware = (parts != Parts::Model)
        .then(|| Firmware::find(&board, args.firmware.as_deref()))
        .transpose()?;
    let address = board.memory.model.address;
    let model = loaded.as_ref().map(|(blob, _)| blob);
    let pieces = || pieces(&board, model, firmware.as_ref());
    let alone = || model.expect("what holds no model is .hex or .uf2").bytes();
    let content = match (extension, &firmware) {
        (Some("hex"), _) => flash_image::hex(&pieces()).into_bytes(),
        (Some("uf2"), _) => {
            let none = || {
                let board = &board.name;
                usage(format!(
                    "the board {board} has no boot loader that takes UF2 files; write .hex"
                ))
            };
            let loader = board.uf2.as_ref().ok_or_else(none)?;
            uf2::uf2(loader.family, &pieces())
        }
        (_, Some(firmware)) => firmware.with_model(&board, alone())?.elf().to_vec(),
        (_, None) => alone().to_vec(),
    };
    kind.write(&args.output, &content)?;
    let (named, place) = match &loaded {
        Some((blob, named)) => {
            let (length, room) = (blob.bytes().len(), board.memory.model.bytes);
            let place =
                format!(", model of {length} bytes from address {address:#010x}, room for {room}");
            (named.as_str(), place)
        }
        None => ("", String::new()),
    };
    let file = visible::path(&args.output);
    let how = flasher(&board, extension, &args.output);
    super::print(&format!("{named}{file}: {parts}, {format}\nboard {}{place}\n{how}", board.name))
}

/// The command of a flasher that writes a file to a board, if one is known.
fn flasher(board: &Board, extension: Option<&str>, file: &Path) -> String {
    if extension == Some("uf2") {
        let name = &board.name;
        return format!(
            "Copy it to the disk of the board's boot loader; `inkbit flash --board {name}` does all of it.\n"
        );
    }
    let Some(part) = &board.part else { return String::new() };
    let format = match extension {
        Some("bin") => {
            let address = board.memory.model.address;
            format!("--binary-format bin --base-address {address:#010x} ")
        }
        Some("hex") => "--binary-format hex ".to_owned(),
        _ => String::new(),
    };
    let file = shell::path(file);
    format!("probe-rs download --chip {part} {format}{file}\n")
}
