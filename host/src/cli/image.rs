//! `inkbit image`

use std::path::PathBuf;

use super::device_args::{find_board, model_for};
use super::usage;
use crate::device::{Firmware, flash_image};
use crate::model::MODEL_KIND;
use crate::support::files;
use crate::support::replace::Kind;

/// The longest file in which a model is searched.
const LIMIT: usize = 64 << 20;
/// Known by the first bytes of a model, `INKBIT`, in the first record that has data: a firmware with
/// a model in it begins with something else, unless it was written here.
const HEX: Kind =
    Kind { name: "Intel HEX with an Inkbit model", marks: &[b"00494E4B424954"], latest: 40 };
/// Known by the name of the model's section.
const ELF: Kind =
    Kind { name: "a firmware with an Inkbit model", marks: &[b"\0.inkbit_model\0"], latest: LIMIT };

/// Make a flash image: a file that a flasher writes to a board.
///
/// The firmware is flashed once, models any number of times: a .bin or .hex file holds only the
/// model, for the region of flash that the board reserves for it. An .elf file holds firmware and
/// model.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/image.txt"))]
pub struct Args {
    /// The model [default: the reference model that `inkbit models` calls the board's best]
    model: Option<PathBuf>,

    /// Board to flash it to
    #[arg(long, value_name = "NAME")]
    board: String,

    /// File to write; its extension selects the format: .bin, .hex or .elf
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Firmware to include in a .hex or .elf file [default for .elf: the one that `cargo xtask
    /// firmware` built]
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let board = find_board(&args.board)?;
    let (blob, named) = model_for(&board, args.model.as_deref())?;
    let address = board.memory.model.address;
    let firmware = || Firmware::find(&board, args.firmware.as_deref());
    let extension = args.output.extension().and_then(|extension| extension.to_str());
    let kind = match extension {
        Some("bin") => MODEL_KIND,
        Some("hex") => HEX,
        Some("elf") => ELF,
        _ => {
            return Err(usage(format!(
                "{} has none of the extensions .bin, .hex and .elf, which choose the format",
                args.output.display()
            )));
        }
    };
    kind.check(&args.output)?;
    let model = (address, blob.bytes());
    let (content, what) = match (extension, &args.firmware) {
        (Some("bin"), Some(_)) => {
            return Err(usage(
                "a .bin file holds the model alone; leave out --firmware, or write .elf",
            ));
        }
        (Some("bin"), None) => (model.1.to_vec(), "the model, raw"),
        (Some("hex"), None) => (flash_image::hex(&[model]).into_bytes(), "the model, Intel HEX"),
        (Some("hex"), Some(_)) => {
            let firmware = firmware()?;
            let parts = [vec![model], firmware.parts()].concat();
            (flash_image::hex(&parts).into_bytes(), "firmware and model, Intel HEX")
        }
        _ => {
            let merged = firmware()?.with_model(&board, model.1)?;
            (merged.elf().to_vec(), "firmware and model, ELF")
        }
    };
    files::write(&args.output, &content)?;
    super::print(&format!(
        "{named}{}: {what}\nboard {}, model of {} bytes from address {address:#010x}, room for {}\n",
        args.output.display(),
        board.name,
        blob.bytes().len(),
        board.memory.model.bytes,
    ))
}
