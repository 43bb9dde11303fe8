//! `inkbit run`

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use super::device_args::{find_emulated, model_for};
use super::usage;
use crate::device::board::Board;
use crate::device::emulator::{Screen, which};
use crate::device::{Emulator, Firmware};
use crate::support::system::has_screen;
use crate::support::visible;

/// Display backends of QEMU that open a window, in order of preference.
const WINDOWS: &[&str] = &["gtk", "sdl", "cocoa"];

/// Emulate a board with a display in a window, to draw digits on.
///
/// The emulator runs the same firmware that is flashed to a real board. QEMU opens a window; the
/// Raspberry Pi Pico opens as a page in the browser. Closing the window, or ending this command,
/// ends the emulator.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/run.txt"))]
pub struct Args {
    /// The model [default: the reference model that `inkbit models` calls the board's best]
    model: Option<PathBuf>,

    /// Board to emulate
    #[arg(long, value_name = "NAME")]
    board: String,

    /// Display backend, as for QEMU's `-display` [default: the first available of gtk, sdl, cocoa]
    #[arg(long, value_name = "KIND")]
    display: Option<String>,

    /// Firmware to run, an ELF file [default: the one that `cargo xtask firmware` built]
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let board = find_emulated(&args.board)?;
    ensure!(
        board.display.is_some(),
        "the board {} has no display; send pictures to it with `inkbit send --device {0}`",
        board.name
    );
    let is_qemu = board.emulator.is_qemu();
    if !is_qemu && args.display.is_some() {
        return Err(usage(format!(
            "--display is for boards that QEMU emulates; {} opens in the browser",
            board.name
        )));
    }
    let (blob, named) = model_for(&board, args.model.as_deref())?;
    let firmware = Firmware::find(&board, args.firmware.as_deref())?;
    if !is_qemu {
        let emulator = Emulator::start(&board, &firmware, blob.bytes(), &Screen::Headless, &[])?;
        super::print(&format!("{}\n{named}", board.title))?;
        return in_browser(emulator);
    }
    let window = args.display.clone().map_or_else(|| window(&board), Ok)?;
    let mut emulator =
        Emulator::start(&board, &firmware, blob.bytes(), &Screen::Window(window), &[])?;
    super::print(&format!(
        "{}\n{named}arrow keys: move the pen; left Ctrl: lower or lift it, held: wipe, with right or left: \
         next or previous screen\nclose the window or press Ctrl-C here to end\n",
        board.title
    ))?;
    let status = emulator.wait()?;
    ensure!(status.success(), "QEMU ended with {status}{}", emulator.last_words());
    Ok(())
}

/// Shows the board on a page of its own until the emulator ends.
fn in_browser(mut emulator: Emulator) -> anyhow::Result<()> {
    // Once it takes connections, it runs.
    drop(emulator.connect()?);
    let address = emulator.pico().and_then(|mut wiring| wiring.page())?;
    super::print(&format!("the board is at {address}\npress Ctrl-C here to end\n"))?;
    // Without a desktop there is nothing to open it, and the address is printed.
    let _ = open::that_detached(&address);
    let status = emulator.wait()?;
    bail!("the emulator ended with {status}{}", emulator.last_words())
}

/// The first display backend that this QEMU has.
fn window(board: &Board) -> anyhow::Result<String> {
    // A missing QEMU is reported when it is started.
    let Some(program) = board.emulator.program().and_then(which) else {
        return Ok(WINDOWS[0].to_owned());
    };
    ensure!(
        has_screen(),
        "there is no screen to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set; start \
         this on a desktop, or with `--display vnc=:1` and a VNC viewer at port 5901"
    );
    let output = Command::new(&program)
        .args(["-display", "help"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot ask {} for its displays", visible::path(&program)))?;
    let kinds = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = WINDOWS.iter().find(|window| kinds.lines().any(|kind| kind.trim() == **window));
    found.map(ToString::to_string).with_context(|| {
        format!(
            "QEMU has none of the windows {}; on Debian or Ubuntu: `sudo apt install \
             qemu-system-gui`, or use `--display vnc=:1` and a VNC viewer at port 5901",
            WINDOWS.join(", ")
        )
    })
}
