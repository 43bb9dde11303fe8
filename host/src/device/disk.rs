//! The disk as which a board's boot loader shows itself: it flashes the UF2 file that is copied there,
//! and the disk vanishes when it has taken the whole of it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{limit, visible};

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

/// A disk that cannot be used. Each can be tried again: a boot loader that has not got the whole of a
/// file waits for one.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    #[error(
        "the disk {} is that of a board {found}, not {expected}; plug in the other board, or name \
         this one with --board if Inkbit has a firmware for it",
        folder.display()
    )]
    OtherBoard { folder: PathBuf, found: String, expected: String },
    #[error(
        "several boards wait to be flashed: {}; name one of these disks with --disk",
        folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Several { folders: Vec<PathBuf> },
    #[error(
        "cannot write {}, of which {written} of {total} bytes are written; is the disk full or \
         write-protected? The board is not flashed: unplug it, plug it in with BOOTSEL held, and \
         try again", path.display()
    )]
    Write { path: PathBuf, written: usize, total: usize, source: io::Error },
    #[error(
        "the disk {} vanished when {written} of {total} bytes were written; was the board unplugged? \
         It is not flashed: plug it in with BOOTSEL held, and try again", folder.display()
    )]
    Vanished { folder: PathBuf, written: usize, total: usize },
    #[error(
        "the board has not taken the file: the disk {} is still there {} s after the last byte; \
         unplug the board, plug it in with BOOTSEL held, and try again",
        folder.display(), waited.as_secs_f32()
    )]
    Kept { folder: PathBuf, waited: Duration },
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

impl Disk {
    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file whole. `progress` gets the number of bytes that the disk has. Returns whether
    /// the system says so of the last ones, too: it cannot where the disk has vanished meanwhile,
    /// which a board does that has taken the file, and one that is unplugged.
    ///
    /// # Errors
    ///
    /// If the disk does not take all bytes; what it has got is removed.
    pub fn write(&self, content: &[u8], progress: impl FnMut(usize)) -> Result<bool, DiskError> {
        let path = self.folder.join(FILE);
        let written = self.copy(&path, content, progress);
        if written.is_err() {
            let _ = fs::remove_file(&path);
        }
        written
    }

    fn copy(
        &self,
        path: &Path,
        content: &[u8],
        mut progress: impl FnMut(usize),
    ) -> Result<bool, DiskError> {
        let total = content.len();
        let failed = |written, source| match self.is_there() {
            true => DiskError::Write { path: path.to_owned(), written, total, source },
            false => DiskError::Vanished { folder: self.folder.clone(), written, total },
        };
        let mut file = File::create(path).map_err(|source| failed(0, source))?;
        let mut written = 0;
        for chunk in content.chunks(CHUNK) {
            file.write_all(chunk).map_err(|source| failed(written, source))?;
            // A disk that cannot be flushed and is there has got it: some have no such command.
            let flushed = file.sync_data().is_ok();
            let before = written;
            written += chunk.len();
            progress(written);
            if !self.is_there() {
                return match written < total {
                    true => Err(DiskError::Vanished {
                        folder: self.folder.clone(),
                        written: before,
                        total,
                    }),
                    false => Ok(flushed),
                };
            }
        }
        Ok(true)
    }

    /// Waits until the disk has vanished.
    ///
    /// # Errors
    ///
    /// If it has not within this time; the file is removed.
    pub fn wait(&self, most: Duration) -> Result<(), DiskError> {
        let deadline = Instant::now() + most;
        while self.is_there() {
            if Instant::now() >= deadline {
                let _ = fs::remove_file(self.folder.join(FILE));
                return Err(DiskError::Kept { folder: self.folder.clone(), waited: most });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn is_there(&self) -> bool {
        self.folder.join(INFO).exists()
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
        let both = format!("{}, {}; name one", paths[0].display(), paths[1].display());
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
        assert!(disk.write(&content, |written| steps.push(written)).unwrap());
        assert_eq!(steps, [CHUNK, 2 * CHUNK, 3 * CHUNK, content.len()]);
        let path = disk.folder().join(FILE);
        assert_eq!(limit::read(&path, 1 << 20).unwrap(), content);
        let error = disk.wait(Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("is still there 0 s after"), "{error}");
        assert!(!path.exists());
        // The state can be tried again.
        assert!(disk.write(&content, |_| ()).unwrap());
        fs::remove_dir_all(disk.folder()).unwrap();
        disk.wait(Duration::ZERO).unwrap();
    }

    #[test]
    fn a_disk_that_vanishes_before_the_last_byte_is_a_failure_and_afterwards_it_is_none() {
        let content = [7; 3 * CHUNK];
        for (after, expected) in [(1, Some(0)), (2, Some(CHUNK)), (3, None)] {
            let (_place, disk) = disk();
            let outcome = disk.write(&content, |written| {
                if written == after * CHUNK {
                    fs::remove_dir_all(disk.folder()).unwrap();
                }
            });
            let lost = match outcome {
                Ok(flushed) => {
                    assert!(flushed);
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
    fn a_full_disk_is_a_failure_that_leaves_nothing_there() {
        let (_place, disk) = disk();
        let path = disk.folder().join(FILE);
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let error = disk.write(&[7; 100], |_| ()).unwrap_err();
        assert!(
            matches!(&error, DiskError::Write { written: 0, source, .. }
            if source.kind() == io::ErrorKind::StorageFull),
            "{error:?}"
        );
        assert!(!path.is_symlink());
        // What is not to be written to.
        fs::create_dir(&path).unwrap();
        let error = disk.write(&[7; 100], |_| ()).unwrap_err().to_string();
        assert!(error.contains("is the disk full or write-protected?"), "{error}");
    }
}
