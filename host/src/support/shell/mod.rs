//! Words of commands that somebody may copy into a shell.

#[cfg(unix)]
mod posix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use posix::{path, word};
#[cfg(windows)]
pub(crate) use windows::{path, word};
