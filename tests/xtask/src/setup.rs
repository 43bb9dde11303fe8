//! Finding what the steps need, and installing what is missing where that can be done.
//!
//! Everything that asks the network has a time limit: a machine without one gets an answer.

use std::process::Command;
use std::time::Duration;

use crate::process;
use crate::toolchain::{
    BOARD_TARGETS, CORE_TARGETS, Toolchain, debian_is_complete, find_program, missing_targets,
};

/// For one target over rustup: a dozen seconds where its servers can be reached.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);

/// For an installation by apt: some 400 MB of packages.
const APT_LIMIT: Duration = Duration::from_secs(900);

/// What Debian calls a complete compiler: itself, cargo, the library's sources, a linker.
const RUST_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "lld-19"];

/// A compiler for every target that the project builds for, installed if need be.
///
/// # Errors
///
/// The commands to type, where nothing can be installed from here.
pub(crate) fn toolchain() -> Result<Toolchain, String> {
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
    let by_apt = install(RUST_PACKAGES).and_then(|()| {
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

fn add_by_rustup(targets: &[&str]) -> Result<(), String> {
    if find_program("rustup").is_none() {
        return Err("rustup is not installed".to_owned());
    }
    // One by one, so that a dead network costs one time limit and a slow one is not cut off.
    for target in targets {
        process::run(Command::new("rustup").args(["target", "add", target]), RUSTUP_LIMIT)?;
    }
    match missing_targets(&[CORE_TARGETS, BOARD_TARGETS].concat()) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(format!("rustup has not added {} to this compiler", missing.join(", "))),
    }
}

/// Installs packages of the distribution, if this is Debian or Ubuntu and we may.
pub(crate) fn install(packages: &[&str]) -> Result<(), String> {
    if find_program("apt-get").is_none() {
        return Err("apt-get is not installed: this is not Debian or Ubuntu".to_owned());
    }
    if process::output("id", &["-u"]).as_deref() != Some("0") {
        return Err("apt-get needs root".to_owned());
    }
    // A list that cannot be renewed may still name what is needed.
    if let Err(error) = process::run(&mut apt(&["update"]), APT_LIMIT) {
        eprintln!("{error}\ngoing on with the lists that are there");
    }
    let arguments = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    process::run(&mut apt(&arguments), APT_LIMIT)
        .map_err(|_| format!("apt-get could not install {}", packages.join(", ")))
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet=2").args(arguments).args([
        "-oAcquire::Retries=2",
        "-oAcquire::http::Timeout=20",
        "-oAcquire::https::Timeout=20",
        "-oDPkg::Lock::Timeout=300",
    ]);
    command
}

/// The command for a person to type.
fn apt_line(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    )
}
