//! What CI checks, step by step, with the reason for each.

use std::process::Command;
use std::time::Duration;

use crate::book;
use crate::c;
use crate::count;
use crate::devices;
use crate::package;
use crate::process::{cargo, output, root, run};
use crate::projects;
use crate::release;
use crate::setup;
use crate::supply;
use crate::toolchain::{AARCH64, AARCH64_EMULATOR, CORE_TARGETS, missing_targets};
use crate::trust;
use crate::undefined;
use crate::windows;

pub(crate) struct Step {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it does and why, in one line.
    pub(crate) why: &'static str,
    /// Whether `cargo xtask test` includes it.
    pub(crate) in_test: bool,
    pub(crate) run: fn() -> Result<Outcome, String>,
}

/// Result of a step that did not fail.
pub(crate) enum Outcome {
    /// It is done.
    Done,
    /// The machine lacks something that it needs.
    Skipped(String),
}

/// All steps, in the order of `cargo xtask test`: what fails soonest comes first.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "setup",
        why: "find or install the compilers, emulators and the browser that the steps below need",
        in_test: true,
        run: setup,
    },
    Step {
        name: "format",
        why: "one layout, so that a diff shows only what changed",
        in_test: true,
        run: format,
    },
    Step {
        name: "core",
        why: "test the arithmetic with overflow checks on: release builds would wrap in silence",
        in_test: true,
        run: core,
    },
    Step {
        name: "cross",
        why: "build core for every kind of device: no std, heap, atomics or panic may creep in",
        in_test: true,
        run: cross,
    },
    Step {
        name: "header",
        why: "make the header of core's library for C, which has to be the one that is kept",
        in_test: true,
        run: c::header,
    },
    Step {
        name: "firmware",
        why: "test the app and build it for every board: each has its own processor and memory",
        in_test: true,
        run: devices::firmware,
    },
    Step {
        name: "web",
        why: "compile what browsers run: the same compiler gives the bytes that are kept",
        in_test: true,
        run: devices::web,
    },
    Step {
        name: "kernels",
        why: "compare every processor's kernel with the portable one on random models, in QEMU",
        in_test: true,
        run: devices::kernels,
    },
    Step {
        name: "aarch64",
        why: "compare the kernels of Apple silicon and Raspberry Pis with the portable one, in QEMU",
        in_test: true,
        run: aarch64,
    },
    Step {
        name: "tests",
        why: "test all but the attacks as users run it, optimized, by the build of `cargo run --release`",
        in_test: true,
        run: tests,
    },
    Step {
        name: "projects",
        why: "build and run what `inkbit new` writes for every processor, and prove its bits in QEMU",
        in_test: true,
        run: projects::projects,
    },
    Step {
        name: "package",
        why: "pack what is published and test it unpacked, with debug probes: a path may lead out of it",
        in_test: true,
        run: package::package,
    },
    Step {
        name: "size",
        why: "measure flash, RAM and stack of every board against the budget in its file",
        in_test: true,
        run: devices::size,
    },
    Step {
        name: "count",
        why: "count an inference's instructions and stack on every board, against the committed counts",
        in_test: true,
        run: count::check,
    },
    Step {
        name: "c",
        why: "build both engines for C for M0, M3, M4 and RISC-V, and compare all logits in QEMU",
        in_test: true,
        run: c::c,
    },
    Step {
        name: "trust",
        why: "attack each promise for a while, and say how often: faults, hostile files, races",
        in_test: true,
        run: trust::short,
    },
    Step {
        name: "lint",
        why: "clippy and the compiler's lints, each a failure: a warning that stays is never read",
        in_test: true,
        run: lint,
    },
    Step {
        name: "docs",
        why: "build the documentation without a warning: a broken link is a broken promise",
        in_test: true,
        run: docs,
    },
    Step {
        name: "book",
        why: "build the book, and follow every link of it and of the repository's other pages",
        in_test: true,
        run: book::book,
    },
    Step {
        name: "windows",
        why: "build inkbit.exe and run it in Wine, for a release: minutes, for it builds burn once more",
        in_test: false,
        run: windows::windows,
    },
    Step {
        name: "release",
        why: "build a release: the command, and every board's firmware, twice, the same bytes: minutes",
        in_test: false,
        run: release::release,
    },
    Step {
        name: "figures",
        why: "write what the models and the counts say into the pages that show it",
        in_test: false,
        run: book::figures,
    },
    Step {
        name: "pictures",
        why: "count pictures in shadows, frames and rows that the models read, as the book has them",
        in_test: false,
        run: devices::pictures,
    },
    Step {
        name: "licences",
        why: "write the notices that `inkbit licences` prints, of all crates that are linked",
        in_test: false,
        run: supply::licences,
    },
    Step {
        name: "sbom",
        why: "write a bill of materials in CycloneDX's format into target/sbom",
        in_test: false,
        run: supply::sbom,
    },
    Step {
        name: "screenshot",
        why: "draw a 7 on the emulated board and take the README's picture of it",
        in_test: false,
        run: devices::screenshot,
    },
    Step {
        name: "notebook",
        why: "execute the lesson in host/notebooks from top to bottom and store what its cells give",
        in_test: false,
        run: notebook,
    },
];

/// Limit of a build from nothing on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Limit of the build and the run of all tests.
const TEST_LIMIT: Duration = Duration::from_secs(25 * 60);

/// Limit of two builds, one of them with rust-analyzer, and of the cells.
const NOTEBOOK_LIMIT: Duration = Duration::from_secs(60 * 60);

fn setup() -> Result<Outcome, String> {
    setup::toolchain()?;
    setup::emulators()?;
    if let Err(reason) = setup::pico() {
        eprintln!("continuing without an emulated Pico: {reason}");
    }
    if let Err(reason) = setup::browser() {
        eprintln!("continuing without a browser: {reason}");
    }
    if let Err(reason) = setup::firefox() {
        eprintln!("continuing without Firefox: {reason}");
    }
    Ok(Outcome::Done)
}

fn format() -> Result<Outcome, String> {
    if output("cargo", &["fmt", "--version"]).is_none() {
        return skipped("rustfmt is not installed; `rustup component add rustfmt`");
    }
    run(&mut cargo(&["fmt", "--all", "--check"]), BUILD_LIMIT)?;
    for workspace in [
        "firmware/Cargo.toml",
        devices::ESP32_C3,
        "tests/fuzz/Cargo.toml",
        "tests/tools/notebook/Cargo.toml",
        book::MANIFEST,
    ] {
        let fmt = ["fmt", "--all", "--check", "--manifest-path", workspace];
        run(&mut cargo(&fmt), BUILD_LIMIT)?;
    }
    Ok(Outcome::Done)
}

fn core() -> Result<Outcome, String> {
    // The dev profile checks for overflow.
    run(&mut cargo(&["test", "--package", "inkbit-core"]), BUILD_LIMIT)?;
    // Without the host, and so without burn.
    let suite = ["test", "--package", "inkbit-tests", "--no-default-features"];
    run(&mut cargo(&suite), BUILD_LIMIT)?;
    run(&mut cargo(&["test", "--package", "xtask"]), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

fn cross() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    for target in CORE_TARGETS {
        run(toolchain.build(target, "device").args(["--package", "inkbit-core"]), BUILD_LIMIT)?;
        if target.contains("-none-") {
            let logged = ["--package", "inkbit-core", "--features", "defmt"];
            run(toolchain.build(target, "device").args(logged), BUILD_LIMIT)?;
            // It links only if nothing in core can panic.
            run(toolchain.build(target, "device").args(["--package", "no-panic"]), BUILD_LIMIT)?;
        }
    }
    Ok(Outcome::Done)
}

fn aarch64() -> Result<Outcome, String> {
    if cfg!(target_arch = "aarch64") {
        return skipped("this processor is one: the step `core` has compared its kernels");
    }
    if let Err(reason) = setup::aarch64() {
        return skipped(&reason);
    }
    run(aarch64_tests().env("QEMU_CPU", "max"), TEST_LIMIT)?;
    // On a processor without dot products only kernels differ.
    let mut others = aarch64_tests();
    others.env("QEMU_CPU", "cortex-a53").args(["--test", "tests", "--"]).args(undefined::BUFFERS);
    run(&mut others, TEST_LIMIT)?;
    Ok(Outcome::Done)
}

/// The tests of core, compiled for AArch64 and run by its emulator.
pub(crate) fn aarch64_tests() -> Command {
    let mut command = cargo(&["test", "--release", "--target", AARCH64]);
    command.args(["--package", "inkbit-tests", "--no-default-features"]);
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", AARCH64_EMULATOR);
    command
}

fn tests() -> Result<Outcome, String> {
    // The default members, not the whole workspace: cargo then resolves the same features as for
    // `cargo run --release` and builds nothing twice.
    let mut command = cargo(&["test", "--release", "--no-fail-fast"]);
    // Plain `cargo test` skips tests whose emulator or firmware is missing; here both were set up.
    command.env("INKBIT_REQUIRE_DEVICES", "1");
    match c::compilers_of_host() {
        Ok(()) => _ = command.env("INKBIT_REQUIRE_C", "1"),
        Err(reason) => eprintln!("the engines for C are not tested by each compiler: {reason}"),
    }
    match setup::pico() {
        Ok(()) => _ = command.env("INKBIT_REQUIRE_PICO", "1"),
        Err(reason) => eprintln!("the Pico is not tested: {reason}"),
    }
    if setup::has_browser() {
        command.env("INKBIT_REQUIRE_BROWSER", "1");
        match setup::axe() {
            Ok(()) => _ = command.env("INKBIT_REQUIRE_AXE", "1"),
            Err(reason) => eprintln!("without a check for people who cannot see: {reason}"),
        }
    } else {
        eprintln!("reports are not tested in a browser: none is installed");
    }
    // They take minutes, and `trust` comes later.
    command.arg("--");
    trust::MODULES.iter().for_each(|module| _ = command.args(["--skip", module]));
    run(&mut command, TEST_LIMIT)?;
    Ok(Outcome::Done)
}

fn lint() -> Result<Outcome, String> {
    if output("cargo", &["clippy", "--version"]).is_none() {
        return skipped("clippy is not installed; `rustup component add clippy`");
    }
    let clippy = ["clippy", "--release", "--workspace", "--all-targets", "--", "-Dwarnings"];
    run(&mut cargo(&clippy), BUILD_LIMIT)?;
    let probe = ["clippy", "--release", "--package", "inkbit", "--lib", "--features", "probe"];
    run(cargo(&probe).args(["--", "-Dwarnings"]), BUILD_LIMIT)?;
    if missing_targets(&[AARCH64]).is_empty() {
        let simd = ["clippy", "--release", "--package", "inkbit-simd"];
        run(cargo(&simd).args(["--target", AARCH64, "--", "-Dwarnings"]), BUILD_LIMIT)?;
    }
    run(book::program("clippy").args(["--all-targets", "--", "-Dwarnings"]), BUILD_LIMIT)?;
    devices::lint()?;
    Ok(Outcome::Done)
}

fn docs() -> Result<Outcome, String> {
    let mut command = cargo(&["doc", "--release", "--no-deps", "--workspace", "--quiet"]);
    run(command.env("RUSTDOCFLAGS", "-Dwarnings"), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// `cargo test` has already executed the cells, as examples of the chapter made of them. This step
/// renews the stored outputs, and takes minutes: it builds evcxr, which builds burn once more.
fn notebook() -> Result<Outcome, String> {
    let program = "target/notebook/build";
    let mut command =
        cargo(&["run", "--release", "--manifest-path", "tests/tools/notebook/Cargo.toml"]);
    command.args(["--target-dir", program, "--", "host/notebooks/lesson.ipynb"]);
    // Without it, evcxr would build everything anew in a temporary folder.
    command.env("EVCXR_TMPDIR", root().join("target/notebook/cells"));
    run(&mut command, NOTEBOOK_LIMIT)?;
    Ok(Outcome::Done)
}

pub(crate) fn skipped(reason: &str) -> Result<Outcome, String> {
    eprintln!("skipped: {reason}");
    Ok(Outcome::Skipped(reason.to_owned()))
}
