//! The disk as which a board's boot loader shows itself: it flashes the UF2 file that is copied there,
//! and the disk vanishes when it has taken the whole of it.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use self::error::DiskError;
use super::uf2;
use crate::support::error::chain;
use crate::support::system::{has_gone, has_one_name, is_at};
use crate::support::{limit, visible};

mod error;

/// The file in which a boot loader says what it is.
pub const INFO: &str = "INFO_UF2.TXT";

/// The most bytes of it that are read; those of the RP2040 are 62.
const INFO_BYTES: u64 = 1024;

/// The name of the file there. Boot loaders look at what is in a file, not at names.
const FILE: &str = "inkbit.uf2";

/// Bytes that are flushed at once, so that progress is that of the board and not of a cache.
const CHUNK: usize = 16 << 10;

/// How often to look whether the disk is there.
const POLL: Duration = Duration::from_millis(50);

/// The disk of a boot loader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    folder: PathBuf,
}

/// The one disk among these folders of a board with this ID, if there is one.
///
/// # Errors
///
/// If there are several, or only those of other boards.
pub fn find(
    folders: impl IntoIterator<Item = PathBuf>,
    id: &str,
) -> Result<Option<Disk>, DiskError> {
    let all = folders.into_iter().filter_map(|folder| Some((read_id(&folder)?, folder)));
    let (mut ours, mut others): (Vec<_>, Vec<_>) = all.partition(|(found, _)| found == id);
    match (ours.len(), others.pop()) {
        (0, Some((found, folder))) => {
            Err(DiskError::OtherBoard { folder, found, expected: id.to_owned() })
        }
        (0 | 1, _) => Ok(ours.pop().map(|(_, folder)| Disk { folder })),
        _ => Err(DiskError::Several { folders: ours.into_iter().map(|(_, at)| at).collect() }),
    }
}

/// The board's ID that a boot loader has written into its file; none of a folder without that.
fn read_id(folder: &Path) -> Option<String> {
    let text = limit::start(&folder.join(INFO), INFO_BYTES).ok()?;
    let text = String::from_utf8_lossy(&text);
    let id = text.lines().find_map(|line| line.strip_prefix("Board-ID:"));
    Some(visible::line(id.unwrap_or("without an ID").trim()))
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::path(&self.folder))
    }
}

impl Disk {
    /// Writes a file whole. `progress` gets the number of bytes that the disk has.
    ///
    /// # Errors
    ///
    /// If there is another file, or the disk does not take all bytes; what it has got is removed.
    pub fn write(&self, content: &[u8], progress: impl FnMut(usize)) -> Result<Written, DiskError> {
        let file = self.create(content.len())?;
        let mut written = Written { disk: self.clone(), file, is_flushed: false };
        match self.copy(&written.file, content, progress) {
            Ok(is_flushed) => written.is_flushed = is_flushed,
            Err(error) => {
                written.remove();
                return Err(error);
            }
        }
        Ok(written)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// A new file, locked for as long as it is open. One that can be locked was left by a process
    /// that was killed, and makes room.
    fn create(&self, total: usize) -> Result<File, DiskError> {
        let path = self.path();
        let failed = |source| self.failed(0, total, source);
        let occupied = |found: &str| DiskError::Occupied(visible::line(found));
        let taken = || DiskError::Taken { path: path.clone() };
        if uf2::KIND.check_own(&path).map_err(|error| occupied(&chain(&error)))? {
            let left = File::open(&path).map_err(failed)?;
            if !has_one_name(&left) {
                return Err(occupied(&format!("{} has another name, too", visible::path(&path))));
            }
            if left.try_lock().is_err() || !is_at(&left, &path) {
                return Err(taken());
            }
            fs::remove_file(&path).map_err(failed)?;
        }
        let file = File::create_new(&path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => taken(),
            _ => failed(source),
        })?;
        // Where there are no locks, nobody removes it.
        let is_locked = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        // Before it was locked, another process may have taken it for left.
        if is_locked || !is_at(&file, &path) { Err(taken()) } else { Ok(file) }
    }

    /// Returns whether the system says that the disk has all.
    fn copy(
        &self,
        mut file: &File,
        content: &[u8],
        mut progress: impl FnMut(usize),
    ) -> Result<bool, DiskError> {
        let total = content.len();
        let mut written = 0;
        for chunk in content.chunks(CHUNK) {
            file.write_all(chunk).map_err(|source| self.failed(written, total, source))?;
            let flushed = flush(file);
            let before = written;
            written += chunk.len();
            progress(written);
            let is_last = written == total;
            match flushed {
                Err(_) if is_last => return Ok(false),
                Err(source) => return Err(self.failed(before, total, source)),
                Ok(()) if !is_last && !self.is_there() => return Err(self.vanished(before, total)),
                Ok(()) => {}
            }
        }
        Ok(true)
    }

    fn failed(&self, written: usize, total: usize, source: io::Error) -> DiskError {
        match self.is_there() {
            true => DiskError::Write { path: self.path(), written, total, source },
            false => self.vanished(written, total),
        }
    }

    fn vanished(&self, written: usize, total: usize) -> DiskError {
        DiskError::Vanished { folder: self.folder.clone(), written, total }
    }

    fn is_there(&self) -> bool {
        self.folder.join(INFO).exists()
    }
}

/// Flushes a file. A disk that has no such command has got what was written to it.
fn flush(file: &File) -> io::Result<()> {
    match file.sync_data() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        flushed => flushed,
    }
}

/// A file that a disk has got. It is locked until this is dropped.
#[derive(Debug)]
pub struct Written {
    disk: Disk,
    file: File,
    is_flushed: bool,
}

impl Written {
    /// Whether the system says so of the last bytes, too: it cannot where the disk has vanished
    /// meanwhile, which a board does that has taken the file, and one that is unplugged.
    pub const fn is_flushed(&self) -> bool {
        self.is_flushed
    }

    /// Waits until the disk has vanished, and the file with it.
    ///
    /// # Errors
    ///
    /// If they have not within this time; the file is removed.
    pub fn wait(self, most: Duration) -> Result<(), DiskError> {
        let deadline = Instant::now() + most;
        while self.disk.is_there() || is_at(&self.file, &self.disk.path()) {
            if Instant::now() >= deadline {
                if self.has_gone() {
                    break;
                }
                self.remove();
                return Err(DiskError::Kept { folder: self.disk.folder, waited: most });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Whether the system only shows a disk that has gone: writing one byte more fails. If writing failed
    /// before, nothing tells the two apart, and the disk counts as there.
    fn has_gone(&self) -> bool {
        let mut file = &self.file;
        let taken = file.write_all(&[0]).and_then(|()| file.sync_data());
        self.is_flushed && taken.is_err_and(|error| has_gone(&error))
    }

    /// Removes the file, and no other in its place.
    fn remove(&self) {
        let path = self.disk.path();
        if is_at(&self.file, &path) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const ID: &str = "RPI-RP2";

    /// A folder with disks in it, each with what its boot loader says.
    fn folders<const N: usize>(infos: [Option<&str>; N]) -> (TempDir, Vec<PathBuf>) {
        let place = tempfile::tempdir().unwrap();
        let paths = infos.iter().enumerate().map(|(number, info)| {
            let path = place.path().join(number.to_string());
            fs::create_dir(&path).unwrap();
            if let Some(info) = info {
                fs::write(path.join(INFO), info).unwrap();
            }
            path
        });
        let paths = paths.collect();
        (place, paths)
    }

    fn info(id: &str) -> String {
        format!("UF2 Bootloader v3.0\r\nModel: any\r\nBoard-ID: {id}\r\n")
    }

    fn disk() -> (TempDir, Disk) {
        let (place, paths) = folders([Some(&*info(ID))]);
        (place, find(paths, ID).unwrap().unwrap())
    }

    #[test]
    fn the_disk_of_a_board_is_found_among_folders_that_are_none() {
        let (_place, paths) = folders([None, Some(&*info(ID)), Some(&*info("RP2350"))]);
        let missing = paths[0].join("missing");
        let found = find(paths.iter().cloned().chain([missing]), ID).unwrap();
        assert_eq!(found, Some(Disk { folder: paths[1].clone() }));
        assert_eq!(find([paths[0].clone()], ID).unwrap(), None);
    }

    #[test]
    fn two_disks_are_listed_and_one_of_another_board_is_named() {
        let (_place, paths) = folders([Some(&*info(ID)), Some(&*info(ID))]);
        let message = find(paths.clone(), ID).unwrap_err().to_string();
        let both = format!("{}, {}; name one", visible::path(&paths[0]), visible::path(&paths[1]));
        assert!(message.contains(&both) && message.contains("--disk"), "{message}");
        for (info, name) in [(&*info("RP2350"), "RP2350"), ("no\x1b", "without an ID")] {
            let (_place, paths) = folders([None, Some(info)]);
            let message = find(paths, ID).unwrap_err().to_string();
            assert!(message.contains(&format!("of a board {name}, not {ID};")), "{message}");
        }
    }

    #[test]
    fn a_whole_file_is_written_and_a_board_that_does_not_take_it_keeps_none_of_it() {
        let (_place, disk) = disk();
        let content: Vec<u8> = (0..3 * CHUNK + 5).map(|number| number as u8).collect();
        let mut steps = Vec::new();
        let written = disk.write(&content, |written| steps.push(written)).unwrap();
        assert!(written.is_flushed());
        assert_eq!(steps, [CHUNK, 2 * CHUNK, 3 * CHUNK, content.len()]);
        let path = disk.path();
        assert_eq!(limit::read(&path, 1 << 20).unwrap(), content);
        let error = written.wait(Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("is still there 0 s after"), "{error}");
        assert!(!path.exists());
        // The state can be tried again.
        let written = disk.write(&content, |_| ()).unwrap();
        fs::remove_dir_all(&disk.folder).unwrap();
        written.wait(Duration::ZERO).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_a_fault_of_the_disk_itself_says_that_it_has_gone() {
        let gone = |number| has_gone(&io::Error::from_raw_os_error(number));
        // Full, read-only, too large a file.
        for number in [28, 30, 27] {
            assert!(!gone(number), "{number}");
        }
        assert!([5, 6, 19].into_iter().all(gone));
    }

    #[test]
    fn a_file_that_is_still_there_was_taken_by_no_board() {
        let (_place, disk) = disk();
        let written = disk.write(&[7], |_| ()).unwrap();
        fs::remove_file(disk.folder.join(INFO)).unwrap();
        let error = written.wait(Duration::ZERO).unwrap_err();
        assert!(matches!(error, DiskError::Kept { .. }), "{error}");
        assert!(!disk.path().exists());
    }

    #[test]
    fn a_disk_that_vanishes_before_the_last_byte_is_a_failure_and_afterwards_it_is_none() {
        let content = [7; 3 * CHUNK];
        for (after, expected) in [(1, Some(0)), (2, Some(CHUNK)), (3, None)] {
            let (_place, disk) = disk();
            let outcome = disk.write(&content, |written| {
                if written == after * CHUNK {
                    fs::remove_dir_all(&disk.folder).unwrap();
                }
            });
            let lost = match outcome {
                Ok(written) => {
                    assert!(written.is_flushed());
                    None
                }
                Err(DiskError::Vanished { written, total, .. }) => {
                    assert_eq!(total, content.len());
                    Some(written)
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(lost, expected);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_a_failure_that_says_so() {
        let (_place, disk) = disk();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = disk.copy(&full, &[7; 100], |_| ()).unwrap_err();
        assert!(
            matches!(&error, DiskError::Write { written: 0, source, .. }
            if source.kind() == ErrorKind::StorageFull),
            "{error:?}"
        );
        let message = error.to_string();
        assert!(message.contains("is the disk full or write-protected?"), "{message}");
    }

    /// What a boot loader of any family takes.
    fn file(byte: u8) -> Vec<u8> {
        uf2::uf2(1, &[(0, &[byte; 3 * CHUNK])])
    }

    #[test]
    fn two_at_once_write_no_mixed_file_and_what_a_killed_one_left_makes_room() {
        let (_place, disk) = disk();
        let (first, second) = (file(1), file(2));
        let mut calls = 0;
        let written = disk.write(&first, |_| {
            calls += 1;
            let error = disk.write(&second, |_| ()).unwrap_err();
            assert!(matches!(error, DiskError::Taken { .. }), "{error}");
        });
        let written = written.unwrap();
        assert!(calls > 1);
        let message = disk.write(&second, |_| ()).unwrap_err().to_string();
        assert!(message.contains("another `inkbit flash` writes "), "{message}");
        assert_eq!(limit::read(&disk.path(), 1 << 20).unwrap(), first);
        // Killed, as whole as its file is, or in the midst of it.
        drop(written);
        for left in [&first[..], &first[..700], &[]] {
            fs::write(disk.path(), left).unwrap();
            drop(disk.write(&second, |_| ()).unwrap());
            assert_eq!(limit::read(&disk.path(), 1 << 20).unwrap(), second);
        }
    }

    #[test]
    fn a_file_that_another_has_put_in_place_is_not_removed() {
        let (_place, disk) = disk();
        let written = disk.write(&file(1), |_| ()).unwrap();
        fs::remove_file(disk.path()).unwrap();
        fs::write(disk.path(), "mine").unwrap();
        written.wait(Duration::ZERO).unwrap_err();
        assert_eq!(limit::read(&disk.path(), 10).unwrap(), b"mine");
    }

    #[test]
    fn the_name_of_a_disk_that_is_found_forges_no_line() {
        let (place, _) = folders([]);
        let folder = place.path().join("disk\nwrote it\x1b[2J");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(INFO), info(ID)).unwrap();
        let disk = find([folder.clone()], ID).unwrap().unwrap();
        let other = find([folder.clone()], "RP2350").unwrap_err().to_string();
        let several = find([folder.clone(), folder], ID).unwrap_err().to_string();
        let written = disk.write(&file(1), |_| ()).unwrap();
        let taken = disk.write(&file(1), |_| ()).unwrap_err().to_string();
        let kept = written.wait(Duration::ZERO).unwrap_err().to_string();
        fs::write(disk.path(), "mine").unwrap();
        let occupied = disk.write(&file(1), |_| ()).unwrap_err().to_string();
        let source = ErrorKind::StorageFull.into();
        let (failed, vanished) = (disk.failed(0, 1, source), disk.vanished(0, 1));
        let failures = [failed, vanished].map(|error| error.to_string());
        let messages = [disk.to_string(), other, several, taken, kept, occupied];
        for message in messages.iter().chain(&failures) {
            assert!(message.contains("disk\u{fffd}wrote it\u{fffd}[2J"), "{message}");
            assert!(!message.contains(['\n', '\x1b']), "{message}");
        }
    }
}
