//! Files from a list of mirrors, checked, and resumed where the line broke.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Timeout};

use super::idx::{Idx, Kind};
use crate::support::error::chain;
use crate::support::files::{self, FileError};

/// An IDX file that is recognized by its content.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name on the mirrors and in the folder.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// SHA-256 of its unpacked content in hexadecimal digits.
    pub sha256: &'static str,
}

/// How to download.
#[derive(Clone, Debug)]
pub struct Download {
    /// Addresses of the folders that have the files, without the last slash.
    pub mirrors: Vec<String>,
    /// Time to find a mirror and to reach it, each.
    pub connect: Duration,
    /// Time that a mirror may be silent before the connection counts as broken.
    pub silence: Duration,
    /// Tries in a row that may bring nothing new before a mirror is given up.
    pub tries: u32,
    /// Pause before the second try; each further one is twice as long.
    pub pause: Duration,
    /// Bytes that a file may have: more must be something else.
    pub max_bytes: u64,
}

impl Download {
    /// From these mirrors, with as much patience as a slow line needs.
    #[must_use]
    pub fn from_mirrors(mirrors: &[&str]) -> Self {
        Self {
            mirrors: mirrors.iter().map(ToString::to_string).collect(),
            connect: Duration::from_secs(3),
            silence: Duration::from_secs(10),
            tries: 2,
            pause: Duration::from_millis(500),
            max_bytes: 64 << 20,
        }
    }
}

/// Why a file did not come.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// It could not be kept.
    #[error(transparent)]
    File(#[from] FileError),
    /// No mirror had it.
    #[error("no {name} from {}", list(failures))]
    Mirrors {
        /// The file.
        name: String,
        /// Each mirror's address and what was wrong there.
        failures: Vec<(String, String)>,
    },
}

fn list(failures: &[(String, String)]) -> String {
    let each = failures.iter().map(|(mirror, reason)| format!("{mirror} ({reason})"));
    each.collect::<Vec<_>>().join(", nor from ")
}

/// Why one try failed.
enum Failure {
    /// Another try may get on from here.
    Broken(String),
    /// This mirror will not do.
    Useless(String),
    /// No mirror will do.
    File(FileError),
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl Download {
    /// Gets the files that are not in the folder yet, which is created. Each comes under the name
    /// `NAME.part` and gets its own when its content is right; what came before the line broke is
    /// kept to go on with.
    ///
    /// # Errors
    ///
    /// [`DownloadError`] of the first file that cannot be had.
    pub fn fetch(&self, wanted: &[Wanted], folder: &Path) -> Result<(), DownloadError> {
        files::create_folder(folder)?;
        // Two processes would write into the same file. Where the system has no such lock, the
        // checksum still finds what comes of that.
        let lock = File::open(folder);
        if let Ok(lock) = &lock {
            let _ = lock.lock();
        }
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(self.connect))
            .timeout_connect(Some(self.connect))
            .timeout_per_read(Some(self.silence))
            .user_agent(concat!("inkbit/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        for file in wanted {
            let path = folder.join(&file.name);
            if file.check(&path).is_err() {
                self.fetch_one(&agent, file, &path)?;
            }
        }
        Ok(())
    }

    fn fetch_one(&self, agent: &Agent, file: &Wanted, path: &Path) -> Result<(), DownloadError> {
        let part = path.with_file_name(format!("{}.part", file.name));
        let finish = || fs::rename(&part, path).map_err(FileError::at("write", path));
        // Where a process was killed between the last byte and this.
        if file.check(&part).is_ok() {
            return Ok(finish()?);
        }
        let mut failures = Vec::new();
        for mirror in &self.mirrors {
            match self.fetch_from(agent, mirror, file, &part) {
                Ok(()) => return Ok(finish()?),
                Err(Failure::Broken(reason) | Failure::Useless(reason)) => {
                    failures.push((mirror.clone(), reason));
                }
                Err(Failure::File(error)) => {
                    // A full disk, most likely: give back what was taken.
                    let _ = fs::remove_file(&part);
                    return Err(error.into());
                }
            }
        }
        Err(DownloadError::Mirrors { name: file.name.clone(), failures })
    }

    /// Tries one mirror until the file is there and right, or there is no more hope.
    fn fetch_from(
        &self,
        agent: &Agent,
        mirror: &str,
        file: &Wanted,
        part: &Path,
    ) -> Result<(), Failure> {
        let mut fruitless = 0;
        let mut pause = self.pause;
        loop {
            let start = length(part);
            let failure = match self.go_on(agent, mirror, file, part) {
                Ok(()) => match file.check(part) {
                    Ok(()) => return Ok(()),
                    Err(reason) => {
                        fs::remove_file(part).map_err(FileError::at("remove", part))?;
                        // The mirror is only to blame for a file that is its own from the start.
                        if start == 0 {
                            return Err(Failure::Useless(reason));
                        }
                        Failure::Broken(reason)
                    }
                },
                Err(failure) => failure,
            };
            let Failure::Broken(reason) = failure else { return Err(failure) };
            if length(part) > start {
                (fruitless, pause) = (0, self.pause);
            } else {
                fruitless += 1;
            }
            if fruitless >= self.tries {
                return Err(Failure::Broken(reason));
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }

    /// Appends to what is there of the file, or starts it if the mirror cannot go on.
    fn go_on(
        &self,
        agent: &Agent,
        mirror: &str,
        file: &Wanted,
        part: &Path,
    ) -> Result<(), Failure> {
        let have = length(part);
        let mut request = agent.get(format!("{mirror}/{}", file.name));
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| self.broken(error))?;
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if first_byte(&response) == Some(have) => have,
            // Of no use for us, like a file that is longer than the mirror's.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                fs::remove_file(part).map_err(FileError::at("remove", part))?;
                return Err(Failure::Broken("it cannot resume".to_owned()));
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::Broken(format!("it answers {status}")));
            }
            status => return Err(Failure::Useless(format!("it answers {status}"))),
        };
        let written = || FileError::at("write", part);
        let mut out = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(part)
            .map_err(written())?;
        out.set_len(start).map_err(written())?;
        out.seek(SeekFrom::Start(start)).map_err(written())?;
        self.copy(response, start, file, part, &mut out)?;
        out.sync_all().map_err(written())?;
        Ok(())
    }

    fn copy(
        &self,
        response: Response<ureq::Body>,
        start: u64,
        file: &Wanted,
        part: &Path,
        out: &mut File,
    ) -> Result<(), Failure> {
        let total = response.body().content_length().map(|rest| start + rest);
        let bar = bar(total, start, &file.name);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        let mut have = start;
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(error.into())),
            };
            out.write_all(&buffer[..count]).map_err(FileError::at("write", part))?;
            have += count as u64;
            bar.set_position(have);
            if have > self.max_bytes {
                let reason = format!("it sends over {} bytes, too many", self.max_bytes);
                fs::remove_file(part).map_err(FileError::at("remove", part))?;
                return Err(Failure::Useless(reason));
            }
        }
        if let Some(total) = total.filter(|&total| have < total) {
            return Err(Failure::Broken(format!("it broke off after {have} of {total} bytes")));
        }
        Ok(())
    }

    /// What a request that failed says of the mirror.
    fn broken(&self, error: ureq::Error) -> Failure {
        Failure::Broken(match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("out of reach for {:?}", self.connect)
            }
            ureq::Error::Timeout(_) => format!("silent for {:?}", self.silence),
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        })
    }
}

impl Wanted {
    /// Whether a file is the wanted one, or else what it is.
    fn check(&self, path: &Path) -> Result<(), String> {
        let content = Idx::read(path, self.kind)
            .map_err(|error| format!("wrong content: {}", chain(&error)))?;
        let (found, expected) = (hex(&content.digest()), self.sha256);
        if found != expected {
            return Err(format!("wrong content: its SHA-256 is {found}, expected {expected}"));
        }
        Ok(())
    }
}

/// Bytes of a file, 0 if there is none.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// The first byte of those that a response holds, from `Content-Range: bytes 100-199/200`.
fn first_byte<T>(response: &Response<T>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A bar on standard error that counts bytes; hidden where nobody looks.
fn bar(total: Option<u64>, start: u64, name: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let bar = match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    bar.with_message(name.to_owned()).with_position(start).with_finish(ProgressFinish::AndClear)
}
