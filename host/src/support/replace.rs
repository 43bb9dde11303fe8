//! What may be replaced: what Inkbit wrote, and nothing else.
//!
//! Every kind of file that Inkbit writes has a mark: bytes that nobody else writes at their place in a
//! file. A command asks about every name that it will write, before it changes anything.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files::{self, FileError, Place};
use super::limit;
use super::system::is_disk;
use super::visible;

/// The first line of the TOML files of a run.
pub const RUN_LINE: &str = "# Written by Inkbit for a training run.\n";
/// The first line of the TOML files of a sweep.
pub const SWEEP_LINE: &str = "# Written by Inkbit for a sweep.\n";

/// The name of the file that a process locks to be alone in a folder.
pub const LOCK: &str = ".lock";

/// A kind of file that Inkbit writes.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// With its article, as in "an Inkbit model".
    pub name: &'static str,
    /// How a file of this kind is known.
    mark: Mark,
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    /// It begins with one of these.
    Beginning(&'static [&'static [u8]]),
    /// What it begins with, up to so many bytes, is this.
    Content { bytes: usize, is_ours: fn(&[u8]) -> bool },
}

/// What stands where a file is to be written, and must stay.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ReplaceError {
    /// A file of another kind.
    #[error(
        "{} exists and is not {expected}; it was not replaced: give another path, or move it \
             away",
        visible::path(path)
    )]
    Foreign { path: PathBuf, expected: &'static str },
    /// No file: `found` is "a folder", "a symbolic link", "a disk" or "a device or a pipe".
    #[error(
        "{} is {found}, where {expected} is to be written: give another path",
        visible::path(path)
    )]
    NoFile { path: PathBuf, found: &'static str, expected: &'static str },
    /// A link that would lead out of a folder of Inkbit's own.
    #[error(
        "{} is a symbolic link, expected {expected}; remove it, or give another path",
        visible::path(path)
    )]
    Link { path: PathBuf, expected: &'static str },
    /// The name of a lock's file.
    #[error("{} has the name of the empty file by which Inkbit locks a folder: give another path",
            visible::path(.0))]
    Lock(PathBuf),
    #[error("{} is read-only; it was not replaced: change its permissions, or give another path",
            visible::path(.0))]
    ReadOnly(PathBuf),
    #[error(transparent)]
    File(#[from] FileError),
}

impl Kind {
    /// A kind whose files begin with one of these marks.
    pub const fn beginning(name: &'static str, marks: &'static [&'static [u8]]) -> Self {
        Self { name, mark: Mark::Beginning(marks) }
    }

    /// A kind whose files are known by more than how they begin: `is_ours` gets the first `bytes` of
    /// a file, or all of a shorter one. Bytes that may be anywhere are no mark: a file of somebody
    /// else's may quote them.
    pub const fn known(name: &'static str, bytes: usize, is_ours: fn(&[u8]) -> bool) -> Self {
        Self { name, mark: Mark::Content { bytes, is_ours } }
    }

    /// Whether content, of which the beginning is enough, is of this kind. Nothing at all is of
    /// every kind.
    pub fn has(&self, content: &[u8]) -> bool {
        content.is_empty()
            || match self.mark {
                Mark::Beginning(marks) => marks.iter().any(|mark| content.starts_with(mark)),
                Mark::Content { bytes, is_ours } => is_ours(&content[..bytes.min(content.len())]),
            }
    }

    /// Refuses to write a file of this kind to a path that a user names, unless nothing is there or
    /// a file of this kind. A link counts as the file that it leads to. What is neither file nor
    /// folder, such as `/dev/null` or a pipe, may be written to, but for disks.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`].
    pub fn check(&self, path: &Path) -> Result<(), ReplaceError> {
        self.look(path).map(drop)
    }

    /// Whether there is such a file.
    fn look(&self, path: &Path) -> Result<bool, ReplaceError> {
        // It is empty, and so of every kind. A file system may take capitals for the same.
        if files::target(path).file_name().is_some_and(|name| name.eq_ignore_ascii_case(LOCK)) {
            return Err(ReplaceError::Lock(path.to_owned()));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(self.no_file(path, "a folder")),
            Ok(found) if found.is_file() => self.check_file(path, &found).map(|()| true),
            Ok(found) if is_disk(&found) => Err(self.no_file(path, "a disk")),
            Ok(_) => Ok(true),
            Err(error) => absent(path, error),
        }
    }

    /// Refuses to replace or remove what is at a path in a folder of Inkbit's own, unless it is a
    /// file of this kind; there a link is refused, too. Returns whether there is such a file.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`].
    pub fn check_own(&self, path: &Path) -> Result<bool, ReplaceError> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_file() => self.check_file(path, &found).map(|()| true),
            Ok(found) if found.is_dir() => Err(self.no_file(path, "a folder")),
            Ok(found) if found.is_symlink() => Err(self.no_file(path, "a symbolic link")),
            Ok(_) => Err(self.no_file(path, "a device or a pipe")),
            Err(error) => absent(path, error),
        }
    }

    /// [`files::write`] to a path that a user names, if [`check`](Self::check) allows it: what has come
    /// since the name was asked about stays.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`].
    pub fn write(&self, path: &Path, content: &[u8]) -> Result<(), ReplaceError> {
        files::write_if(path, content, || self.look(path).map(place))
    }

    /// The same in a folder of Inkbit's own, by [`check_own`](Self::check_own).
    ///
    /// # Errors
    ///
    /// [`ReplaceError`].
    pub fn write_own(&self, path: &Path, content: &[u8]) -> Result<(), ReplaceError> {
        files::write_if(path, content, || self.check_own(path).map(place))
    }

    /// Removes a file in a folder of Inkbit's own if it is there, and of this kind.
    ///
    /// # Errors
    ///
    /// [`ReplaceError`].
    pub fn remove_own(&self, path: &Path) -> Result<(), ReplaceError> {
        if !self.check_own(path)? {
            return Ok(());
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(FileError::at("remove", path)(error).into())
            }
            _ => Ok(()),
        }
    }

    fn check_file(&self, path: &Path, found: &fs::Metadata) -> Result<(), ReplaceError> {
        let bytes = match self.mark {
            // At least one, which tells a file from an empty one.
            Mark::Beginning(marks) => marks.iter().map(|mark| mark.len()).max().unwrap_or(1),
            Mark::Content { bytes, .. } => bytes,
        };
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| limit::up_to(file, bytes as u64, &mut start))
            .map_err(FileError::at("read", path))?;
        if !self.has(&start) {
            return Err(ReplaceError::Foreign { path: path.to_owned(), expected: self.name });
        }
        // Whoever made it read-only does not want it replaced, although the system would do it.
        if found.permissions().readonly() {
            return Err(ReplaceError::ReadOnly(path.to_owned()));
        }
        Ok(())
    }

    fn no_file(&self, path: &Path, found: &'static str) -> ReplaceError {
        ReplaceError::NoFile { path: path.to_owned(), found, expected: self.name }
    }
}

/// Refuses a link in place of a folder of Inkbit's own within a folder that a user names: what is
/// written there would land elsewhere.
///
/// # Errors
///
/// [`ReplaceError::Link`].
pub fn check_own_folder(path: &Path) -> Result<(), ReplaceError> {
    refuse_link(path, "a folder")
}

/// Refuses a path within a folder that a user names, where what is to be a folder on the way is anything
/// else.
///
/// # Errors
///
/// [`ReplaceError`].
pub fn check_folders(path: &Path, folder: &Path) -> Result<(), ReplaceError> {
    for way in path.ancestors().skip(1).take_while(|&way| way != folder) {
        check_own_folder(way)?;
        if fs::symlink_metadata(way).is_ok_and(|found| !found.is_dir()) {
            let (path, found, expected) = (way.to_owned(), "a file", "a folder");
            return Err(ReplaceError::NoFile { path, found, expected });
        }
    }
    Ok(())
}

/// Refuses a link where a file or a folder is `expected`, such as "a file".
///
/// # Errors
///
/// [`ReplaceError::Link`].
pub fn refuse_link(path: &Path, expected: &'static str) -> Result<(), ReplaceError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Err(ReplaceError::Link { path: path.to_owned(), expected })
        }
        // Every other fault shows when the path is used.
        _ => Ok(()),
    }
}

/// What a file may do with a name where something was found, or nothing.
const fn place(is_there: bool) -> Place {
    if is_there { Place::Any } else { Place::Free }
}

/// Nothing is there, unless the error tells of something else.
fn absent(path: &Path, error: std::io::Error) -> Result<bool, ReplaceError> {
    match error.kind() {
        // A file above it is found when the folder is created.
        ErrorKind::NotFound | ErrorKind::NotADirectory => Ok(false),
        _ => Err(FileError::at("read", path)(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const NOTE: Kind = Kind::beginning("a note", &[b"NOTE", b"note"]);
    const LATER: Kind = Kind::known("a later note", 6, |start| start.get(2..) == Some(b"note"));

    #[test]
    fn only_a_file_with_the_mark_is_replaceable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(!NOTE.check_own(&path).unwrap());
        for (content, is_note, is_later) in [
            ("", true, true),
            ("NOTE 1", true, false),
            ("note", true, false),
            (" note", false, false),
            ("  note and more", false, true),
            ("   note", false, false),
            ("NOT", false, false),
            ("a photo", false, false),
        ] {
            fs::write(&path, content).unwrap();
            for (kind, expected) in [(NOTE, is_note), (LATER, is_later)] {
                assert_eq!(kind.check(&path).is_ok(), expected, "{content:?}");
                assert_eq!(kind.check_own(&path).is_ok(), expected, "{content:?}");
                assert_eq!(kind.has(content.as_bytes()), expected, "{content:?}");
            }
        }
    }

    #[test]
    fn folders_links_and_read_only_files_stay_and_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("note"), "NOTE").unwrap();
        symlink(path("note"), path("link")).unwrap();
        symlink(path("nothing"), path("broken")).unwrap();
        fs::create_dir(path("folder")).unwrap();
        let own = |name: &str| NOTE.check_own(&path(name)).unwrap_err().to_string();
        assert!(own("link").contains("link is a symbolic link, where a note is to be"));
        assert!(own("broken").contains("broken is a symbolic link, where"));
        assert!(own("folder").contains("folder is a folder, where a note is to be"));
        assert!(NOTE.check(&path("link")).is_ok() && NOTE.check(&path("broken")).is_ok());
        assert!(NOTE.check(&path("folder")).is_err());
        symlink(path(".lock"), path("to a lock")).unwrap();
        for name in [".lock", ".LOCK", "to a lock"] {
            assert!(matches!(NOTE.check(&path(name)), Err(ReplaceError::Lock(_))), "{name}");
        }
        assert!(NOTE.check(Path::new("/dev/null")).is_ok());
        assert!(NOTE.check_own(Path::new("/dev/null")).is_err());

        let mut permissions = fs::metadata(path("note")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path("note"), permissions).unwrap();
        assert!(own("note").contains("note is read-only; it was not replaced: change its"));
        assert!(NOTE.check(&path("link")).is_err());
    }
}
