//! Counting instructions: builds the plugin for QEMU, the counter and the firmware in every form
//! that was asked for, then starts the counter. `tests/tools/count` has the rest.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use inkbit_boards::Board;

use crate::process::{cargo, root, run};
use crate::setup;
use crate::steps::Outcome;

/// The build of everything, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// 10,000 images for a dozen firmwares on a slow machine.
const COUNT_LIMIT: Duration = Duration::from_secs(120 * 60);

/// The arguments of the step of `cargo xtask test`: weights of every width, images as they are and
/// pooled.
const OF_TEST: &[&str] = &[
    "--images=0",
    "--check",
    "--model=host/models/classic.inkbit",
    "--model=host/models/compact2.inkbit",
    "--model=host/models/tiny.inkbit",
];

/// Where the firmware that is flashed is built.
const TARGET: &str = "firmware/target";

/// Where its other forms are built, one after another, and kept.
const FORMS: &str = "firmware/target/forms";

/// A form of the firmware beside the one that is flashed.
struct Form {
    /// What asks for it.
    flag: &'static str,
    /// What it is called in tables.
    name: &'static str,
    /// The `--cfg` that inkbit-core is built with.
    cfg: &'static str,
    /// Whether it differs from what is flashed on Cortex-M3 and up only.
    only_lanes: bool,
}

const OTHERS: &[Form] = &[
    Form { flag: "--lanes32", name: "lanes32", cfg: "inkbit_lanes32", only_lanes: true },
    Form { flag: "--portable", name: "portable", cfg: "inkbit_portable", only_lanes: false },
];

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Result<Outcome, String> {
    let arguments: Vec<String> = OF_TEST.iter().map(ToString::to_string).collect();
    count(&arguments)?;
    Ok(Outcome::Done)
}

/// Builds what was asked for and counts.
pub(crate) fn count(arguments: &[String]) -> Result<(), String> {
    let arguments: Vec<String> = arguments.iter().map(|argument| from_root(argument)).collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    // No package is named, so that the build is shared with that of all default members.
    let counter = || {
        let mut command = cargo(&["run", "--quiet", "--release", "--bin", "inkbit-count", "--"]);
        command.args(&arguments);
        command
    };
    if has("--help") || has("-h") {
        return run(&mut counter(), BUILD_LIMIT);
    }
    run(counter().arg("--dry-run"), BUILD_LIMIT)?;
    setup::emulators()?;
    run(&mut cargo(&["build", "--release", "--package", "inkbit-count-plugin"]), BUILD_LIMIT)?;
    let are_named = has("--board");
    let boards = if are_named { inkbit_boards::all() } else { inkbit_boards::counted() };
    let counted = |board: &&Board| board.emulator.is_qemu() && (!are_named || has(&board.name));
    for board in boards.iter().filter(counted) {
        build(board, TARGET, None)?;
        for form in OTHERS.iter().filter(|form| has(form.flag)) {
            if has_lanes(board) || !form.only_lanes {
                let built = build(board, FORMS, Some(form.cfg))?;
                let kept = format!("{FORMS}/{}-{}", board.package, form.name);
                fs::copy(root().join(&built), root().join(&kept))
                    .map_err(|error| format!("cannot copy {built} to {kept}: {error}"))?;
            }
        }
    }
    run(&mut counter(), COUNT_LIMIT)
}

/// Builds a board's firmware and says where it is.
fn build(board: &Board, folder: &str, cfg: Option<&str>) -> Result<String, String> {
    let Board { target, package, .. } = board;
    let mut build: Command = setup::toolchain()?.build(target, "release");
    build.args(["--manifest-path", "firmware/Cargo.toml", "--target-dir", folder]);
    if let Some(cfg) = cfg {
        build.env("RUSTFLAGS", format!("--cfg {cfg}"));
    }
    run(build.args(["--package", package]), BUILD_LIMIT)?;
    Ok(format!("{folder}/{target}/release/{package}"))
}

/// Whether 64-bit and 32-bit lanes are two kernels there.
fn has_lanes(board: &Board) -> bool {
    board.target.starts_with("thumbv7") || board.target.starts_with("thumbv8m.main")
}

/// An argument that names a file as seen from the top folder, where the counter runs.
fn from_root(argument: &str) -> String {
    let (flag, path) = match argument.split_once('=') {
        Some((flag, path)) => (format!("{flag}="), path),
        None => (String::new(), argument),
    };
    let Some(file) = Path::new(path).canonicalize().ok().filter(|file| file.is_file()) else {
        return argument.to_owned();
    };
    let root = root().canonicalize().unwrap_or_default();
    format!("{flag}{}", file.strip_prefix(root).unwrap_or(&file).display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_as_seen_from_the_top_folder() {
        // Tests run in their package's folder.
        assert_eq!(from_root("Cargo.toml"), "tests/tools/xtask/Cargo.toml");
        assert_eq!(from_root("--model=src/count.rs"), "--model=tests/tools/xtask/src/count.rs");
        for other in ["--images=20", "microbit", "src"] {
            assert_eq!(from_root(other), other);
        }
    }
}
