//! A release: the command, and beside it the firmware of every board.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use inkbit_boards::{self as boards, Board};
use sha2::{Digest, Sha256};

use crate::process::{cargo, output, root, run};
use crate::setup;
use crate::steps::Outcome;
use crate::toolchain::Toolchain;
use crate::windows;

/// Limit of one board's build, from nothing on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);
const COPY_LIMIT: Duration = Duration::from_secs(60);

/// Where the sources are while they are built: the names of functions, and with these their order, depend
/// on it.
const SOURCE: &str = "/tmp/inkbit-release";
/// The release.
const FOLDER: &str = "target/release-files";
/// Where `inkbit flash` looks for it: beside the program.
const FIRMWARE: &str = "target/release-files/firmware";
const SUMS: &str = "SHA256SUMS";

/// The variable with the flags that [`wrapped`] adds.
const FLAGS: &str = "INKBIT_RUSTC_FLAGS";

/// Runs the compiler if this process is cargo's wrapper of it; returns its exit code.
pub(crate) fn wrapped() -> Option<u8> {
    let flags = env::var(FLAGS).ok()?;
    let mut arguments = env::args_os().skip(1);
    let mut rustc = Command::new(arguments.next()?);
    let status = rustc.args(arguments).args(flags.split('\x1f')).status();
    Some(if status.is_ok_and(|status| status.success()) { 0 } else { 1 })
}

/// Builds every board's firmware twice, from nothing, and keeps it if both are the same bytes; and the
/// command, for this computer's system, and for Windows where that can be built.
pub(crate) fn release() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    let source = Path::new(SOURCE);
    fs::create_dir(source).map_err(|error| {
        format!("{SOURCE}: {error}; nothing may be there, or a release that was killed: remove it")
    })?;
    let done = build(&toolchain, source);
    fs::remove_dir_all(source).map_err(|error| format!("{SOURCE}: {error}"))?;
    print!("{}", done?);
    run(&mut cargo(&["build", "--release", "--package", "inkbit"]), BUILD_LIMIT)?;
    let program = format!("inkbit{}", env::consts::EXE_SUFFIX);
    keep(&root().join("target/release").join(&program), &program)?;
    let outcome = windows::windows()?;
    if let Outcome::Done = outcome {
        keep(&root().join(windows::PROGRAM), "inkbit.exe")?;
    }
    println!("{FOLDER} has the release: {program}, and the folder firmware beside it");
    Ok(outcome)
}

/// Copies a program to the release.
fn keep(program: &Path, name: &str) -> Result<(), String> {
    let to = root().join(FOLDER).join(name);
    fs::copy(program, &to).map_err(|error| format!("{}: {error}", to.display())).map(drop)
}

/// Returns the sums.
fn build(toolchain: &Toolchain, source: &Path) -> Result<String, String> {
    let folder = root().join(FIRMWARE);
    let lost = |error: std::io::Error| format!("{FIRMWARE}: {error}");
    fs::create_dir_all(&folder).map_err(lost)?;
    let mut export = Command::new("git");
    let prefix = format!("--prefix={SOURCE}/");
    run(export.current_dir(root()).args(["checkout-index", "--all", &prefix]), COPY_LIMIT)?;
    let mut sums = String::new();
    for board in boards::all() {
        let [first, second] = ["first", "second"]
            .map(|target| built(toolchain, &board, source, &source.join(target)));
        let first = first?;
        if first != second? {
            return Err(format!("{}: two builds of the same sources differ", board.package));
        }
        let name = format!("{}.elf", board.package);
        fs::write(folder.join(&name), &first).map_err(lost)?;
        let sum: String = Sha256::digest(&first).iter().map(|byte| format!("{byte:02x}")).collect();
        sums += &format!("{sum}  {name}\n");
    }
    fs::write(folder.join(SUMS), &sums).map_err(lost)?;
    Ok(sums)
}

/// A board's firmware, built from these sources: without names of this machine's folders.
fn built(
    toolchain: &Toolchain,
    board: &Board,
    source: &Path,
    target: &Path,
) -> Result<Vec<u8>, String> {
    let Board { package, target: triple, .. } = board;
    let mut command = toolchain.build(triple, "release");
    command.arg("--manifest-path").arg(source.join("firmware/Cargo.toml"));
    command.arg("--target-dir").arg(target).args(["--package", package]);
    let mut flags = vec![];
    for (folder, name) in
        [(source, "/inkbit"), (target, "/build"), (&cargo_home(), "/cargo"), (&library(), "/rustc")]
    {
        // The later ones count first, so that the outer folder stands before the inner one.
        flags.push(format!("--remap-path-prefix={}={name}", folder.display()));
    }
    // Past cargo, which would make other names of functions of flags that differ.
    let own = env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    command.env("RUSTC_WRAPPER", own).env(FLAGS, flags.join("\x1f"));
    command.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    run(&mut command, BUILD_LIMIT)?;
    let file = target.join(triple).join("release").join(package);
    fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Where cargo keeps the sources of crates.
fn cargo_home() -> PathBuf {
    let home = || env::home_dir().unwrap_or_default().join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// Where the sources of Rust's library lie, if they are installed.
fn library() -> PathBuf {
    let sysroot = output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    Path::new(sysroot.trim()).join("lib/rustlib/src/rust")
}
