//! Steps that build, test and measure the firmware.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use inkbit_boards::{self as boards, Board, Emulator};

use crate::process::{cargo, output, root, run};
use crate::setup;
use crate::steps::{Outcome, skipped};
use crate::toolchain::Toolchain;
use crate::trust::{Effort, Tried};

/// A build of all boards from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// The firmware's workspace. Its target folder is explicit, so that the firmware is found wherever
/// CARGO_TARGET_DIR puts the host's builds.
pub(crate) const WORKSPACE: &[&str] =
    &["--manifest-path", "firmware/Cargo.toml", "--target-dir", "firmware/target"];

/// The program that compares kernels, and its limit; it usually takes a second or two.
const KERNEL_TEST: &str = "inkbit-kernel-test";
const KERNEL_LIMIT: Duration = Duration::from_secs(60);

const SCREENSHOT: &str = "firmware/screenshot.png";

/// Where firmware is built that has a UART for its line in place of USB.
const UART: &[&str] =
    &["--manifest-path", "firmware/Cargo.toml", "--target-dir", "firmware/target/uart"];

/// The firmware of the ESP32-C3, a workspace of its own, and its target.
pub(crate) const ESP32_C3: &str = "firmware/esp32-c3/Cargo.toml";
const ESP32_C3_FOLDER: &str = "firmware/target/esp32-c3";
const ESP32_C3_TARGET: &str = "riscv32imc-unknown-none-elf";

/// Tests the app on the host, and builds every board's firmware.
pub(crate) fn firmware() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    run(cargo(&["test"]).args(WORKSPACE), BUILD_LIMIT)?;
    for Board { package, target, serial, .. } in boards::all() {
        let build = |workspace: &[&str]| {
            let mut build = toolchain.build(&target, "release");
            build.args(workspace).args(["--package", &package]);
            build
        };
        run(&mut build(WORKSPACE), BUILD_LIMIT)?;
        if serial == "usb" {
            run(build(UART).args(["--features", "uart"]), BUILD_LIMIT)?;
        }
    }
    let mut build = toolchain.build(ESP32_C3_TARGET, "release");
    run(build.args(["--manifest-path", ESP32_C3, "--target-dir", ESP32_C3_FOLDER]), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// Runs a program that speaks to the host by semihosting.
pub(crate) fn emulate<S: AsRef<OsStr>>(
    emulator: &str,
    machine: &[S],
    target: &str,
    package: &str,
) -> Command {
    let mut command = Command::new(emulator);
    command.current_dir(root()).args(machine);
    command.args(["-display", "none", "-monitor", "none", "-serial", "none"]);
    command.args(["-semihosting-config", "enable=on,target=native", "-kernel"]);
    command.arg(format!("firmware/target/{target}/release/{package}"));
    command
}

/// The step that compares kernels.
pub(crate) fn kernels() -> Result<Outcome, String> {
    compare_kernels().map(|_| Outcome::Done)
}

/// Compares the kernel of each board's processor with the portable one, in its emulator. Returns how
/// many kernels were compared.
pub(crate) fn compare_kernels() -> Result<u64, String> {
    let mut compared = 0;
    let toolchain = setup::toolchain()?;
    setup::emulators()?;
    for Board { name, target, emulator, .. } in boards::all() {
        // Another board with the same processor is compared.
        let Emulator::Qemu { program, args } = emulator else { continue };
        // Cortex-M3 has two kernels for 8-bit weights.
        let flags: &[&str] =
            if target.starts_with("thumbv7m-") { &["", "--cfg inkbit_lanes32"] } else { &[""] };
        for flags in flags {
            let mut build = toolchain.build(&target, "release");
            build.args(WORKSPACE).args(["--package", KERNEL_TEST]);
            run(build.env("INKBIT_BOARD", &name).env("RUSTFLAGS", flags), BUILD_LIMIT)?;
            run(&mut emulate(&program, &args, &target, KERNEL_TEST), KERNEL_LIMIT)?;
            compared += 1;
        }
    }
    Ok(compared)
}

/// Lints the firmware, each board for its own target.
pub(crate) fn lint() -> Result<(), String> {
    let clippy = |arguments: &[&str]| {
        let mut command = cargo(&["clippy", "--release"]);
        command.args(WORKSPACE).args(arguments).args(["--", "-Dwarnings"]);
        run(&mut command, BUILD_LIMIT)
    };
    clippy(&["--package", "inkbit-app", "--all-targets"])?;
    clippy(&["--package", "inkbit-c"])?;
    // The distribution's compiler comes without clippy for bare metal.
    if setup::toolchain()? == Toolchain::Own {
        for Board { package, target, .. } in boards::all() {
            clippy(&["--package", &package, "--target", &target])?;
        }
        // There it has a handler of panics.
        clippy(&["--package", "inkbit-c", "--target", ESP32_C3_TARGET])?;
        let mut command = cargo(&["clippy", "--release", "--target", ESP32_C3_TARGET]);
        command.args(["--manifest-path", ESP32_C3, "--target-dir", ESP32_C3_FOLDER]);
        run(command.args(["--", "-Dwarnings"]), BUILD_LIMIT)?;
    }
    Ok(())
}

/// Prints flash, RAM and stack of each firmware, and fails if one is over the board's budget or
/// differs from the committed table.
pub(crate) fn size() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    setup::emulators()?;
    for Board { package, target, .. } in boards::all() {
        // The same code, and beside it how much stack each function takes, by a flag that is not
        // stable yet.
        let mut build = toolchain.build(&target, "release");
        build.args([
            "--manifest-path",
            "firmware/Cargo.toml",
            "--target-dir",
            "firmware/target/stack",
        ]);
        build.args(["--package", &package]).env("RUSTC_BOOTSTRAP", "1");
        run(build.env("RUSTFLAGS", "-Zemit-stack-sizes"), BUILD_LIMIT)?;
    }
    run(&mut example("size"), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// Builds what the attacks on devices attack.
pub(crate) fn built(_: Effort) -> Result<Tried, String> {
    setup::emulators()?;
    firmware()?;
    Ok(Tried::Counts(Vec::new()))
}

/// The same as an attack on the promise about memory.
pub(crate) fn memory(_: Effort) -> Result<Tried, String> {
    size()?;
    let count = boards::all().iter().filter(|board| board.budget.call_graph).count() as u64;
    Ok(Tried::Counts(vec![(
        count,
        "call graphs of firmware, against the stack that was used".to_owned(),
    )]))
}

/// Draws a 7 with the keys of the emulated board and takes the README's picture of it.
pub(crate) fn screenshot() -> Result<Outcome, String> {
    setup::emulators()?;
    run(example("screenshot").args(["--", SCREENSHOT]), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// Prints the table of pictures that are read right.
pub(crate) fn pictures() -> Result<Outcome, String> {
    run(&mut example("pictures"), BUILD_LIMIT)?;
    Ok(Outcome::Done)
}

/// An example of `inkbit-tests`. No package is named, so that cargo resolves the features of all
/// default members and shares their build.
fn example(name: &str) -> Command {
    cargo(&["run", "--release", "--example", name])
}

/// What browsers run.
struct Module {
    /// A package of the firmware.
    package: &'static str,
    profile: &'static str,
    /// The compiler's.
    flags: &'static str,
    /// Where it is kept.
    kept: &'static str,
}

const MODULES: [Module; 3] = [
    Module { package: "inkbit-web", profile: "web", flags: "", kept: "host/web/device.wasm" },
    Module { package: "inkbit-finder", profile: "web", flags: "", kept: "host/web/finder.wasm" },
    Module {
        package: "inkbit-batch",
        profile: "batch",
        flags: "-Ctarget-feature=+simd128",
        kept: "host/web/batch.wasm",
    },
];

/// By which compiler they were made.
const WEB_COMPILER: &str = "host/web/compiler.txt";

/// Where their sources are while they are built: the names of functions, and with these their order, depend
/// on it.
const WEB_SOURCE: &str = "/tmp/inkbit-web";

/// Compiles what browsers run, of what git's index has. The same compiler has to give the bytes that are
/// kept, which INKBIT_BLESS writes anew.
pub(crate) fn web() -> Result<Outcome, String> {
    let toolchain = setup::toolchain()?;
    let source = Path::new(WEB_SOURCE);
    fs::create_dir(source).map_err(|error| {
        format!(
            "{WEB_SOURCE}: {error}; nothing may be there, or a build that was killed: remove it"
        )
    })?;
    let built = web_built(&toolchain, source);
    fs::remove_dir_all(source).map_err(|error| format!("{WEB_SOURCE}: {error}"))?;
    let built = built?;
    let compiler = output("rustc", &["--version"]).ok_or("rustc does not tell its version")?;
    if env::var_os("INKBIT_BLESS").is_some() {
        let write = |file: &str, content: &[u8]| {
            fs::write(root().join(file), content).map_err(|error| format!("{file}: {error}"))
        };
        for (kept, built) in built {
            write(kept, &built)?;
        }
        write(WEB_COMPILER, compiler.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let read = |file: &str| fs::read(root().join(file)).map_err(|error| format!("{file}: {error}"));
    if toolchain != Toolchain::Own || read(WEB_COMPILER)? != compiler.as_bytes() {
        return skipped("they build, and another compiler has made those that are kept");
    }
    for (kept, built) in built {
        if read(kept)? != built {
            return Err(format!(
                "{kept} is not what this compiler makes of the firmware; renew it with \
                 `INKBIT_BLESS=1 cargo xtask web`"
            ));
        }
    }
    Ok(Outcome::Done)
}

/// Each file that is kept, and what is built for it.
fn web_built(toolchain: &Toolchain, source: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, String> {
    let mut export = Command::new("git");
    let prefix = format!("--prefix={WEB_SOURCE}/");
    run(export.current_dir(root()).args(["checkout-index", "--all", &prefix]), BUILD_LIMIT)?;
    let built = MODULES.map(|Module { package, profile, flags, kept }| {
        let target = "wasm32-unknown-unknown";
        let mut build = toolchain.build(target, profile);
        build.arg("--manifest-path").arg(source.join("firmware/Cargo.toml"));
        build.arg("--target-dir").arg(source.join("target")).args(["--package", package]);
        run(build.env("RUSTFLAGS", flags), BUILD_LIMIT)?;
        let name = package.replace('-', "_");
        let file = source.join(format!("target/{target}/{profile}/{name}.wasm"));
        let content = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok((kept, content))
    });
    built.into_iter().collect()
}
