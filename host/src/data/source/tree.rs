//! The files below a folder or in a ZIP, or a single file, listed and read within limits.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::SourceError;
use crate::data::archive::{self, ArchiveError, Entry, Opened};
use crate::data::idx::most_unpacked;
use crate::support::files::{self, FileError};
use crate::support::limit;

/// The most files of a folder, as many as a part may have images.
const MOST_FILES: usize = 1 << 22;
/// The most entries of a ZIP, which takes some hundred bytes for each.
const MOST_ENTRIES: usize = 300_000;
/// Folders within folders that are looked into.
const DEPTH: usize = 5;
/// The most pixels of all pictures of a ZIP together, as many as a few photographs have, and for each of
/// its bytes: a small file can claim any number, and photographs take a byte for a few pixels.
const MOST_PIXELS: (u64, u64) = (1 << 27, 32);
/// The most pixels of all images of a folder.
const MOST_KEPT: u64 = 1 << 29;

/// Files that are read as one data set.
pub(super) struct Tree {
    /// The folder, the ZIP, or the file.
    pub root: PathBuf,
    /// Sorted by their paths.
    pub files: Vec<Member>,
    /// Paths within the root, sorted.
    pub folders: Vec<String>,
    /// A folder that a link leads to, which is not followed.
    pub link: Option<PathBuf>,
    /// Whether nothing was left out.
    pub is_whole: bool,
    zip: Option<Opened>,
    /// Bytes that may still be unpacked of a ZIP.
    left: AtomicU64,
    /// Pixels of pictures so far.
    pixels: AtomicU64,
}

/// A file of a [`Tree`].
pub(super) struct Member {
    /// Its path within the root, with slashes.
    pub within: String,
    /// Its path for a message.
    pub path: PathBuf,
    entry: Option<Entry>,
}

impl Member {
    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.within.rsplit('/').next().unwrap_or_default()
    }
}

/// Whether a file or folder is the system's and none of the data.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "Thumbs.db" | "desktop.ini" | "__MACOSX")
}

impl Tree {
    fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
            link: None,
            is_whole: true,
            zip: None,
            left: AtomicU64::new(u64::MAX),
            pixels: AtomicU64::new(0),
        }
    }

    /// A single file.
    pub fn of_file(path: &Path) -> Self {
        let within = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = Member { within, path: path.to_owned(), entry: None };
        Self { files: vec![file], ..Self::new(path) }
    }

    /// What is in a folder and those below it.
    pub fn of_folder(path: &Path) -> Result<Self, FileError> {
        let mut tree = Self::new(path);
        tree.add(path, "", DEPTH)?;
        tree.sort();
        Ok(tree)
    }

    /// The files that lie in a folder itself.
    pub fn of_files_in(path: &Path) -> Result<Self, FileError> {
        let mut tree = Self::new(path);
        tree.add(path, "", 1)?;
        tree.sort();
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, within: &str, depth: usize) -> Result<(), FileError> {
        let entries = fs::read_dir(folder).map_err(FileError::at("read", folder))?;
        for entry in entries {
            if self.files.len() + self.folders.len() >= MOST_FILES {
                self.is_whole = false;
                return Ok(());
            }
            let entry = entry.map_err(FileError::at("read", folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if is_hidden(&name) || files::is_temporary(&path) {
                continue;
            }
            let kind = entry.file_type().map_err(FileError::at("read", &path))?;
            let name = format!("{within}{name}");
            if kind.is_symlink() && path.is_dir() {
                // It may lead to a folder above.
                self.link.get_or_insert(path);
            } else if kind.is_dir() {
                if depth > 1 {
                    self.add(&path, &format!("{name}/"), depth - 1)?;
                }
                self.folders.push(name);
            } else {
                self.files.push(Member { within: name, path, entry: None });
            }
        }
        Ok(())
    }

    /// What is in a ZIP.
    pub fn of_zip(path: &Path) -> Result<Self, ArchiveError> {
        let mut opened = archive::open(path, MOST_ENTRIES)?;
        let mut tree = Self { is_whole: opened.is_whole, ..Self::new(path) };
        tree.left = AtomicU64::new(most_unpacked(opened.bytes));
        for (within, entry) in std::mem::take(&mut opened.entries) {
            let within = within.replace('\\', "/");
            let within = within.trim_start_matches('/');
            if within.split('/').any(is_hidden) {
                continue;
            }
            match within.strip_suffix('/') {
                Some(folder) => tree.folders.push(folder.to_owned()),
                None => {
                    let (within, path) = (within.to_owned(), entry.path.clone());
                    tree.files.push(Member { within, path, entry: Some(entry) });
                }
            }
        }
        tree.zip = Some(opened);
        tree.sort();
        Ok(tree)
    }

    fn sort(&mut self) {
        self.files.sort_by(|a, b| a.within.cmp(&b.within));
        self.folders.sort();
    }

    /// Whether it is a ZIP.
    pub fn is_zip(&self) -> bool {
        self.zip.is_some()
    }

    /// Leaves out folders around the data that have nothing beside them, as those that a ZIP packs
    /// or unpacks. Of a folder with files that `is_data` does not know, the name may be a class.
    pub fn descend(&mut self, is_data: impl Fn(&str) -> bool) {
        loop {
            let Some(first) = self.files.first().and_then(|file| file.within.split_once('/'))
            else {
                return;
            };
            let top = format!("{}/", first.0);
            let lies_below = |within: &str| within.starts_with(&top);
            if matches!(first.0, "train" | "test")
                || !self.files.iter().all(|file| lies_below(&file.within))
                || self
                    .folders
                    .iter()
                    .any(|folder| !lies_below(folder) && *folder != top[..top.len() - 1])
                || self.files.iter().any(|file| {
                    let rest = &file.within[top.len()..];
                    !rest.contains('/') && !is_data(rest)
                })
            {
                return;
            }
            for file in &mut self.files {
                file.within.drain(..top.len());
            }
            self.folders.retain(|folder| lies_below(folder));
            for folder in &mut self.folders {
                folder.drain(..top.len());
            }
        }
    }

    /// A file's content, of at most `limit` bytes.
    pub fn read(&self, file: &Member, limit: u64) -> Result<Vec<u8>, SourceError> {
        let (Some(zip), Some(entry)) = (&self.zip, &file.entry) else {
            return Ok(limit::read(&file.path, limit)?);
        };
        let most = limit.min(self.left.load(Ordering::Relaxed));
        let content = limit::all(entry.open(&zip.archive)?, most);
        let content = content.map_err(FileError::at("read", &file.path))?;
        self.count_unpacked(content.len() as u64);
        Ok(content)
    }

    /// The same, unpacked if it is gzipped.
    pub fn unpacked(&self, file: &Member, limit: u64) -> Result<Vec<u8>, SourceError> {
        let content = self.read(file, limit)?;
        if !content.starts_with(b"\x1f\x8b") {
            return Ok(content);
        }
        // Of a ZIP's files together no more may be unpacked, twice packed or not.
        let left = self.left.load(Ordering::Relaxed);
        let most = limit.min(most_unpacked(content.len() as u64)).min(left);
        let unpacked = limit::all(MultiGzDecoder::new(&content[..]), most);
        let unpacked = unpacked.map_err(FileError::at("unpack", &file.path))?;
        self.count_unpacked(unpacked.len() as u64);
        Ok(unpacked)
    }

    fn count_unpacked(&self, bytes: u64) {
        let less = |left: u64| Some(left.saturating_sub(bytes));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// The first bytes of a file, fewer if it has no more or cannot be read.
    pub fn start(&self, file: &Member) -> Vec<u8> {
        let mut bytes = Vec::new();
        let count = 1 << 10;
        match (&self.zip, &file.entry) {
            (Some(zip), Some(entry)) => {
                if let Ok(content) = entry.open(&zip.archive) {
                    let _ = limit::up_to(content.take(count), count, &mut bytes);
                }
            }
            _ => bytes = limit::start(&file.path, count).unwrap_or_default(),
        }
        bytes
    }

    /// Counts the pixels of a picture, those that decoding it goes through and those that it is kept as.
    /// Returns what is wrong if those of all pictures are too many: kept ones in a folder, either in a ZIP.
    pub fn count_pixels(&self, read: u64, kept: u64) -> Option<&'static str> {
        let (pixels, most, fault) = match &self.zip {
            Some(zip) => (
                read.max(kept),
                MOST_PIXELS.0 + MOST_PIXELS.1.saturating_mul(zip.bytes),
                "has pictures of more pixels than so few bytes hold: unpack it into a folder",
            ),
            None => (
                kept,
                MOST_KEPT,
                "has too many pictures for images of this size, the limit is 2^29 pixels in all: give \
                 fewer, or a model of smaller images",
            ),
        };
        let before = self.pixels.fetch_add(pixels, Ordering::Relaxed);
        (before.saturating_add(pixels) > most).then_some(fault)
    }
}
