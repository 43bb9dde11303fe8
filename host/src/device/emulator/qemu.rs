//! How QEMU is started.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::{EmulatorError, Place, Screen};
use crate::device::{Board, Firmware};

/// How a program of QEMU's is installed.
pub(super) fn advice(program: &str) -> &'static str {
    match program {
        "qemu-system-arm" => {
            "on Debian or Ubuntu: `sudo apt install qemu-system-arm`, on macOS: `brew install qemu`, \
             on Windows: the installer that qemu.org names, and its folder in PATH"
        }
        _ => {
            "on Debian or Ubuntu: `sudo apt install qemu-system-misc`, on macOS: `brew install qemu`, \
             on Windows: the installer that qemu.org names, and its folder in PATH"
        }
    }
}

/// The arguments for a board with its firmware and what its model region begins with.
pub(super) fn arguments(
    place: &Place<'_>,
    board: &Board,
    machine: &[String],
    firmware: &Firmware,
    region: &[u8],
    screen: &Screen,
) -> Result<Vec<OsString>, EmulatorError> {
    let path = |name: &str| place.folder.join(name);
    fs::write(path("firmware"), firmware.elf())
        .and_then(|()| fs::write(path("model"), region))
        .map_err(EmulatorError::at("write firmware and model for QEMU"))?;
    let mut given: Vec<OsString> = machine.iter().map(OsString::from).collect();
    given.extend(["-monitor", "none", "-nic", "none", "-kernel"].map(OsString::from));
    given.push(path("firmware").into());
    let mut add = |option: &str, value: String| given.extend([option.into(), value.into()]);
    if !region.is_empty() {
        let (model, address) = (in_option(&path("model")), board.memory.model.address);
        add("-device", format!("loader,file={model},addr={address:#x},force-raw=on"));
    }
    let (display, wait) = match screen {
        Screen::Headless => ("none", true),
        Screen::Window(kind) => (kind.as_str(), false),
    };
    add("-display", display.to_owned());
    add("-serial", place.serial.for_qemu(wait));
    add("-qmp", place.control.for_qemu(false));
    Ok(given)
}

/// A path inside one of QEMU's options, where a comma is written twice.
pub fn in_option(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
