//! Projects of `inkbit new`, as a stranger's CI builds and proves them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::process::{cargo, root, run};
use crate::setup;
use crate::steps::Outcome;

const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);
const VERIFY_LIMIT: Duration = Duration::from_secs(2 * 60);

/// A program for every processor, and one whose flash begins with something else: its name, the target, and
/// what it is for.
const PROJECTS: [(&str, &str, &[&str]); 6] = [
    ("m0", "thumbv6m-none-eabi", &["--board", "microbit"]),
    ("pico", "thumbv6m-none-eabi", &["--board", "pico"]),
    ("m3", "thumbv7m-none-eabi", &["--target", "thumbv7m-none-eabi"]),
    ("m4", "thumbv7em-none-eabihf", &["--board", "nrf52840-dk"]),
    ("m33", "thumbv8m.main-none-eabihf", &["--target", "thumbv8m.main-none-eabihf"]),
    ("rv32", "riscv32imc-unknown-none-elf", &["--target", "riscv32imc-unknown-none-elf"]),
];

/// Samples that are compared: in QEMU a serial port takes some 30 of them a second.
const SAMPLES: &str = "100";

/// Makes a project for every processor, builds its program for the board and for QEMU, and verifies that.
pub(crate) fn projects() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    setup::emulators()?;
    run(&mut cargo(&["build", "--release"]), BUILD_LIMIT)?;
    let inkbit = || Command::new(root().join("target/release/inkbit"));
    let folder = root().join("target/projects");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for (name, target, place) in PROJECTS {
        let project = folder.join(name);
        run(inkbit().arg("new").arg(&project).args(place), VERIFY_LIMIT)?;
        // The versions that the checkout is tested with, less what a program does not need.
        let manifest = project.join("Cargo.toml");
        fs::copy(root().join("firmware/Cargo.lock"), project.join("Cargo.lock"))
            .map_err(|error| format!("the lock file of {name}: {error}"))?;
        let mut lock = cargo(&[]);
        lock.args(["update", "--workspace", "--offline", "--manifest-path"]).arg(&manifest);
        run(&mut lock, BUILD_LIMIT)?;
        for features in ["", "verify"] {
            let mut build = toolchain.build(target, "release");
            build.arg("--manifest-path").arg(&manifest).args(["--features", features]);
            run(build.arg("--target-dir").arg("firmware/target"), BUILD_LIMIT)?;
        }
        let program = root().join("firmware/target").join(target).join("release").join(name);
        let mut verify = inkbit();
        verify.arg("verify").arg(project.join("model.inkbit")).args(["--data", "synthetic"]);
        verify.args(["--images", SAMPLES, "--target", target, "--firmware"]).arg(program);
        run(verify.args(["--flash", "53248", "--ram", "4096"]), VERIFY_LIMIT)?;
    }
    Ok(Outcome::Done)
}
