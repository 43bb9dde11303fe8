//! The engine in C on microcontrollers: `tests/tools/c` builds it, runs it in QEMU and counts.

use std::time::Duration;

use crate::process::{cargo, run};
use crate::setup;
use crate::steps::{Outcome, skipped};

/// The build of the programs, from nothing.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Four processors, nine programs each, on a slow machine; a minute on a fast one.
const RUN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Compares every logit of all models that come with Inkbit and of the golden blobs, and counts.
pub(crate) fn c() -> Result<Outcome, String> {
    if let Err(reason) = setup::c_of_devices() {
        return skipped(&reason);
    }
    setup::emulators()?;
    run(&mut cargo(&["build", "--release", "--package", "inkbit-count-plugin"]), BUILD_LIMIT)?;
    // No package is named, so that the build is shared with that of all default members.
    run(&mut cargo(&["build", "--release", "--example", "c"]), BUILD_LIMIT)?;
    run(&mut cargo(&["run", "--release", "--example", "c"]), RUN_LIMIT)?;
    Ok(Outcome::Done)
}
