//! Why the disk of a boot loader cannot be used.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::visible;

/// A disk that cannot be used. Each can be tried again: a boot loader that has not got the whole of a
/// file waits for one.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    #[error(
        "the disk {} is that of a board {found}, not {expected}; plug in the other board, or name \
         this one with --board if Inkbit has a firmware for it",
        visible::path(folder)
    )]
    OtherBoard { folder: PathBuf, found: String, expected: String },
    #[error(
        "several boards wait to be flashed: {}; name one of these disks with --disk",
        folders.iter().map(|folder| visible::path(folder)).collect::<Vec<_>>().join(", ")
    )]
    Several { folders: Vec<PathBuf> },
    /// What stands in place of the file, with its path.
    #[error(
        "{0}; the disk of a board has no such file: remove it, or name the board's disk with --disk"
    )]
    Occupied(String),
    #[error(
        "another `inkbit flash` writes {}, or was killed while it did; wait until it has ended, or \
         remove the file, and try again",
        visible::path(path)
    )]
    Taken { path: PathBuf },
    #[error(
        "cannot write {}, of which {written} of {total} bytes are written; is the disk full or \
         write-protected? The board is not flashed: unplug it, plug it in with BOOTSEL held, and \
         try again",
        visible::path(path)
    )]
    Write { path: PathBuf, written: usize, total: usize, source: io::Error },
    #[error(
        "the disk {} vanished when {written} of {total} bytes were written; was the board unplugged? \
         It is not flashed: plug it in with BOOTSEL held, and try again",
        visible::path(folder)
    )]
    Vanished { folder: PathBuf, written: usize, total: usize },
    #[error(
        "the board has not taken the file: the disk {} is still there {} s after the last byte; \
         unplug the board, plug it in with BOOTSEL held, and try again",
        visible::path(folder), waited.as_secs_f32()
    )]
    Kept { folder: PathBuf, waited: Duration },
}
