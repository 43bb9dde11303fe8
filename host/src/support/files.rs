//! Writing files so that nothing is ever half-written.

use std::collections::HashSet;
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use flate2::Crc;
use tempfile::NamedTempFile;

use super::error::Advised;
use super::system::{is_at, is_disk, permit, persist};
use super::visible;

/// How the names of temporary files begin and end. The number of the process and its CRC-32 follow
/// the beginning, so that no user's file is taken for one.
const TEMPORARY: (&str, &str) = (".inkbit-unfinished-", ".tmp");
/// Number of letters and digits before the end, at random.
const RANDOM: usize = 12;

/// How often a file may come and go in the place of one that is to be written.
const ATTEMPTS: usize = 3;

/// A file that could not be read or written, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", visible::path(path))]
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
    pub fn kind(&self) -> ErrorKind {
        self.source.cause.kind()
    }
}

/// Writes a whole file: to a temporary file beside it, which then takes its name, so that a reader
/// or a crash finds the old content or the new, and nothing in between.
///
/// What a link points to is replaced, not the link. What is there and is no file, such as
/// `/dev/null` or a pipe, is written to; a pipe must have somebody who reads it, or get one soon.
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
    write_if(path, content, || Ok(Place::Any))
}

/// What a name may have when a file takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing; what has come meanwhile stays.
    Free,
    /// A file, which is replaced.
    Any,
}

/// [`write`], if `check` allows it: it is asked directly before the file takes its name, and again if
/// something has come to a free place.
pub(super) fn write_if<E: From<FileError>>(
    path: &Path,
    content: &[u8],
    check: impl Fn() -> Result<Place, E>,
) -> Result<(), E> {
    let failed = || FileError::at("write", path);
    // Before anything is written, as the disk may be full of it.
    check()?;
    match fs::metadata(path) {
        Ok(found) if is_disk(&found) => {
            let message = "it is a disk; give a file on it";
            return Err(failed()(io::Error::new(ErrorKind::InvalidInput, message)).into());
        }
        Ok(found) if !found.is_file() => return Ok(to_device(path, content).map_err(failed())?),
        _ => {}
    }
    let target = target(path);
    let folder = folder_of(&target);
    // Found here, the fault does not name the temporary file.
    require_folder(folder).map_err(failed())?;
    remove_leftovers_once(folder);
    // Whoever made a file that others cannot read does not want a new one that they can.
    let replaced = fs::metadata(&target).ok();
    let mut file = temporary(folder, replaced.is_some()).map_err(failed())?;
    // Written by the file itself, whose faults do not name the temporary file.
    let mut plain = file.as_file();
    plain.write_all(content).and_then(|()| plain.sync_all()).map_err(failed())?;
    if let Some(replaced) = replaced {
        let _ = plain.set_permissions(replaced.permissions());
    }
    for _ in 0..ATTEMPTS {
        file = match check()? {
            Place::Any => return Ok(persist(file, &target).map_err(failed())?),
            Place::Free => match file.persist_noclobber(&target) {
                Ok(_) => return Ok(()),
                Err(error) if error.error.kind() == ErrorKind::AlreadyExists => error.file,
                // Not every file system can do that.
                Err(error) => return Ok(persist(error.file, &target).map_err(failed())?),
            },
        };
    }
    Err(failed()(ErrorKind::AlreadyExists.into()).into())
}

/// Writes to what is no file. The system waits for whoever reads a pipe; this does so for a while.
fn to_device(path: &Path, content: &[u8]) -> io::Result<()> {
    const MOMENT: Duration = Duration::from_secs(2);
    // A person may be reading, page by page.
    const PATIENCE: Duration = Duration::from_secs(10 * 60);
    let path = path.to_owned();
    let mut file = within(
        MOMENT,
        "nobody has opened its other end; start the program that reads it first",
        move || OpenOptions::new().write(true).open(path),
    )?;
    let content = content.to_owned();
    within(PATIENCE, "nobody reads what was written to it; start again", move || {
        file.write_all(&content)
    })
}

/// What a call gives that may wait for another program for ever. It goes on waiting where nobody comes, and
/// ends with the process.
///
/// # Errors
///
/// Those of the call; and that it has not ended within this time, with this message.
pub(super) fn within<T: Send + 'static>(
    time: Duration,
    message: &str,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(call()));
    receiver.recv_timeout(time).unwrap_or_else(|_| {
        let message = format!("within {} s {message}", time.as_secs());
        Err(io::Error::new(ErrorKind::TimedOut, message))
    })
}

/// The path that is written to: where links lead.
pub fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| end_of_links(path))
}

/// The path that links lead to where there is nothing yet. In a circle it is one of the links, which
/// cannot be replaced as a file, for its folder is asked about by the caller.
fn end_of_links(path: &Path) -> PathBuf {
    const MOST: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST {
        let Ok(next) = fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

/// A new temporary file, locked for as long as it is written: if it can be locked, its writer is
/// dead, whatever the clock says and on whichever machine it ran. A private one can be read by its owner
/// alone.
fn temporary(folder: &Path, is_private: bool) -> io::Result<NamedTempFile> {
    let prefix = prefix(std::process::id());
    loop {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(TEMPORARY.1).rand_bytes(RANDOM);
        if !is_private {
            permit(&mut builder);
        }
        // The fault of the temporary file names it, and nobody has asked for that.
        let file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
        // Where there are no locks, nobody removes it.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        // Before it was locked, another process may have taken it for left, and removed it.
        if !is_taken && is_at(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
}

/// How the names of a process's temporary files begin.
fn prefix(process: u32) -> String {
    let process = format!("{process:08x}");
    let mut crc = Crc::new();
    crc.update(process.as_bytes());
    format!("{}{process}-{:08x}-", TEMPORARY.0, crc.sum())
}

/// Whether a path has the name of a temporary file, which a killed process may have left.
pub fn is_temporary(path: &Path) -> bool {
    let random = |name: &str| {
        let process = name.strip_prefix(TEMPORARY.0)?.get(..8)?;
        let prefix = prefix(u32::from_str_radix(process, 16).ok()?);
        name.strip_prefix(&prefix)?.strip_suffix(TEMPORARY.1).map(str::to_owned)
    };
    path.file_name().and_then(|name| name.to_str()).and_then(random).is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Removes temporary files that killed processes have left in a folder, once for each folder.
fn remove_leftovers_once(folder: &Path) {
    static CLEARED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let Ok(mut cleared) = CLEARED.lock() else { return };
    if cleared.get_or_insert_default().insert(folder.to_owned()) {
        // What cannot be removed does no harm.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let _ = remove_leftover(&entry);
        }
    }
}

fn remove_leftover(entry: &fs::DirEntry) -> io::Result<()> {
    let path = entry.path();
    if is_temporary(&path) && entry.file_type()?.is_file() {
        let file = OpenOptions::new().write(true).open(&path)?;
        if file.try_lock().is_ok() && is_at(&file, &path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Checks that the folder is there that a file is to be written into.
///
/// # Errors
///
/// [`FileError`], as of writing the file.
pub fn check_folder_of(path: &Path) -> Result<(), FileError> {
    require_folder(folder_of(path)).map_err(FileError::at("write", path))
}

/// Whether two paths lead to the same file or folder, and there is one.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| fs::canonicalize(path).ok());
    one.is_some() && one == other
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
    require_folder(folder).map_err(FileError::at("write into", folder))?;
    temporary(folder, true).map(drop).map_err(FileError::at("write into", folder))
}

/// Fails where nothing is, or a file.
fn require_folder(path: &Path) -> io::Result<()> {
    // The dot wants a folder, not a file; on Windows it is left out.
    match fs::metadata(path.join("."))?.is_dir() {
        true => Ok(()),
        false => Err(ErrorKind::NotADirectory.into()),
    }
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
    fn only_temporary_files_that_nobody_writes_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let left = ".inkbit-unfinished-00000001-b70fbd95-0123456789ab.tmp";
        let others = [
            ".inkbit-config",
            ".inkbit-0123456789ab.tmp",
            ".inkbit-unfinished-0123456789ab.tmp",
            ".inkbit-unfinished-00000002-b70fbd95-0123456789ab.tmp",
            ".inkbit-unfinished-00000001-b70fbd95-0123456789-b.tmp",
            "mine",
        ];
        others.iter().chain([&left]).for_each(|name| fs::write(path(name), "half").unwrap());
        let folder_like_it = left.replace("9ab", "9cd");
        fs::create_dir(path(&folder_like_it)).unwrap();
        let alive = temporary(folder.path(), false).unwrap();
        // A clock that is set back has no influence.
        let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(7200);
        OpenOptions::new().write(true).open(path(left)).unwrap().set_modified(ahead).unwrap();
        write(&path("file"), b"new").unwrap();
        assert!(!path(left).exists() && alive.path().exists());
        assert!(others.iter().all(|name| path(name).exists()));
        assert!(path(&folder_like_it).exists());
    }

    #[test]
    fn a_call_that_does_not_end_is_given_up_and_one_that_does_is_not() {
        let time = Duration::from_millis(50);
        let (_keeps, never) = mpsc::channel::<()>();
        let waits = move || never.recv().map_err(io::Error::other);
        let error = within(time, "nobody came", waits).unwrap_err();
        assert_eq!(
            (error.kind(), &*error.to_string()),
            (ErrorKind::TimedOut, "within 0 s nobody came")
        );
        assert_eq!(within(Duration::from_secs(9), "", || Ok(7)).unwrap(), 7);
    }

    #[test]
    fn what_comes_while_a_file_is_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let comes = std::cell::Cell::new(0);
        // The second question is the one directly before the file takes its name.
        let check = || {
            comes.set(comes.get() + 1);
            if comes.get() == 2 {
                fs::write(&path, "a user's").unwrap();
            }
            Ok::<_, FileError>(Place::Free)
        };
        let error = write_if(&path, b"new", check).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"a user's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_only_its_owner_reads_stays_such() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"new");
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
