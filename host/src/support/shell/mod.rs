//! Words of commands that somebody may copy into a shell.

#[cfg(unix)]
mod posix;
// Its tests run on any system.
#[cfg(any(windows, test))]
mod windows;

#[cfg(unix)]
pub(crate) use posix::{path, word};
#[cfg(windows)]
pub(crate) use windows::{path, word};
