//! Reading what others have written. Every reader has a limit on bytes, and one on time where it waits for
//! another program; its error names them.
//!
//! Elsewhere in this package, clippy refuses the functions that read without one.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use super::files::{FileError, within};
use super::numbers::grouped;

/// The limit of a text that a person writes or reads, in bytes: the longest of Inkbit's own has 45 kB.
/// Tables within tables take 400 times as much memory.
pub const TEXT: u64 = 1 << 18;

/// The most time for whoever writes to a pipe.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is over a limit on bytes.
#[derive(Debug)]
struct TooLong {
    /// Bytes of the file; `None` if its length shows only at its end.
    found: Option<u64>,
    limit: u64,
}

impl Display for TooLong {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let limit = grouped(self.limit as usize);
        match self.found {
            Some(found) => write!(f, "found {} bytes", grouped(found as usize))?,
            None => write!(f, "found more than {limit} bytes")?,
        }
        write!(f, ", the limit is {limit}; give another file, or make it shorter")
    }
}

impl std::error::Error for TooLong {}

/// Reads a file that is found in a folder, of at most `limit` bytes. Others may have filled the
/// folder: a pipe in it would be waited for without end, and is refused.
///
/// ```
/// use inkbit::support::limit;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("note.txt");
/// std::fs::write(&path, "eleven byte")?;
/// assert_eq!(limit::read(&path, 11)?, b"eleven byte");
/// let error = anyhow::Error::from(limit::read(&path, 10).unwrap_err());
/// assert!(format!("{error:#}").contains("found 11 bytes, the limit is 10"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`FileError`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    regular(path).and_then(|()| whole(path, limit)).map_err(FileError::at("read", path))
}

/// Reads what the user names, of at most `limit` bytes: a file, a pipe or a device, which may be
/// endless.
///
/// # Errors
///
/// [`FileError`].
pub fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    whole(path, limit).map_err(FileError::at("read", path))
}

/// Reads a text that the user names, of at most [`TEXT`] bytes.
///
/// # Errors
///
/// [`FileError`].
pub fn read_named_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_named(path, TEXT)?).map_err(|_| {
        let cause =
            io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text; give a text file");
        FileError::at("read", path)(cause)
    })
}

/// Reads the first `count` bytes of a file, or fewer if it has no more.
///
/// # Errors
///
/// [`FileError`].
pub fn start(path: &Path, count: u64) -> Result<Vec<u8>, FileError> {
    let read = || {
        let mut bytes = Vec::new();
        up_to(open_found(path)?, count, &mut bytes)?;
        Ok(bytes)
    };
    read().map_err(FileError::at("read", path))
}

/// Appends at most `count` bytes; memory grows with what comes. After an error, `bytes` has what
/// came before it.
///
/// # Errors
///
/// Those of `from`.
#[expect(clippy::disallowed_methods, reason = "the one place, and it has a limit")]
pub fn up_to(from: impl Read, count: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    from.take(count).read_to_end(bytes).map(drop)
}

fn regular(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    if found.is_file() || found.is_dir() {
        return Ok(()); // reading a folder gives the system's own error
    }
    let message = "found a pipe or a device, expected a file; remove it, or copy the file again";
    Err(io::Error::new(ErrorKind::InvalidInput, message))
}

/// Opens a file that is found in a folder, and no pipe or device.
///
/// # Errors
///
/// Those of the system.
pub fn open_found(path: &Path) -> io::Result<File> {
    regular(path).and_then(|()| open(path))
}

/// Opens a file to read it. Of a folder Windows says that access is denied, which nobody can change:
/// here it is a folder on every system.
///
/// # Errors
///
/// Those of the system.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied if path.is_dir() => ErrorKind::IsADirectory.into(),
        _ => error,
    })
}

/// Reads what has at most `limit` bytes to its end.
///
/// # Errors
///
/// Those of `from`; and where there is more.
pub fn all(from: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    up_to(from, limit + 1, &mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_long(None, limit)) } else { Ok(bytes) }
}

fn too_long(found: Option<u64>, limit: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, TooLong { found, limit })
}

fn whole(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    timed(path, move |path| {
        let file = open(path)?;
        let found = file.metadata()?;
        let found = found.is_file().then_some(found.len());
        match found.filter(|&found| found > limit) {
            Some(found) => Err(too_long(Some(found), limit)),
            None => all(file, limit),
        }
    })
}

/// What a reader gives of a path. Of a pipe, which waits for another program, it must do so within a minute.
///
/// # Errors
///
/// Those of the reader; and that nothing came.
pub fn timed<T: Send + 'static>(
    path: &Path,
    read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    // A folder gives the system's own error.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let path = path.to_owned();
        let message = "nobody has written to it and closed it; give a file";
        return within(PATIENCE, message, move || read(&path));
    }
    read(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::error::chain;

    #[test]
    fn an_endless_device_ends_at_the_limit() {
        let error = read_named(Path::new("/dev/zero"), TEXT).unwrap_err();
        assert_eq!(
            chain(&error),
            "cannot read /dev/zero: found more than 262,144 bytes, the limit is 262,144; give \
             another file, or make it shorter"
        );
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        for path in ["/dev/zero", "/dev/null"] {
            let error = chain(&read(Path::new(path), 10).unwrap_err());
            assert!(error.contains("found a pipe or a device, expected a file"), "{error}");
        }
        assert_eq!(read_named(Path::new("/dev/null"), 10).unwrap(), b"");
    }

    #[test]
    fn the_start_of_a_file_may_be_shorter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "abc").unwrap();
        assert_eq!([2, 9].map(|count| start(&path, count).unwrap()), [&b"ab"[..], b"abc"]);
    }
}
