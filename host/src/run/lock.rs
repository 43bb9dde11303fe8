//! One process at a time in a run's folder.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::RunError;
use crate::support::files::FileError;

/// Held while a run is written; the system releases it however the process ends.
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Fails if another process holds the lock.
    pub(super) fn take(folder: &Path) -> Result<Self, RunError> {
        let path = folder.join(".lock");
        let file = File::create(&path).map_err(FileError::at("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _file: file }),
            Err(TryLockError::WouldBlock) => Err(RunError::Busy(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error).into()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A file that stays is locked again.
        let _ = fs::remove_file(&self.path);
    }
}
