//! Looks for undefined behaviour, and for panics, with the compiler's own tools.

use std::process::Command;
use std::time::Duration;

use crate::devices;
use crate::process::{cargo, output, run, run_heard};
use crate::setup;
use crate::steps::aarch64_tests;
use crate::toolchain::{BOARD_TARGETS, CORE_TARGETS};
use crate::trust::{Effort, Tried, tests};

/// Builds of core, with all that it needs, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Other flags would build what lies in `target` anew.
const TARGET: [&str; 2] = ["--target-dir", "target/undefined"];

/// The tests of core without the host.
const SUITE: [&str; 3] = ["--package", "inkbit-tests", "--no-default-features"];

/// Tests that run kernels on buffers of every size.
pub(crate) const BUFFERS: [&str; 6] =
    ["bounds", "damage", "equivalence", "features", "golden", "stages"];

/// Compiles programs that must not compile, and compares the reasons.
pub(crate) fn programs(_: Effort) -> Result<Tried, String> {
    let mut command = cargo(&["test", "--doc"]);
    command.args(SUITE).args(TARGET).arg("sound");
    // Error codes are compared by nightly compilers only.
    let lines = run_heard(command.env("RUSTC_BOOTSTRAP", "1"), BUILD_LIMIT)?;
    let refused = lines.iter().filter(|line| line.ends_with("compile fail ... ok")).count() as u64;
    if refused == 0 {
        return Err("no program was tried".to_owned());
    }
    Ok(Tried::Counts(vec![(refused, "programs without `unsafe` that must not compile".to_owned())]))
}

/// Runs the kernels of boards on buffers that touch the ends of RAM.
pub(crate) fn boards(_: Effort) -> Result<Tried, String> {
    if let Err(reason) = setup::emulators() {
        return Ok(Tried::Skipped(reason));
    }
    let compared = devices::compare_kernels()?;
    let what = "kernels of boards with 150 random models, whose buffers touch the ends of RAM";
    Ok(Tried::Counts(vec![(compared, what.to_owned())]))
}

/// Runs the kernels of AArch64 on guarded buffers.
pub(crate) fn aarch64(effort: Effort) -> Result<Tried, String> {
    if let Err(reason) = setup::aarch64() {
        return Ok(Tried::Skipped(reason));
    }
    let mut command = aarch64_tests();
    command.args(["--test", "tests", "bounds", "--", "--nocapture"]);
    tests(&mut command, effort)
}

/// Runs the workstation's kernels under AddressSanitizer.
pub(crate) fn sanitizer(effort: Effort) -> Result<Tried, String> {
    let host = output("rustc", &["--print", "host-tuple"]).unwrap_or_default();
    let libraries = output("rustc", &["--print", "target-libdir"]).unwrap_or_default();
    let has_runtime = std::fs::read_dir(libraries).is_ok_and(|files| {
        files.flatten().any(|file| file.file_name().to_string_lossy().contains("_rt.asan"))
    });
    if !has_runtime {
        return Ok(Tried::Skipped("this compiler comes without AddressSanitizer".to_owned()));
    }
    let mut command = cargo(&["test", "--release", "--target", &host]);
    command.args(SUITE).args(TARGET).args(["--test", "tests", "--", "--nocapture"]).args(BUFFERS);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    // Layers of one test live as long as its process.
    command.env("ASAN_OPTIONS", "detect_leaks=0");
    tests(&mut command, effort)
}

/// Interprets reading and inference by the compiler's rules for what programs may do.
pub(crate) fn miri(effort: Effort) -> Result<Tried, String> {
    const RUN: [&str; 4] = ["run", "nightly", "cargo", "miri"];
    if output("rustup", &[&RUN[..], &["--version"]].concat()).is_none() {
        return Ok(Tried::Skipped(
            "Miri is not installed: `rustup +nightly component add miri`".to_owned(),
        ));
    }
    let mut command = Command::new("rustup");
    command.current_dir(crate::process::root()).args(RUN).args(["test", "--locked"]);
    command.args(["--package", "inkbit-core", "--lib"]).args(TARGET);
    // Those that are over in seconds.
    command.args(["--", "--nocapture", "small_golden", "blob::tests", "a_sound_blob"]);
    // Set by the cargo that runs this program, for another compiler.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    tests(&mut command, effort)
}

/// Links core for every device so that a panic would be an undefined symbol.
pub(crate) fn no_panic(_: Effort) -> Result<Tried, String> {
    let toolchain = setup::toolchain()?;
    let targets =
        CORE_TARGETS.iter().chain(BOARD_TARGETS).filter(|target| target.contains("-none-"));
    let mut links = 0;
    for target in targets {
        for (level, features) in [("\"s\"", true), ("\"z\"", false), ("3", true)] {
            let mut build = toolchain.build(target, "device");
            build.args(["--package", "no-panic"]).args(TARGET);
            for profile in ["device", "device.package.\"*\""] {
                build.arg("--config").arg(format!("profile.{profile}.opt-level={level}"));
            }
            if !features {
                build.arg("--no-default-features");
            }
            run(&mut build, BUILD_LIMIT)?;
            links += 1;
        }
    }
    Ok(Tried::Counts(vec![(
        links,
        "links of all of core, which fail where a panic is left".to_owned(),
    )]))
}
