//! Downloads from a list of mirrors, checked, and resumed where the connection broke.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Timeout};

use super::idx::{Idx, Kind};
use crate::support::error::chain;
use crate::support::files::{self, FileError};
use crate::support::limit;
use crate::support::lock::Lock;
use crate::support::numbers::hex;
use crate::support::output;
use crate::support::replace::{self, ReplaceError};
use crate::support::visible;

/// A file that came from a mirror, or was put in its place by somebody: gzipped or not.
const CACHED: replace::Kind = replace::Kind::beginning("an IDX file", &[&[0x1F, 0x8B], &[0, 0, 8]]);
/// What came of one so far; its name is Inkbit's own.
const PART: replace::Kind = replace::Kind::beginning("a part of a download", &[b""]);

/// An IDX file that is recognized by its content.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name on the mirrors and in the folder.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many values; neither memory nor disk is taken for more.
    pub values: u64,
    /// SHA-256 of its unpacked content in hexadecimal digits.
    pub sha256: &'static str,
}

/// How to download.
#[derive(Clone, Debug)]
pub struct Download {
    /// Addresses of the folders that have the files, without the last slash.
    pub mirrors: Vec<String>,
    /// The most time for resolving a mirror's name, and for connecting to it.
    pub connect: Duration,
    /// The longest time without a byte before the connection counts as broken.
    pub silence: Duration,
    /// Tries in a row that bring no new byte before a mirror is given up.
    pub tries: u32,
    /// Pause before the second try; each further pause is twice as long.
    pub pause: Duration,
    /// The fewest bytes a second before a mirror is given up.
    pub rate: u64,
    /// The most time that a mirror may take for a file.
    pub patience: Duration,
}

/// Why a file did not come.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum DownloadError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// `failures` holds each mirror's address and what was wrong there.
    #[error("no {name} from {}", list(failures))]
    Mirrors { name: String, failures: Vec<(String, String)> },
}

fn list(failures: &[(String, String)]) -> String {
    let each = failures
        .iter()
        .map(|(mirror, reason)| format!("{} ({})", visible::line(mirror), visible::line(reason)));
    each.collect::<Vec<_>>().join(", nor from ")
}

/// Why one try failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Failure {
    /// Another try may get on from here.
    #[error("{0}")]
    Broken(String),
    /// This mirror is of no use.
    #[error("{0}")]
    Useless(String),
    /// No mirror can help.
    File(#[from] FileError),
}

impl Download {
    /// Downloads from these mirrors, as patiently as a slow connection needs.
    pub fn from_mirrors(mirrors: &[&str]) -> Self {
        Self {
            mirrors: mirrors.iter().map(ToString::to_string).collect(),
            connect: Duration::from_secs(3),
            silence: Duration::from_secs(10),
            tries: 2,
            pause: Duration::from_millis(500),
            rate: 1 << 10,
            patience: Duration::from_secs(600),
        }
    }

    /// Gets the files that are not in the folder yet, which is created; fails with the first file
    /// that cannot be had. A file is called `NAME.inkbit-part` until its content is right; the bytes that
    /// came before the connection broke are kept to go on with.
    pub fn fetch(&self, wanted: &[Wanted], folder: &Path) -> Result<(), DownloadError> {
        files::create_folder(folder)?;
        // Two processes would write into the same file. If the system has no locks, the checksum
        // still detects the damage.
        let _lock = Lock::wait(folder);
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(self.connect))
            .timeout_connect(Some(self.connect))
            .timeout_per_read(Some(self.silence))
            .timeout_recv_response(Some(self.silence))
            .user_agent(concat!("inkbit/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let place = |file: &Wanted| {
            let part = format!("{}.inkbit-part", file.name);
            (folder.join(&file.name), folder.join(part))
        };
        let is_missing = |file: &&Wanted| file.check(&place(file).0).is_err();
        let missing: Vec<&Wanted> = wanted.iter().filter(is_missing).collect();
        for (path, part) in missing.iter().map(|file| place(file)) {
            CACHED.check_own(&path)?;
            PART.check_own(&part)?;
        }
        for file in missing {
            let (path, part) = place(file);
            // It may be whole: the process was killed between the last byte and the renaming.
            if file.check(&part).is_err() {
                let transfer = Transfer { options: self, agent: &agent, file, part: part.clone() };
                transfer.detach()?;
                transfer.run()?;
            }
            set_aside(&path)?;
            fs::rename(&part, &path).map_err(FileError::at("write", &path))?;
        }
        Ok(())
    }
}

/// Keeps a file that has another content: it may be somebody's own data of that name.
fn set_aside(path: &Path) -> Result<(), FileError> {
    if !path.exists() {
        return Ok(());
    }
    let named = |number: u32| path.with_added_extension(format!("other-{number}"));
    let mut names = (1..).map(named);
    let free = names.find(|name| fs::symlink_metadata(name).is_err()).expect("they have no end");
    fs::rename(path, &free).map_err(FileError::at("keep", path))?;
    let (path, free) = (visible::path(path), visible::path(&free));
    output::complain(&format!("{path} was another file, and is kept as {free}"));
    Ok(())
}

struct Transfer<'a> {
    options: &'a Download,
    agent: &'a Agent,
    file: &'a Wanted,
    part: PathBuf,
}

impl Transfer<'_> {
    /// Makes a file of its own of what came before: a file of that name may have another name, too,
    /// by which it is a user's, and what comes is appended in place.
    fn detach(&self) -> Result<(), FileError> {
        match limit::read(&self.part, self.file.max_bytes()) {
            Ok(came) => files::write(&self.part, &came),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            // Longer than the file can be, or it cannot be read: there is nothing to go on with.
            Err(_) => self.remove(),
        }
    }

    fn run(&self) -> Result<(), DownloadError> {
        let mut failures = Vec::new();
        for mirror in &self.options.mirrors {
            match self.fetch_from(mirror) {
                Ok(()) => return Ok(()),
                Err(Failure::File(error)) => {
                    // Most likely the disk is full: give back what was taken.
                    let _ = fs::remove_file(&self.part);
                    return Err(error.into());
                }
                Err(failure) => failures.push((mirror.clone(), failure.to_string())),
            }
        }
        Err(DownloadError::Mirrors { name: self.file.name.clone(), failures })
    }

    /// Tries one mirror until the file is there and right, or there is no more hope.
    fn fetch_from(&self, mirror: &str) -> Result<(), Failure> {
        let end = Instant::now() + self.options.patience;
        let mut fruitless = 0;
        let mut pause = self.options.pause;
        loop {
            let start = self.length();
            let Err(failure) = self.resume(mirror, end).and_then(|()| self.check(start)) else {
                return Ok(());
            };
            if !matches!(failure, Failure::Broken(_)) {
                return Err(failure);
            }
            if self.length() > start {
                (fruitless, pause) = (0, self.options.pause);
            } else {
                fruitless += 1;
            }
            if fruitless >= self.options.tries {
                return Err(failure);
            }
            if Instant::now() + pause >= end {
                let limit = self.options.patience;
                return Err(Failure::Useless(format!("not done within {limit:?}")));
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }

    /// Checks a file of which the first `start` bytes were there before, and removes a wrong one.
    fn check(&self, start: u64) -> Result<(), Failure> {
        let Err(reason) = self.file.check(&self.part) else { return Ok(()) };
        self.remove()?;
        // The mirror is only to blame for a file that is its own from the start.
        Err(if start == 0 { Failure::Useless(reason) } else { Failure::Broken(reason) })
    }

    /// Appends to the bytes that are there, or starts again if the mirror cannot resume.
    fn resume(&self, mirror: &str, end: Instant) -> Result<(), Failure> {
        let have = self.length();
        let left = end.saturating_duration_since(Instant::now());
        let request = self.agent.get(format!("{mirror}/{}", self.file.name)).config();
        let mut request = request.timeout_global(Some(left)).build();
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| self.broken(error))?;
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if first_byte(&response) == Some(have) => have,
            // Of no use for us, like a file that is longer than the mirror's.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
                self.remove()?;
                return Err(Failure::Broken("it cannot resume".to_owned()));
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Failure::Broken(format!("it answers {status}")));
            }
            status => return Err(Failure::Useless(format!("it answers {status}"))),
        };
        let written = || FileError::at("write", &self.part);
        let mut options = OpenOptions::new();
        let opened = options.create(true).write(true).truncate(false).open(&self.part);
        let mut out = opened.map_err(written())?;
        out.set_len(start).map_err(written())?;
        out.seek(SeekFrom::Start(start)).map_err(written())?;
        self.copy(response, start, &mut out)?;
        Ok(out.sync_all().map_err(written())?)
    }

    fn copy(
        &self,
        response: Response<ureq::Body>,
        start: u64,
        out: &mut File,
    ) -> Result<(), Failure> {
        let total = response.body().content_length().map(|rest| start + rest);
        let bar = bar(total, start, &self.file.name);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        let mut have = start;
        let begin = Instant::now();
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(error.into())),
            };
            out.write_all(&buffer[..count]).map_err(FileError::at("write", &self.part))?;
            have += count as u64;
            bar.set_position(have);
            let limit = self.file.max_bytes();
            if have > limit {
                self.remove()?;
                return Err(Failure::Useless(format!("it sends over {limit} bytes, too many")));
            }
            let (passed, rate) = (begin.elapsed(), self.options.rate);
            if passed > self.options.silence && have - start < rate * passed.as_secs() {
                let slow = format!("it sends fewer than {rate} bytes a second");
                return Err(Failure::Useless(slow));
            }
        }
        match total.filter(|&total| have < total) {
            Some(total) => {
                Err(Failure::Broken(format!("it broke off after {have} of {total} bytes")))
            }
            None => Ok(()),
        }
    }

    fn broken(&self, error: ureq::Error) -> Failure {
        Failure::Broken(match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("out of reach for {:?}", self.options.connect)
            }
            ureq::Error::Timeout(_) => format!("silent for {:?}", self.options.silence),
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        })
    }

    fn remove(&self) -> Result<(), FileError> {
        fs::remove_file(&self.part).map_err(FileError::at("remove", &self.part))
    }

    /// Bytes that are there of the file, 0 if there is none.
    fn length(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |metadata| metadata.len())
    }
}

impl Wanted {
    /// The most bytes on the way: gzip makes nothing longer than this.
    fn max_bytes(&self) -> u64 {
        self.values + self.values / 1000 + (1 << 16)
    }

    /// Checks a file's content against the checksum.
    fn check(&self, path: &Path) -> Result<(), String> {
        let content = Idx::read_up_to(path, self.kind, self.values)
            .map_err(|error| format!("wrong content: {}", chain(&error)))?;
        let (found, expected) = (hex(&content.digest()), self.sha256);
        if found != expected {
            return Err(format!("wrong content: its SHA-256 is {found}, expected {expected}"));
        }
        Ok(())
    }
}

/// The first byte of the range that a response holds, from `Content-Range: bytes 100-199/200`.
fn first_byte<T>(response: &Response<T>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// A progress bar of bytes on standard error; hidden unless that is a terminal.
fn bar(total: Option<u64>, start: u64, name: &str) -> ProgressBar {
    if !output::errors_are_on_a_terminal() {
        return ProgressBar::hidden();
    }
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(template).expect("the template is legal");
    let bar = bar.with_style(style).with_position(start).with_finish(ProgressFinish::AndClear);
    bar.with_message(name.to_owned())
}
