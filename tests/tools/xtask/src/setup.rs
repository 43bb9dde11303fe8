//! Finding what the steps need, and installing what is missing where that can be done.
//!
//! Everything that asks the network has a time limit: a machine without one gets an answer.

use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::apt::{self, apt_line};
use crate::process;
use crate::toolchain::{
    AARCH64, AARCH64_EMULATOR, BOARD_TARGETS, CORE_TARGETS, Toolchain, debian_is_complete,
    find_program, missing_targets,
};

/// For one target over rustup: a dozen seconds where its servers can be reached.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// What Debian calls QEMU for the boards' processors.
const QEMU_PACKAGES: &[&str] = &["qemu-system-arm", "qemu-system-misc"];

/// What Debian calls QEMU for programs of other processors.
const QEMU_USER_PACKAGES: &[&str] = &["qemu-user"];

/// Browsers of Chromium's kind, as host/tests/cli/browser.rs looks for them.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser to look at reports with, and letters for it.
const BROWSER_PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core"];

/// What Debian calls a complete compiler: itself, cargo, the library's sources, a linker.
const RUST_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// A compiler for every target that the project builds for, installed if need be.
///
/// # Errors
///
/// The commands to type, where nothing can be installed from here.
pub(crate) fn toolchain() -> Result<Toolchain, String> {
    // Once for all steps: where there is none, the search has cost minutes.
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
    // Before rustup: where the distribution's compiler was needed once, rustup would only use up
    // its time limit again.
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
            "no compiler for {}: {no_rustup}; {no_apt}. Type one of\n    rustup target add {}\n    {}\nand start this again",
            missing.join(", "),
            missing.join(" "),
            apt_line(RUST_PACKAGES),
        )
    })
}

/// QEMU for every board, installed if need be.
///
/// # Errors
///
/// The commands to type, where it cannot be installed from here.
pub(crate) fn emulators() -> Result<(), String> {
    let missing = || {
        let programs = inkbit_boards::all().into_iter().map(|board| board.qemu.program);
        let mut missing: Vec<_> = programs.filter(|name| find_program(name).is_none()).collect();
        missing.dedup();
        missing
    };
    let before = missing();
    if before.is_empty() {
        eprintln!("the emulators of all boards are installed");
        return Ok(());
    }
    eprintln!("not installed: {}", before.join(", "));
    let reason = match (install_qemu(QEMU_PACKAGES), missing()) {
        (Ok(()), after) if after.is_empty() => return Ok(()),
        (Ok(()), after) => format!("the packages do not bring {}", after.join(", ")),
        (Err(error), _) => error,
    };
    Err(format!(
        "no emulator: {reason}. Install QEMU 7.2 or newer so that {} can be found, for example by\n    \
         {}\n    brew install qemu\nand start this again",
        before.join(" and "),
        apt_line(QEMU_PACKAGES)
    ))
}

/// Where qemu-utils comes from the backports, only their emulators go with it.
fn install_qemu(packages: &[&str]) -> Result<(), String> {
    apt::install(packages).or_else(|error| {
        eprintln!("{error}; trying the backports");
        apt::install_from_backports(packages)
    })
}

/// What runs programs for AArch64 here, installed if need be.
///
/// # Errors
///
/// What is missing, and how it is installed; only the comparison of that processor's kernels needs it.
pub(crate) fn aarch64() -> Result<(), String> {
    if !missing_targets(&[AARCH64]).is_empty() {
        add_by_rustup(&[AARCH64])
            .map_err(|reason| format!("{reason}; type `rustup target add {AARCH64}`"))?;
    }
    let emulator = || find_program(AARCH64_EMULATOR).is_some();
    if !emulator() {
        let reason = match install_qemu(QEMU_USER_PACKAGES) {
            Ok(()) if emulator() => return Ok(()),
            Ok(()) => "the packages do not bring it".to_owned(),
            Err(error) => error,
        };
        let line = apt_line(QEMU_USER_PACKAGES);
        return Err(format!("{AARCH64_EMULATOR} is not installed: {reason}; type `{line}`"));
    }
    Ok(())
}

/// Whether there is a browser that reports can be looked at in.
pub(crate) fn has_browser() -> bool {
    BROWSERS.iter().any(|name| find_program(name).is_some())
}

/// A browser that reports are looked at in, installed if need be.
///
/// # Errors
///
/// Why there is none; everything but that one test can do without.
pub(crate) fn browser() -> Result<(), String> {
    if has_browser() {
        eprintln!("a browser to look at reports with is installed");
        return Ok(());
    }
    eprintln!("not installed: {}", BROWSERS[0]);
    let reason = match apt::install(BROWSER_PACKAGES) {
        Ok(()) if has_browser() => return Ok(()),
        Ok(()) => "the packages do not bring it".to_owned(),
        Err(error) => error,
    };
    Err(format!(
        "no browser: {reason}. To have reports looked at, type\n    {}",
        apt_line(BROWSER_PACKAGES)
    ))
}

fn add_by_rustup(targets: &[&'static str]) -> Result<(), String> {
    if find_program("rustup").is_none() {
        return Err("rustup is not installed".to_owned());
    }
    // One by one, so that a dead network costs one time limit and a slow one is not cut off.
    for target in targets {
        process::run(Command::new("rustup").args(["target", "add", target]), RUSTUP_LIMIT)?;
    }
    match missing_targets(targets) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(format!("rustup has not added {} to this compiler", missing.join(", "))),
    }
}
