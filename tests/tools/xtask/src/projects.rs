//! Projects of `inkbit new`, as a stranger's CI builds and proves them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use inkbit_boards::{self as boards, Board, Emulator};

use crate::devices::emulate;
use crate::process::{cargo, root, run};
use crate::setup;
use crate::steps::Outcome;

const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);
const VERIFY_LIMIT: Duration = Duration::from_secs(2 * 60);

/// A program for every processor, and one whose flash begins with something else.
const PROJECTS: [Project; 6] = [
    Project { name: "m0", place: ["--board", "microbit"], machine: Some("microbit") },
    Project { name: "pico", place: ["--board", "pico"], machine: None },
    Project { name: "m3", place: ["--target", "thumbv7m-none-eabi"], machine: Some("lm3s6965evb") },
    Project { name: "m4", place: ["--board", "nrf52840-dk"], machine: None },
    Project {
        name: "m33",
        place: ["--target", "thumbv8m.main-none-eabihf"],
        machine: Some("mps2-an505"),
    },
    Project {
        name: "rv32",
        place: ["--target", "riscv32imc-unknown-none-elf"],
        machine: Some("riscv32-virt"),
    },
];

struct Project {
    name: &'static str,
    /// What it is for, as flags of `inkbit new`.
    place: [&'static str; 2],
    /// The board whose emulator runs the program as it is linked for its own board.
    machine: Option<&'static str>,
}

/// Samples that are compared: in QEMU a serial port takes some 30 of them a second.
const SAMPLES: &str = "100";

/// Makes a project for every processor, builds its program for the board and runs it where an emulator can,
/// then builds it for QEMU and verifies that.
pub(crate) fn projects() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    setup::emulators()?;
    run(&mut cargo(&["build", "--release"]), BUILD_LIMIT)?;
    let inkbit = || Command::new(root().join("target/release/inkbit"));
    let folder = root().join("target/projects");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let board = |name: &str| boards::all().into_iter().find(|board| board.name == name);
    for Project { name, place, machine } in PROJECTS {
        let target = match place {
            ["--board", name] => board(name).ok_or("no such board")?.target,
            [_, target] => target.to_owned(),
        };
        let project = folder.join(name);
        run(inkbit().arg("new").arg(&project).args(place), VERIFY_LIMIT)?;
        // The versions that the checkout is tested with, less what a program does not need.
        let manifest = project.join("Cargo.toml");
        fs::copy(root().join("firmware/Cargo.lock"), project.join("Cargo.lock"))
            .map_err(|error| format!("the lock file of {name}: {error}"))?;
        let mut lock = cargo(&[]);
        lock.args(["update", "--workspace", "--offline", "--manifest-path"]).arg(&manifest);
        run(&mut lock, BUILD_LIMIT)?;
        let build = |features: &str| {
            let mut build = toolchain.build(&target, "release");
            build.arg("--manifest-path").arg(&manifest).args(["--features", features]);
            run(build.args(["--target-dir", "firmware/target"]), BUILD_LIMIT)
        };
        build("")?;
        if let Some(Board { emulator: Emulator::Qemu { program, args }, .. }) =
            machine.and_then(board)
        {
            run(&mut emulate(&program, &args, &target, name), VERIFY_LIMIT)?;
        }
        build("verify")?;
        let program = root().join("firmware/target").join(&target).join("release").join(name);
        let mut verify = inkbit();
        verify.arg("verify").arg(project.join("model.inkbit")).args(["--data", "synthetic"]);
        verify.args(["--images", SAMPLES, "--target", &target, "--firmware"]).arg(program);
        run(verify.args(["--flash", "53248", "--ram", "4096"]), VERIFY_LIMIT)?;
    }
    Ok(Outcome::Done)
}
