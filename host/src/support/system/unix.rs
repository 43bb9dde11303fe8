//! Linux and macOS.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::{Builder, NamedTempFile};

use crate::support::visible;

/// Whether this very file has this path, and not by a link.
pub fn is_at(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let there = fs::symlink_metadata(path).map(identity);
    there.is_ok_and(|there| file.metadata().map(identity).is_ok_and(|mine| mine == there))
}

/// Whether a fault says that a disk is not there any more: EIO, ENXIO or ENODEV.
pub fn has_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(5 | 6 | 19))
}

/// Whether this is a disk, and no file, folder, pipe or terminal.
pub fn is_disk(found: &fs::Metadata) -> bool {
    found.file_type().is_block_device()
}

/// Whether a file has no name but one.
pub fn has_one_name(file: &File) -> bool {
    file.metadata().is_ok_and(|found| found.nlink() == 1)
}

/// Gives a temporary file what a file gets that is not meant to be temporary, less the user's umask.
pub fn permit(builder: &mut Builder<'_, '_>) {
    builder.permissions(fs::Permissions::from_mode(0o666));
}

/// Makes a temporary folder one that only its owner can open, whatever the user's umask.
pub fn keep_private(builder: &mut Builder<'_, '_>) {
    builder.permissions(fs::Permissions::from_mode(0o700));
}

/// Gives a temporary file its name, in place of the file that has it now.
///
/// # Errors
///
/// Those of the system.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Whether a terminal on standard output takes colours.
pub fn takes_colours() -> bool {
    env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Whether there is a screen to open a window on.
pub fn has_screen() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Where disks are looked for, as the end of a sentence.
pub const DISKS: &str = "/media, /run/media, /mnt and /Volumes";

/// The folders that may be a disk that is plugged in.
pub fn disks() -> Vec<PathBuf> {
    let within = |folders: &[PathBuf]| -> Vec<PathBuf> {
        let folders = folders.iter().filter_map(|folder| fs::read_dir(folder).ok());
        folders.flatten().flatten().map(|entry| entry.path()).collect()
    };
    // The first two have a folder for each user on some systems, the last is a disk itself on some.
    let first = within(&["/media", "/run/media"].map(PathBuf::from));
    let last = ["/mnt", "/Volumes"].map(PathBuf::from);
    let all = [within(&first), first, within(&last), last.to_vec()].concat();
    // A disk may have several names.
    let distinct: BTreeSet<_> = all.iter().filter_map(|path| path.canonicalize().ok()).collect();
    distinct.into_iter().collect()
}

/// Whether the system's serial ports can be listed: on Linux a file system has them that not every
/// container has.
pub fn lists_ports() -> bool {
    !cfg!(target_os = "linux") || Path::new("/sys/class/tty").is_dir()
}

/// A connection to a program on this machine.
pub type Stream = UnixStream;

/// A place where an emulator and this process meet.
#[derive(Debug)]
pub struct Socket(PathBuf);

impl Socket {
    /// A socket that only the folder's owner can use, and which the emulator creates.
    ///
    /// # Errors
    ///
    /// A folder whose path no emulator can be told.
    pub fn new(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        let (shown, bytes) = (visible::path(&path), path.as_os_str().len());
        let refused = |reason: &str| {
            let message = format!(
                "their path {shown} {reason}; set TMPDIR to a folder for temporary files with another \
                 path, such as /tmp"
            );
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        };
        if path.to_str().is_none() {
            return refused("is not UTF-8 text");
        }
        if SocketAddr::from_pathname(&path).is_err() {
            return refused(&format!("has {bytes} bytes, more than a socket's may have"));
        }
        Ok(Self(path))
    }

    /// QEMU's name of its end. With `wait`, the machine starts when somebody has connected.
    pub fn for_qemu(&self, wait: bool) -> String {
        let wait = if wait { "on" } else { "off" };
        format!("unix:{},server=on,wait={wait}", self.0.to_string_lossy().replace(',', ",,"))
    }

    /// Its name: the emulator listens there.
    pub fn name(&self) -> OsString {
        self.0.clone().into()
    }

    /// Connects, if the emulator is there.
    ///
    /// # Errors
    ///
    /// Those of the system, also if the emulator is not there yet.
    pub fn connect(&self) -> io::Result<Stream> {
        UnixStream::connect(&self.0)
    }
}

/// Runs a program and ends it when standard input ends: however this process dies, the pipe
/// closes, and neither the program nor its files stay behind. What ends the whole group of processes
/// does not end the guard.
const GUARD: &str = r#"
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
(trap '' HUP INT TERM; read -r _ <&3; kill -KILL "$program"; rm -rf "$folder") 2>/dev/null &
guard=$!
wait "$program"
status=$?
kill -KILL "$guard"
exit "$status"
"#;

/// A running program. It ends when this is dropped, or when this process ends in any way.
#[derive(Debug)]
pub struct Guarded(Child);

impl Guarded {
    /// The beginning of the program's command; its arguments are to follow. `folder` is removed if
    /// this process dies.
    pub fn command(program: &str, folder: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "sh"]).arg(folder).arg(program);
        command
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).spawn().map(Self)
    }

    /// Its status if it has ended.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        // `Child::wait` would close standard input, which ends the program.
        self.0.try_wait()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The end of its standard input is the guard's signal.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_for_an_emulator_is_closed_to_others() {
        let mut builder = Builder::new();
        keep_private(&mut builder);
        let folder = builder.tempdir().unwrap();
        assert_eq!(folder.path().metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_no_emulator_can_be_told_is_named_with_what_to_do() {
        use std::os::unix::ffi::OsStrExt;
        let odd = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
        let long = format!("/tmp/{}", "x".repeat(120));
        for (folder, expected) in [
            (odd, "their path /tmp/\u{fffd}/serial is not UTF-8 text; set TMPDIR to a folder"),
            (Path::new(&long), "x/serial has 132 bytes, more than a socket's may have; set TMPDIR"),
        ] {
            let error = Socket::new(folder, "serial").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_ends_the_group_of_processes_leaves_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("place");
        fs::create_dir(&place).unwrap();
        let mut command = Guarded::command("sleep", &place);
        std::os::unix::process::CommandExt::process_group(command.arg("60"), 0);
        let mut guarded = Guarded::start(&mut command).unwrap();
        // The guard is there once the program is.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let group = format!("-{}", guarded.0.id());
        assert!(Command::new("kill").args(["-TERM", "--", &group]).status().unwrap().success());
        guarded.0.stdin.take();
        guarded.0.wait().unwrap();
        let begin = std::time::Instant::now();
        while place.exists() {
            assert!(begin.elapsed().as_secs() < 10, "the folder is still there");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
