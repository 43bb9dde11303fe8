//! The engine in C on microcontrollers: `tests/tools/c` builds it, runs it in QEMU and counts.

use std::time::Duration;

use crate::process::{cargo, run};
use crate::setup;
use crate::steps::{Outcome, skipped};

/// The build of the programs, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Four processors, nine programs each, on a slow machine; a minute on a fast one.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Compilers for the boards' processors, and Debian's packages of them.
const OF_DEVICES: &[&str] = &["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"];
const OF_DEVICES_PACKAGES: &[&str] = &["gcc-arm-none-eabi", "gcc-riscv64-unknown-elf"];

/// The same for this machine.
const OF_HOST: &[&str] = &["gcc", "clang"];
const OF_HOST_PACKAGES: &[&str] = &["gcc", "libc6-dev", "clang"];

/// Installs what compiles the engine in C for the tests.
///
/// # Errors
///
/// What is missing; the tests leave that compiler out.
pub(crate) fn compilers_of_host() -> Result<(), String> {
    setup::c(OF_HOST, OF_HOST_PACKAGES)
}

/// Compares every logit of all models that come with Inkbit and of the golden blobs, and counts.
pub(crate) fn c() -> Result<Outcome, String> {
    if let Err(reason) = setup::c(OF_DEVICES, OF_DEVICES_PACKAGES) {
        return skipped(&reason);
    }
    setup::emulators()?;
    run(&mut cargo(&["build", "--release", "--package", "inkbit-count-plugin"]), BUILD_LIMIT)?;
    // No package is named, so that the build is shared with that of all default members.
    run(&mut cargo(&["build", "--release", "--example", "c"]), BUILD_LIMIT)?;
    run(&mut cargo(&["run", "--release", "--example", "c"]), RUN_LIMIT)?;
    Ok(Outcome::Done)
}
