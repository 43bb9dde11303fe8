//! Writing files so that nothing is ever half-written.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use super::error::Advised;

/// How the names of temporary files begin.
const TEMPORARY: &str = ".inkbit-";
/// A temporary file is there for seconds. One that is older was left by a process that was killed.
const LEFT: Duration = Duration::from_secs(3600);

/// A file that could not be read or written, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    /// What was tried: "read", "write", "create the folder".
    pub action: &'static str,
    /// On which file.
    pub path: PathBuf,
    source: Advised<io::Error>,
}

/// What helps, where the system's words do not say it.
fn advice(action: &str, kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound if action == "read" => "; give a file that exists",
        ErrorKind::NotFound => "; give a path in a folder that exists",
        ErrorKind::IsADirectory => "; give a file, not a folder",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "; a file is in the way, give another path"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; change its permissions, or give another path"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; free some space, or give a path on another disk"
        }
        _ => "",
    }
}

impl FileError {
    /// For `map_err`.
    pub fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| {
            let source = Advised { advice: advice(action, cause.kind()), cause };
            Self { action, path: path.to_owned(), source }
        }
    }

    /// What kind of fault it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.source.cause.kind()
    }
}

/// Writes a whole file: to a temporary file beside it, which then takes its name, so that a reader
/// or a crash finds the old content or the new, and nothing in between.
///
/// What a link points to is replaced, not the link. What is there and is no file, such as
/// `/dev/null` or a pipe, is written to.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("note.txt");
/// inkbit::support::files::write(&path, b"whole or not at all")?;
/// assert_eq!(std::fs::read(&path)?, b"whole or not at all");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`FileError`].
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let failed = || FileError::at("write", path);
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let file = fs::OpenOptions::new().write(true).open(path);
        return file.and_then(|mut file| file.write_all(content)).map_err(failed());
    }
    // A link that leads nowhere yet is followed, too.
    let linked = || Some(path.parent()?.join(fs::read_link(path).ok()?));
    let target = fs::canonicalize(path).ok().or_else(linked).unwrap_or_else(|| path.to_owned());
    let folder = folder_of(&target);
    // Found here, the fault does not name the temporary file. The dot wants a folder, not a file.
    fs::metadata(folder.join(".")).map_err(failed())?;
    remove_leftovers_once(folder);
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(failed())?;
    file.write_all(content).and_then(|()| file.as_file().sync_all()).map_err(failed())?;
    file.persist(&target).map_err(|error| failed()(error.error))?;
    Ok(())
}

/// Whether a file may be replaced by one that begins with these bytes: there is none, it is empty,
/// or it begins with them, too. What is no file may be written to.
///
/// # Errors
///
/// [`FileError`] of a file that cannot be read.
#[expect(clippy::disallowed_methods, reason = "it takes as many bytes as `magic` has")]
pub fn is_replaceable(path: &Path, magic: &[u8]) -> Result<bool, FileError> {
    let mut start = Vec::new();
    if path.is_file() {
        let file = fs::File::open(path).map_err(FileError::at("read", path))?;
        let read = file.take(magic.len() as u64).read_to_end(&mut start);
        read.map_err(FileError::at("read", path))?;
    }
    Ok(start.is_empty() || start == magic)
}

/// Removes temporary files that killed processes have left in a folder, once for each folder.
fn remove_leftovers_once(folder: &Path) {
    static CLEARED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let Ok(mut cleared) = CLEARED.lock() else { return };
    if cleared.get_or_insert_default().insert(folder.to_owned()) {
        // What cannot be removed does no harm.
        let _ = remove_leftovers(folder);
    }
}

fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        let age = found.modified()?.elapsed().unwrap_or_default();
        if found.is_file()
            && age > LEFT
            && entry.file_name().to_string_lossy().starts_with(TEMPORARY)
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The folder that a file lies in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The paths in a folder, sorted.
///
/// # Errors
///
/// [`FileError`].
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let paths = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
    let mut paths = paths.map_err(FileError::at("read", folder))?;
    paths.sort();
    Ok(paths)
}

/// Checks that files can be written into a folder, by writing one and removing it.
///
/// # Errors
///
/// [`FileError`].
pub fn check_writable(folder: &Path) -> Result<(), FileError> {
    // The dot wants a folder, not a file.
    fs::metadata(folder.join(".")).map_err(FileError::at("write into", folder))?;
    let tried = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder);
    // The fault of the temporary file names it, and nobody has asked for that.
    let plain = |error: io::Error| io::Error::from(error.kind());
    tried.map(drop).map_err(|error| FileError::at("write into", folder)(plain(error)))
}

/// What a file gets that is not meant to be temporary, less the user's umask.
fn permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Creates a folder and those above it.
///
/// # Errors
///
/// [`FileError`].
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(FileError::at("create the folder", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_file_of_another_kind_is_not_replaceable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (content, expected) in [(None, true), (Some(""), true), (Some("INKBIT 1"), true)] {
            content.into_iter().for_each(|content| fs::write(&path, content).unwrap());
            assert_eq!(is_replaceable(&path, b"INKBIT").unwrap(), expected, "{content:?}");
        }
        fs::write(&path, "INK").unwrap();
        assert!(!is_replaceable(&path, b"INKBIT").unwrap());
    }

    #[test]
    fn only_old_temporary_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, age) in [(".inkbit-old", 7200), (".inkbit-new", 60), ("mine", 7200)] {
            let file = fs::File::create(path(name)).unwrap();
            let time = std::time::SystemTime::now() - Duration::from_secs(age);
            file.set_modified(time).unwrap();
        }
        write(&path("file"), b"new").unwrap();
        assert!(!path(".inkbit-old").exists());
        assert!(path(".inkbit-new").exists() && path("mine").exists());
    }

    #[test]
    fn a_link_stays_a_link_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
