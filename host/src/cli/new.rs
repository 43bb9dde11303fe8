//! `inkbit new`

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::device_args::find_board;
use super::{usage, wrong_use};
use crate::device::board;
use crate::model::{Blob, builtin};
use crate::project::{self, Project};
use crate::support::{shell, visible};

/// The reference model of a project that names none: small and quick.
const MODEL: &str = "nano";

/// Start a firmware project of your own.
///
/// Writes a folder with a program of some 50 lines that has a model inside, which builds at once, and
/// with a workflow for CI that builds it and proves in QEMU that every logit is the workstation's.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/new.txt"))]
pub struct Args {
    /// Folder to write, whose last part becomes the program's name
    name: PathBuf,

    /// Board that it is for
    #[arg(long, value_name = "NAME", required_unless_present = "target")]
    board: Option<String>,

    /// Target that it is compiled for, with the memory of QEMU's machine for it
    #[arg(long, value_name = "TRIPLE", conflicts_with = "board")]
    target: Option<String>,

    /// The model [default: the reference model nano]
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,

    /// Folder of inkbit-core [default: that of the checkout which this program comes from, if it is there;
    /// else the crate of this version]
    #[arg(long, value_name = "DIR")]
    core: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let name = args.name.file_name().unwrap_or_default().to_string_lossy();
    project::check_name(&name).map_err(wrong_use)?;
    let board = args.board.as_deref().map(find_board).transpose()?;
    let target = match (&board, &args.target) {
        (Some(board), _) => &board.target,
        (None, Some(target)) => target,
        (None, None) => return Err(usage("name a board with --board, or a --target")),
    };
    let machine = board::machine(target).map_err(wrong_use)?;
    let blob = match &args.model {
        Some(path) => Blob::load(path)?,
        None => builtin::find(MODEL).context("nano is a reference model")?,
    };
    super::check_labels(&blob)?;
    let core = core(args.core.as_deref())?;
    let project = Project {
        name: &name,
        blob: &blob,
        board: board.as_ref(),
        machine: &machine,
        core: core.as_deref(),
    };
    project.write(&args.name)?;
    let whence = core.as_ref().map_or_else(
        || format!("the published inkbit-core {}", env!("CARGO_PKG_VERSION")),
        |path| visible::path(path),
    );
    super::print(&format!(
        "{} for {}, with {whence}\nnext\n    cd {}\n    cargo build --release --features verify\n    {}\n",
        visible::path(&args.name),
        board.as_ref().unwrap_or(&machine).title,
        shell::path(&args.name),
        project.verify_command()?
    ))
}

/// The folder of inkbit-core, if it is not the published crate.
fn core(given: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../core"));
    let path = given.unwrap_or(own);
    match path.join("Cargo.toml").is_file() {
        // Whatever folder the project lies in.
        true => Ok(Some(path.canonicalize().unwrap_or_else(|_| path.to_owned()))),
        false if given.is_none() => Ok(None),
        false => Err(usage(format!(
            "{} is not the folder of inkbit-core: it has no Cargo.toml",
            visible::path(path)
        ))),
    }
}
