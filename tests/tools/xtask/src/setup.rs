//! Finds what the steps need, and installs what is missing where that is possible.
//!
//! Everything that uses the network has a time limit, for machines without one.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::apt::{self, apt_line};
use crate::process;
use crate::toolchain::{
    AARCH64, AARCH64_EMULATOR, BOARD_TARGETS, CORE_TARGETS, Toolchain, debian_is_complete,
    find_program, missing_targets,
};
use crate::windows;

/// Limit for one target by rustup; a dozen seconds where its servers can be reached.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// Limit of a tool's build, on two slow cores.
const TOOL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Debian's packages of QEMU for the boards' processors.
const QEMU_PACKAGES: &[&str] = &["qemu-system-arm", "qemu-system-misc"];

/// Debian's package of QEMU for programs of other processors.
const QEMU_USER_PACKAGES: &[&str] = &["qemu-user"];

/// What runs the Pico's emulator, and what installs that; Debian's packages of both.
const NODE: &[&str] = &["node", "npm"];
const NODE_PACKAGES: &[&str] = &["nodejs", "npm"];

/// Limit for one small package by npm.
const NPM_LIMIT: Duration = Duration::from_secs(120);

/// Debian's linker for Windows, and its package.
pub(crate) const WINDOWS_LINKER: &str = "x86_64-w64-mingw32-gcc";
const WINDOWS_PACKAGES: &[&str] = &["gcc-mingw-w64-x86-64"];

/// Runs programs for Windows.
pub(crate) const WINE: &str = "wine";
const WINE_PACKAGES: &[&str] = &["wine", "wine64"];

/// Names of Chromium and its relatives, as in host/tests/cli/browser.rs.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser and fonts for it.
const BROWSER_PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core"];

/// Names of the other browser, as in host/tests/cli/firefox.rs, and its package.
const FIREFOX: &[&str] = &["firefox", "firefox-esr"];
const FIREFOX_PACKAGES: &[&str] = &["firefox-esr"];

/// Debian's compiler, cargo, sources of the library, and linker.
const RUST_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// The compiler for all targets of the project; installs what it lacks.
///
/// # Errors
///
/// The commands to type, where nothing can be installed from here.
pub(crate) fn toolchain() -> Result<Toolchain, String> {
    // Once for all steps: a search in vain takes minutes.
    static FOUND: OnceLock<Result<Toolchain, String>> = OnceLock::new();
    FOUND.get_or_init(find_toolchain).clone()
}

fn find_toolchain() -> Result<Toolchain, String> {
    let wanted = [CORE_TARGETS, BOARD_TARGETS].concat();
    let missing = missing_targets(&wanted);
    if missing.is_empty() {
        eprintln!("Rust's libraries for all {} bare-metal targets are installed", wanted.len());
        return Ok(Toolchain::Own);
    }
    eprintln!("without Rust's library: {}", missing.join(", "));
    // Before rustup, which would only use up its time limit again where the distribution's compiler
    // was needed before.
    if debian_is_complete() {
        eprintln!("building them with Debian's Rust in /usr");
        return Ok(Toolchain::Debian);
    }
    let by_rustup = add_by_rustup(&missing);
    let Err(no_rustup) = by_rustup else { return Ok(Toolchain::Own) };
    eprintln!("{no_rustup}");
    let by_apt = apt::install(RUST_PACKAGES).and_then(|()| {
        debian_is_complete()
            .then_some(Toolchain::Debian)
            .ok_or_else(|| "the packages are installed but incomplete".to_owned())
    });
    by_apt.map_err(|no_apt| {
        format!(
            "no compiler for {}: {no_rustup}; {no_apt}. Type one of\n    rustup target add {}\n    {}\nand try again",
            missing.join(", "),
            missing.join(" "),
            apt_line(RUST_PACKAGES),
        )
    })
}

/// Installs QEMU for every board if it is missing.
///
/// # Errors
///
/// The commands to type, where it cannot be installed from here.
pub(crate) fn emulators() -> Result<(), String> {
    let boards = inkbit_boards::all();
    let programs: Vec<String> = boards
        .iter()
        .filter(|board| board.emulator.is_qemu())
        .filter_map(|board| board.emulator.program().map(str::to_owned))
        .collect();
    ensure(|| missing(&programs).cloned().collect(), install_qemu, QEMU_PACKAGES)
        .map_err(|error| format!("{error}\nor install QEMU 7.2 or newer: brew install qemu"))
}

/// Sets the emulator of the Raspberry Pi Pico up: Node, and the package that
/// `firmware/emulator/package-lock.json` pins.
///
/// # Errors
///
/// What is missing, and how it is installed; only that board's tests need it.
pub(crate) fn pico() -> Result<(), String> {
    npm("firmware/emulator")
}

/// Sets up what tests pages for people who cannot see: Node, and the package that
/// `host/tests/browser/package-lock.json` pins.
///
/// # Errors
///
/// What is missing, and how it is installed; only that test needs it.
pub(crate) fn axe() -> Result<(), String> {
    npm("host/tests/browser")
}

/// Installs Node, and what the lock file of a folder pins, if that has not been done.
fn npm(name: &str) -> Result<(), String> {
    let missing = || missing(NODE).map(ToString::to_string).collect();
    ensure(missing, apt::install, NODE_PACKAGES)?;
    let folder = process::root().join(name);
    // npm writes this file when it is done.
    let done = folder.join("node_modules/.package-lock.json");
    let lock = folder.join("package-lock.json");
    let time = |path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    if time(&done).is_some_and(|done| Some(done) >= time(&lock)) {
        return Ok(());
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder);
    process::run(&mut install, NPM_LIMIT)
        .map_err(|error| format!("{error}; type `npm ci` in {name}"))
}

/// Installs what runs programs for AArch64 here if it is missing.
///
/// # Errors
///
/// What is missing, and how it is installed; only the comparison of that processor's kernels needs
/// it.
pub(crate) fn aarch64() -> Result<(), String> {
    if !missing_targets(&[AARCH64]).is_empty() {
        add_by_rustup(&[AARCH64])
            .map_err(|reason| format!("{reason}; type `rustup target add {AARCH64}`"))?;
    }
    let missing = || missing(&[AARCH64_EMULATOR]).map(ToString::to_string).collect();
    ensure(missing, install_qemu, QEMU_USER_PACKAGES)
}

/// Installs compilers of C if they are missing.
///
/// # Errors
///
/// What is missing, and how it is installed; tests leave that compiler out.
pub(crate) fn c(compilers: &[&str], packages: &[&str]) -> Result<(), String> {
    let missing = || missing(compilers).map(ToString::to_string).collect();
    ensure(missing, apt::install, packages)
}

/// Installs what builds the command for Windows if it is missing.
///
/// # Errors
///
/// What is missing, and how it is installed.
pub(crate) fn windows() -> Result<(), String> {
    if !missing_targets(&[windows::TARGET]).is_empty() {
        add_by_rustup(&[windows::TARGET])
            .map_err(|reason| format!("{reason}; type `rustup target add {}`", windows::TARGET))?;
    }
    let missing = || missing(&[WINDOWS_LINKER]).map(ToString::to_string).collect();
    ensure(missing, apt::install, WINDOWS_PACKAGES)
}

/// Installs what runs it if it is missing.
///
/// # Errors
///
/// What is missing, and how it is installed.
pub(crate) fn wine() -> Result<(), String> {
    ensure(|| missing(&[WINE]).map(ToString::to_string).collect(), apt::install, WINE_PACKAGES)
}

/// Whether there is a browser to look at reports with.
pub(crate) fn has_browser() -> bool {
    BROWSERS.iter().any(|name| find_program(name).is_some())
}

/// Installs a browser to look at reports with if there is none.
///
/// # Errors
///
/// Why there is none; only that one test needs it.
pub(crate) fn browser() -> Result<(), String> {
    let missing = || if has_browser() { Vec::new() } else { vec![BROWSERS[0].to_owned()] };
    ensure(missing, apt::install, BROWSER_PACKAGES)
}

/// Installs Firefox if it is missing.
///
/// # Errors
///
/// Why it is not there; without it pages are tested in one browser alone.
pub(crate) fn firefox() -> Result<(), String> {
    let is_there = || FIREFOX.iter().any(|name| find_program(name).is_some());
    let missing = || if is_there() { Vec::new() } else { vec![FIREFOX[0].to_owned()] };
    ensure(missing, apt::install, FIREFOX_PACKAGES)
}

/// Finds a tool that is a crate, or builds it into the user's folder of such tools.
///
/// # Errors
///
/// Why it is not there, and how it is installed.
pub(crate) fn cargo_tool(name: &str, version: &str, features: &str) -> Result<PathBuf, String> {
    if let Some(found) = find_program(name) {
        return Ok(found);
    }
    // Without the optimizer, which would take most of the time.
    let mut arguments = vec!["install", "--locked", "--debug", "--version", version, name];
    if !features.is_empty() {
        arguments.extend(["--features", features]);
    }
    let typed = format!("cargo {}", arguments.join(" "));
    let mut install = process::cargo(&[]);
    // Outside the checkout, whose settings are not meant for it.
    install.args(arguments).current_dir(std::env::temp_dir());
    process::run(&mut install, TOOL_LIMIT)
        .map_err(|error| format!("{name} is not installed: {error}; type `{typed}`"))?;
    find_program(name).ok_or_else(|| format!("`{typed}` has put {name} where it is not found"))
}

/// Those programs that are not installed.
fn missing<S: AsRef<str>>(programs: &[S]) -> impl Iterator<Item = &S> {
    programs.iter().filter(|name| find_program(name.as_ref()).is_none())
}

/// Installs Debian's packages if something is missing, and says what is missing still.
fn ensure(
    missing: impl Fn() -> Vec<String>,
    install: fn(&[&str]) -> Result<(), String>,
    packages: &[&str],
) -> Result<(), String> {
    let mut before = missing();
    before.dedup();
    if before.is_empty() {
        return Ok(());
    }
    let names = before.join(", ");
    eprintln!("not installed: {names}");
    let reason = match (install(packages), missing()) {
        (Ok(()), after) if after.is_empty() => return Ok(()),
        (Ok(()), after) => format!("the packages do not bring {}", after.join(", ")),
        (Err(error), _) => error,
    };
    Err(format!("not installed: {names}: {reason}. Type\n    {}", apt_line(packages)))
}

/// Where qemu-utils comes from the backports, only their emulators go with it.
fn install_qemu(packages: &[&str]) -> Result<(), String> {
    apt::install(packages).or_else(|error| {
        eprintln!("{error}; trying the backports");
        apt::install_from_backports(packages)
    })
}

fn add_by_rustup(targets: &[&'static str]) -> Result<(), String> {
    if find_program("rustup").is_none() {
        return Err("rustup is not installed".to_owned());
    }
    // One by one: a dead network costs one time limit, and a slow one is not cut off.
    for target in targets {
        process::run(Command::new("rustup").args(["target", "add", target]), RUSTUP_LIMIT)?;
    }
    match missing_targets(targets) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(format!("rustup has not added {} to this compiler", missing.join(", "))),
    }
}
