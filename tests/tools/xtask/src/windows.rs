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

/// Where the commands write, and Wine's own files.
const FOLDER: &str = "target/windows";

/// A picture for `predict`.
const PICTURE: &str = "tests/fuzz/corpus/picture/grey.png";

/// Builds `inkbit.exe`, and goes the whole way with it.
pub(crate) fn windows() -> Result<Outcome, String> {
    if let Err(reason) = setup::windows() {
        return skipped(&reason);
    }
    let build = ["build", "--release", "--package", "inkbit", "--bin", "inkbit"];
    run(cargo(&build).args(["--target", TARGET]), BUILD_LIMIT)?;
    if let Err(reason) = setup::wine() {
        return skipped(&format!("inkbit.exe is built, and was not run: {reason}"));
    }
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let first = format!("{FOLDER}/first");
    let model = format!("{first}/model.inkbit");
    let verified = "0 mismatches";
    for (arguments, expected) in [
        (&["quickstart", "--data", "synthetic", "--out", &first][..], verified),
        // The one before is replaced.
        (&["quickstart", "--data", "synthetic", "--out", &first], verified),
        (&["verify", &model, "--data", "synthetic"], verified),
        (&["predict", &model, PICTURE], PICTURE),
    ] {
        let lines = run_heard(inkbit().args(arguments), RUN_LIMIT)?;
        if !lines.iter().any(|line| line.contains(expected)) {
            return Err(format!("`inkbit.exe {}` has not said {expected:?}", arguments.join(" ")));
        }
    }
    Ok(Outcome::Done)
}

/// `inkbit.exe` in Wine, which has its files apart from those of the user.
fn inkbit() -> Command {
    let mut command = Command::new(setup::WINE);
    command.current_dir(root()).arg(format!("target/{TARGET}/release/inkbit.exe"));
    command.env("WINEPREFIX", root().join(FOLDER).join("wine")).env("WINEDEBUG", "-all");
    command
}
