//! Windows.
#![expect(unsafe_code, reason = "the standard library has neither a file's identity nor jobs")]

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::ptr;

use ratatui::crossterm::ansi_support::supports_ansi;
use tempfile::{Builder, NamedTempFile};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
    GetFileInformationByHandle,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject,
};

/// Whether this very file has this path, and not by a link.
pub fn is_at(file: &File, path: &Path) -> bool {
    // Neither follows a link nor asks for a right that whoever holds the file could refuse.
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    let there = File::options().access_mode(0).custom_flags(flags).open(path);
    let there = there.and_then(|there| identity(&there));
    there.is_ok_and(|there| identity(file).is_ok_and(|mine| mine == there))
}

/// Whether a file has no name but one.
pub fn has_one_name(file: &File) -> bool {
    information(file).is_ok_and(|found| found.nNumberOfLinks == 1)
}

fn identity(file: &File) -> io::Result<[u32; 3]> {
    let found = information(file)?;
    Ok([found.dwVolumeSerialNumber, found.nFileIndexHigh, found.nFileIndexLow])
}

fn information(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut found = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open while `file` is borrowed, and `found` is what the call fills in.
    succeeded(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut found) })?;
    Ok(found)
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gives a temporary file what a file gets that is not meant to be temporary: the folder decides.
pub fn permit(_: &mut Builder<'_, '_>) {}

/// Makes a temporary folder one that only its owner can open: the user's folder of such files is.
pub fn keep_private(_: &mut Builder<'_, '_>) {}

/// Whether a fault says that a disk is not there any more: not ready, no such device, or a fault of it.
pub fn has_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(21 | 55 | 433 | 1117))
}

/// Whether this is a disk, and no file, folder, pipe or terminal: here none has a path that files have.
pub fn is_disk(_: &fs::Metadata) -> bool {
    false
}

/// Gives a temporary file its name, in place of the file that has it now.
///
/// # Errors
///
/// Those of the system.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let (file, temporary) = file.keep().map_err(|error| error.error)?;
    // Who opens it by its new name must not meet the lock, which refuses to let others read.
    drop(file);
    // Unlike `NamedTempFile::persist`, it also replaces a file that somebody is reading.
    fs::rename(&temporary, path).inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Whether a terminal on standard output takes colours; turns them on.
pub fn takes_colours() -> bool {
    supports_ansi()
}

/// Whether there is a screen to open a window on.
pub fn has_screen() -> bool {
    true
}

/// Where disks are looked for, as the end of a sentence.
pub const DISKS: &str = "the drives C: to Z:";

/// The folders that may be a disk that is plugged in.
pub fn disks() -> Vec<PathBuf> {
    // The first two letters are those of floppy disks.
    ('C'..='Z').map(|letter| format!("{letter}:\\").into()).collect()
}

/// Whether the system's serial ports can be listed.
pub fn lists_ports() -> bool {
    true
}

/// A connection to a program on this machine.
pub type Stream = TcpStream;

/// A place where QEMU and this process meet. QEMU comes here, not the other way round: any user of
/// the machine can reach a port, and QEMU's machine protocol lets whoever speaks it write files. So
/// it connects once, and the machine does not wait.
#[derive(Debug)]
pub struct Socket(TcpListener);

impl Socket {
    /// A port that the system chooses.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn new(_: &Path, _: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// QEMU's name of its end.
    pub fn for_qemu(&self, _wait: bool) -> String {
        let port = self.0.local_addr().map_or(0, |address| address.port());
        format!("tcp:{}:{port},nodelay=on", Ipv4Addr::LOCALHOST)
    }

    /// Its name: an address and a port, to which the emulator connects.
    pub fn name(&self) -> OsString {
        let port = self.0.local_addr().map_or(0, |address| address.port());
        format!("{}:{port}", Ipv4Addr::LOCALHOST).into()
    }

    /// Connects, if the emulator is there.
    ///
    /// # Errors
    ///
    /// Those of the system, also if the emulator is not there yet.
    pub fn connect(&self) -> io::Result<Stream> {
        let (stream, _) = self.0.accept()?;
        // Which it has from the listener.
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// A running program. It ends when this is dropped, or when this process ends in any way.
#[derive(Debug)]
pub struct Guarded {
    program: Child,
    /// The system ends what is in a job when its last handle is closed.
    _job: OwnedHandle,
}

impl Guarded {
    /// The beginning of the program's command; its arguments are to follow. If this process dies,
    /// the folder stays.
    pub fn command(program: &str, _: &Path) -> Command {
        Command::new(program)
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let job = job()?;
        let mut program = command.stdin(Stdio::null()).spawn()?;
        // SAFETY: both handles are open: their owners are alive.
        let assigned =
            unsafe { AssignProcessToJobObject(job.as_raw_handle(), program.as_raw_handle()) };
        if let Err(error) = succeeded(assigned) {
            let _ = program.kill();
            return Err(error);
        }
        Ok(Self { program, _job: job })
    }

    /// Its status if it has ended.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.program.try_wait()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.program.kill();
        // Then its files are closed and can be removed.
        let _ = self.program.wait();
    }
}

/// A job whose programs end with it.
fn job() -> io::Result<OwnedHandle> {
    // SAFETY: neither attributes nor a name have to be given.
    let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and nobody else has it.
    let job = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    // SAFETY: the job is open, and the pointer and the size are those of `limits`.
    succeeded(unsafe {
        SetInformationJobObject(
            job.as_raw_handle(),
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size_of_val(&limits) as u32,
        )
    })?;
    Ok(job)
}
