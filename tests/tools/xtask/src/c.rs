//! The engines for C on microcontrollers: `tests/tools/c` builds them, runs them in QEMU and counts. And
//! the header of the library, which cbindgen makes.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::devices::WORKSPACE;
use crate::process::{cargo, root, run};
use crate::setup;
use crate::steps::{Outcome, skipped};
use crate::toolchain::CORE_TARGETS;

/// The build of the programs, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Four processors, nine programs with each of two engines, on a slow machine; a minute on a fast one.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Compilers for the boards' processors, and Debian's packages of them.
const OF_DEVICES: &[&str] = &["arm-none-eabi-gcc", "riscv64-unknown-elf-gcc"];
const OF_DEVICES_PACKAGES: &[&str] = &["gcc-arm-none-eabi", "gcc-riscv64-unknown-elf"];

/// The same for this machine.
const OF_HOST: &[&str] = &["gcc", "clang"];
const OF_HOST_PACKAGES: &[&str] = &["gcc", "libc6-dev", "clang"];

/// The static library's package, its folder, and its header there.
const LIBRARY: &str = "inkbit-c";
const LIBRARY_FOLDER: &str = "firmware/c";
const HEADER: &str = "include/inkbit.h";

/// What makes the header, and its limit; it takes a second.
const CBINDGEN: (&str, &str) = ("cbindgen", "0.29.4");
const CBINDGEN_LIMIT: Duration = Duration::from_secs(60);

/// Installs what compiles the engines for C for the tests.
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
    let toolchain = setup::toolchain()?;
    for target in CORE_TARGETS.iter().filter(|target| target.contains("-none-")) {
        let mut build = toolchain.build(target, "release");
        run(build.args(WORKSPACE).args(["--package", LIBRARY]), BUILD_LIMIT)?;
    }
    run(&mut cargo(&["build", "--release", "--package", "inkbit-count-plugin"]), BUILD_LIMIT)?;
    // No package is named, so that the build is shared with that of all default members.
    run(&mut cargo(&["build", "--release", "--example", "c"]), BUILD_LIMIT)?;
    run(&mut cargo(&["run", "--release", "--example", "c"]), RUN_LIMIT)?;
    Ok(Outcome::Done)
}

/// Fails unless the library's header is what cbindgen makes of its sources; INKBIT_BLESS writes it.
pub(crate) fn header() -> Result<Outcome, String> {
    let (name, version) = CBINDGEN;
    let program = match setup::cargo_tool(name, version, "") {
        Ok(program) => program,
        Err(reason) => return skipped(&reason),
    };
    let folder = root().join(LIBRARY_FOLDER);
    let (kept, made) = (folder.join(HEADER), root().join("target/inkbit.h"));
    let mut cbindgen = Command::new(program);
    cbindgen.current_dir(folder).args(["--quiet", "--config", "cbindgen.toml", "--output"]);
    run(cbindgen.arg(&made).arg("."), CBINDGEN_LIMIT)?;
    let read = |file| fs::read(file).map_err(|error| format!("{LIBRARY_FOLDER}/{HEADER}: {error}"));
    let made = read(&made)?;
    if env::var_os("INKBIT_BLESS").is_some() {
        fs::write(&kept, made).map_err(|error| format!("{}: {error}", kept.display()))?;
    } else if read(&kept)? != made {
        return Err(format!(
            "{LIBRARY_FOLDER}/{HEADER} is not what {name} {version} makes of its sources; write it with \
             `INKBIT_BLESS=1 cargo xtask header`, and look at the difference"
        ));
    }
    Ok(Outcome::Done)
}
