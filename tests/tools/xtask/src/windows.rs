//! The command for Windows: built here, and run by Wine.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::process::{cargo, root, run, run_heard};
use crate::setup;
use crate::steps::{Outcome, skipped};

/// The target whose linker Debian and Ubuntu have.
pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// Limit of a build from nothing on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Limit of one command; the longest trains on synthetic digits.
const RUN_LIMIT: Duration = Duration::from_secs(5 * 60);

/// What is built, with the target's name in it.
pub(crate) const PROGRAM: &str = "target/x86_64-pc-windows-gnu/release/inkbit.exe";

/// Source of a library that only old Wines lack.
const RANDOM: &str = "tests/tools/xtask/bcryptprimitives.c";

/// Where the commands write, and Wine's own files.
const FOLDER: &str = "target/windows";

/// A picture for `predict`.
const PICTURE: &str = "tests/fuzz/corpus/picture/grey.png";

/// Builds `inkbit.exe`, and goes the whole way with it.
pub(crate) fn windows() -> Result<Outcome, String> {
    if let Err(reason) = setup::windows() {
        return skipped(&reason);
    }
    // Elsewhere, clippy leaves out what only Windows has.
    for (action, rest) in [("clippy", &["--", "-Dwarnings"][..]), ("build", &[])] {
        let mut command = cargo(&[action, "--release", "--package", "inkbit", "--target", TARGET]);
        run(command.args(["--target-dir", "target"]).args(rest), BUILD_LIMIT)?;
    }
    if let Err(reason) = setup::wine() {
        return skipped(&format!("inkbit.exe is built, and was not run: {reason}"));
    }
    prepare()?;
    let first = format!("{FOLDER}/first");
    let model = format!("{first}/model.inkbit");
    let verified = "0 mismatches";
    for (arguments, expected) in [
        (&["quickstart", "--data", "synthetic", "--out", &first][..], verified),
        // The model before is replaced.
        (&["quantize", &format!("{first}/run"), "-o", &model], &model),
        (&["verify", &model, "--data", "synthetic"], verified),
        (&["predict", &model, PICTURE], PICTURE),
    ] {
        let lines = run_heard(wine(PROGRAM).args(arguments), RUN_LIMIT)?;
        if !lines.iter().any(|line| line.contains(expected)) {
            return Err(format!("`inkbit.exe {}` has not said {expected:?}", arguments.join(" ")));
        }
    }
    Ok(Outcome::Done)
}

/// Gives Wine a folder, and the library that old ones lack.
fn prepare() -> Result<(), String> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    run(wine("wineboot").arg("--init"), RUN_LIMIT)?;
    let library = folder.join("wine/drive_c/windows/system32/bcryptprimitives.dll");
    if library.exists() {
        return Ok(());
    }
    let mut compile = Command::new(setup::WINDOWS_LINKER);
    compile.current_dir(root()).args(["-shared", RANDOM, "-ladvapi32", "-o"]).arg(library);
    run(&mut compile, RUN_LIMIT)
}

/// A program in Wine, which has its files apart from those of the user.
fn wine(program: &str) -> Command {
    let mut command = Command::new(setup::WINE);
    command.current_dir(root()).arg(program);
    command.env("WINEPREFIX", root().join(FOLDER).join("wine")).env("WINEDEBUG", "-all");
    command
}
