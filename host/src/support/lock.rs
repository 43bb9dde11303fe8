//! One process at a time in a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::files::FileError;
use super::replace::{LOCK, ReplaceError, refuse_link};
use super::system::is_at;

/// A lock on a folder: on the file `.lock` in it, which is empty and stays there. If it were removed,
/// two processes could each hold the lock on a file of that name. The system lets go of the lock
/// however the process ends.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// The lock on a folder, unless another holds it.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`], also where the file system has no locks, or the lock's file is a link.
    pub fn try_take(folder: &Path) -> Result<Option<Self>, ReplaceError> {
        Self::take_by(folder, |file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    /// The lock on a folder, after all that others do with it.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`], also where the file system has no locks, or the lock's file is a link.
    pub fn wait(folder: &Path) -> Result<Self, ReplaceError> {
        let lock = Self::take_by(folder, |file| file.lock().map(|()| true))?;
        Ok(lock.expect("waiting ends with the lock"))
    }

    /// Refuses a folder whose lock's file is a link: whoever locked it would open a file elsewhere, or
    /// create one there.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::Link`].
    pub fn check(folder: &Path) -> Result<(), ReplaceError> {
        refuse_link(&folder.join(LOCK), "the empty file of a lock")
    }

    fn take_by(
        folder: &Path,
        take: impl Fn(&File) -> io::Result<bool>,
    ) -> Result<Option<Self>, ReplaceError> {
        let path = folder.join(LOCK);
        loop {
            Self::check(folder)?;
            let is_there = fs::symlink_metadata(&path).is_ok();
            // A new file is never created through a link. One that is there is not truncated: should
            // it be a user's, it keeps its content.
            let mut options = OpenOptions::new();
            let file = match options.read(true).write(true).create_new(!is_there).open(&path) {
                // Another process has created or removed it in the meantime.
                Err(error) if is_there && error.kind() == ErrorKind::NotFound => continue,
                Err(error) if !is_there && error.kind() == ErrorKind::AlreadyExists => continue,
                opened => opened.map_err(FileError::at("write", &path))?,
            };
            let lock = Self { path: path.clone(), file };
            if !take(&lock.file).map_err(FileError::at("lock", &path))? {
                return Ok(None);
            }
            // Between opening and locking, someone may have removed the file, or its folder, or put
            // a link in its place.
            if lock.is_in_place() {
                return Ok(Some(lock));
            }
        }
    }

    /// Whether the folder still has the file that is locked; if not, it was removed, and another
    /// folder may be in its place.
    pub fn is_in_place(&self) -> bool {
        is_at(&self.file, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn one_at_a_time_holds_a_lock_and_its_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".lock");
        fs::write(&file, "a user's").unwrap();
        let lock = Lock::try_take(folder.path()).unwrap().unwrap();
        assert!(Lock::try_take(folder.path()).unwrap().is_none());
        drop(lock);
        assert_eq!(fs::read(&file).unwrap(), b"a user's");
        assert!(Lock::try_take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_lock_is_not_taken_through_a_link_and_nothing_is_created_where_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("file");
        symlink(&target, folder.path().join(LOCK)).unwrap();
        for _ in 0..2 {
            let message = Lock::try_take(folder.path()).unwrap_err().to_string();
            assert!(message.contains(".lock is a symbolic link, expected the empty"), "{message}");
            assert!(Lock::wait(folder.path()).is_err());
            // First it leads nowhere, then to a file.
            fs::write(&target, "").unwrap();
        }
        // The folder itself may be a link.
        let link = outside.path().join("link");
        symlink(outside.path(), &link).unwrap();
        assert!(Lock::try_take(&link).unwrap().is_some());
    }

    #[test]
    fn a_lock_on_a_file_that_was_removed_before_it_was_locked_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::wait(folder.path()).unwrap();
        assert!(first.is_in_place());
        let (sender, opened) = mpsc::channel();
        thread::scope(|scope| {
            let path = folder.path();
            let second = scope.spawn(move || {
                // The delay between opening and locking.
                let delayed = |file: &File| {
                    sender.send(()).unwrap();
                    file.lock().map(|()| true)
                };
                Lock::take_by(path, delayed).unwrap().unwrap()
            });
            opened.recv().unwrap();
            fs::remove_file(folder.path().join(".lock")).unwrap();
            let third = Lock::try_take(folder.path()).unwrap().unwrap();
            assert!(!first.is_in_place() && third.is_in_place());
            // Now the second gets the lock on the removed file, and must wait for the third.
            drop(first);
            opened.recv().unwrap();
            assert!(!second.is_finished());
            drop(third);
            assert!(second.join().unwrap().is_in_place());
        });
    }
}
