//! Writing a data set as four IDX files and the labels of its classes, into a folder of its own.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::archive::LABELS;
use super::folder::FILES;
use super::{Dataset, Images};
use crate::support::files::{self, FileError, folder_of};
use crate::support::limit;
use crate::support::lock::Lock;
use crate::support::numbers::hex;
use crate::support::replace::{LOCK, ReplaceError, refuse_link};
use crate::support::visible;

/// The file by which such a folder is known, and its first line.
const MARK: (&str, &str) = ("import.toml", "# Written by Inkbit for imported data.\n");
/// What the name of a folder begins with in which data are written before they take the folder's name,
/// and the file in it that names that folder.
const ASIDE: (&str, &str) = (".inkbit-import-", "folder.txt");
/// The folders in it: one with the new data, one with the data that they replace.
const PARTS: (&str, &str) = ("new", "old");
/// The tables of [`MARK`]: digests of the files, and of the images.
const DIGESTS: (&str, &str) = ("files", "digest");

/// A folder that data cannot be written into.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    #[error("{} is not empty; nothing was written: give another folder{}", visible::path(path),
            if *is_ours { ", or replace what `data import` wrote there by --force" } else { "" })]
    NotEmpty { path: PathBuf, is_ours: bool },
    #[error(
        "{} has {}, which `data import` did not write; nothing was replaced: move it away, or give \
         another folder",
        visible::path(path),
        visible::line(name)
    )]
    Foreign { path: PathBuf, name: String },
    #[error(
        "{} is the folder that this command runs in, and is replaced as a whole; nothing was written: \
         give another, such as one in it",
        visible::path(.0)
    )]
    Current(PathBuf),
    #[error(
        "{} is not as `data import` wrote it; nothing was replaced: move it away, or give another \
         folder",
        visible::path(.0)
    )]
    Changed(PathBuf),
    #[error(
        "the data have no images to {0} on, and IDX files need one: give a --split from 0 to 1"
    )]
    NoImages(&'static str),
}

/// Refuses a folder that is there and not empty, unless `force` and it has nothing but what
/// [`write()`] writes. Returns whether there is such a folder.
///
/// # Errors
///
/// [`ImportError`].
pub fn check(folder: &Path, force: bool) -> Result<bool, ImportError> {
    refuse_link(folder, "a folder")?;
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(FileError::at("read", folder)(error).into()),
        Ok(_) => {}
    }
    // Whoever stands in it would stand in a folder that is gone.
    if files::is_same(folder, Path::new(".")) {
        return Err(ImportError::Current(folder.to_owned()));
    }
    let names = files::list(folder)?;
    if names.is_empty() {
        return Ok(true);
    }
    let about = about(folder);
    let Some(about) = about.as_ref().filter(|_| force) else {
        return Err(ImportError::NotEmpty { path: folder.to_owned(), is_ours: about.is_some() });
    };
    for path in names {
        let name = name(&path).into_owned();
        if name == MARK.0 {
            continue;
        }
        // Whatever else the file lists, it was not written by an import.
        let is_own = FILES.iter().any(|file| file.name('-') == name) || name == LABELS;
        let files = about.get(DIGESTS.0).filter(|_| is_own);
        let written = files.and_then(|files| files.get(&name)?.as_str());
        let Some(written) = written else {
            return Err(ImportError::Foreign { path: folder.to_owned(), name });
        };
        let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
        if !is_file || file_digest(&path).map_err(FileError::at("read", &path))? != written {
            return Err(ImportError::Changed(path));
        }
    }
    Ok(true)
}

/// What is known of the data in a folder, if `data import` wrote it.
fn about(folder: &Path) -> Option<toml::Table> {
    let text = String::from_utf8(limit::read(&folder.join(MARK.0), limit::TEXT).ok()?).ok()?;
    text.starts_with(MARK.1).then(|| text.parse().ok()).flatten()
}

/// The [digest](Dataset::digest) of the data that `data import` wrote into a folder; none if it did not.
/// If the folder holds other images, an import is replacing them, or a user has changed them.
pub(super) fn digest(folder: &Path) -> Option<String> {
    Some(about(folder)?.get(DIGESTS.1)?.as_str()?.to_owned())
}

fn file_digest(path: &Path) -> io::Result<String> {
    let (mut file, mut hash) = (fs::File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Writes data into a folder that [`check`] allows: whole or not at all, for the files are written
/// into a folder beside it that then takes its name and permissions. `about` says where they are from.
/// Data that a killed import had moved aside get their name again. What else it left stays, for it may be a
/// user's by now.
///
/// # Errors
///
/// [`ImportError`].
pub fn write(
    folder: &Path,
    data: &Dataset,
    mut about: toml::Table,
    force: bool,
) -> Result<(), ImportError> {
    for (part, images) in [("train", &data.train), ("test", &data.test)] {
        if images.is_empty() {
            return Err(ImportError::NoImages(part));
        }
    }
    check(folder, force)?;
    let failed = || FileError::at("write", folder);
    let place = place(folder)?;
    let (around, name) = (folder_of(&place), place.file_name().unwrap_or_default());
    put_back(around);
    let check = |path: &Path| check(path, force);
    // What is made in it has the permissions of any folder, unlike itself.
    let mut aside = Aside::new(around).map_err(failed())?;
    // Of what a process is at work with, nothing is put back.
    let _lock = Lock::wait(&aside.path)?;
    let target = [MARK.1.as_bytes(), name.as_encoded_bytes()].concat();
    files::write(&aside.path.join(ASIDE.1), &target)?;
    let (new, old) = (aside.path.join(PARTS.0), aside.path.join(PARTS.1));
    files::create_folder(&new)?;
    let mut digests = toml::Table::new();
    let mut save = |name: &str, content: &[u8]| {
        digests.insert(name.to_owned(), hex(&Sha256::digest(content)).into());
        files::write(&new.join(name), content)
    };
    let parts = [&data.train, &data.train, &data.test, &data.test];
    for (file, images) in FILES.iter().zip(parts) {
        let content = match file.kind.dimensions() {
            3 => pixels(images),
            _ => [&header(0x801, &[images.len()])[..], &images.labels].concat(),
        };
        save(&file.name('-'), &content)?;
    }
    save(LABELS, (data.classes.join("\n") + "\n").as_bytes())?;
    about.insert(DIGESTS.1.to_owned(), hex(&data.digest()).into());
    about.insert(DIGESTS.0.to_owned(), digests.into());
    files::write(&new.join(MARK.0), [MARK.1, &about.to_string()].concat().as_bytes())?;
    // Asked again: what has come meanwhile stays.
    let is_there = check(&place)?;
    if is_there {
        let permissions = fs::metadata(&place).map_err(failed())?.permissions();
        fs::set_permissions(&new, permissions).map_err(failed())?;
        fs::rename(&place, &old).map_err(failed())?;
    }
    // Nothing may go with the old files that came between the question and the move.
    let moved = match is_there && check(&old).is_err() {
        true => Err(ErrorKind::DirectoryNotEmpty.into()),
        false => fs::rename(&new, &place),
    };
    if let Err(error) = moved {
        if is_there && fs::rename(&old, &place).is_err() {
            // The folder beside keeps them.
            aside.is_kept = true;
        }
        return Err(failed()(error).into());
    }
    Ok(())
}

/// A folder that this process has made, in which data are written before they take their name, removed when
/// this is dropped.
struct Aside {
    path: PathBuf,
    is_kept: bool,
}

impl Aside {
    fn new(around: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(ASIDE.0).tempdir_in(around)?;
        Ok(Self { path: folder.keep(), is_kept: false })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed does no harm.
            let _ = clear(&self.path);
        }
    }
}

/// Removes such a folder. What no import has written stays, and the folder with it.
fn clear(aside: &Path) -> io::Result<()> {
    for part in [PARTS.0, PARTS.1] {
        let is_data = |name: &str| {
            name == MARK.0 || name == LABELS || FILES.iter().any(|file| file.name('-') == name)
        };
        remove(&aside.join(part), &is_data)?;
    }
    remove(aside, &|name| [ASIDE.1, LOCK].contains(&name))
}

/// Removes the files of these names in a folder, and the folder if it is empty then.
fn remove(folder: &Path, is_own: &dyn Fn(&str) -> bool) -> io::Result<()> {
    // Nothing behind a link.
    if fs::symlink_metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(ErrorKind::NotADirectory.into());
    }
    let paths = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
    };
    for path in paths.iter().filter(|path| is_own(&name(path))) {
        fs::remove_file(path)?;
    }
    fs::remove_dir(folder)
}

fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// A folder's own path, which does not lead through the folder itself; what is around it is created.
fn place(folder: &Path) -> Result<PathBuf, FileError> {
    if let Ok(place) = fs::canonicalize(folder) {
        return Ok(place);
    }
    let around = folder_of(folder);
    files::create_folder(around)?;
    let around = fs::canonicalize(around).map_err(FileError::at("write", folder))?;
    match folder.file_name() {
        Some(name) => Ok(around.join(name)),
        None => Err(FileError::at("write", folder)(ErrorKind::InvalidInput.into())),
    }
}

/// Gives data that a killed import had moved aside in a folder their name again. Nothing is removed, and what
/// fails stays as it is: the next import comes by.
fn put_back(around: &Path) {
    for path in files::list(around).unwrap_or_default() {
        let old = path.join(PARTS.1);
        let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if !name(&path).starts_with(ASIDE.0) || !is_folder(&path) || !is_folder(&old) {
            continue;
        }
        let target = limit::read(&path.join(ASIDE.1), limit::TEXT).unwrap_or_default();
        let Some(name) = target.strip_prefix(MARK.1.as_bytes()) else { continue };
        // One that is at work holds the lock.
        let Ok(Some(_lock)) = Lock::try_take(&path) else { continue };
        // A name is a single part of a path, whatever the file says.
        let name = String::from_utf8_lossy(name).into_owned();
        let is_name = Path::new(&name).file_name() == Some(OsStr::new(&name));
        let to = around.join(&name);
        // What no import has written, or somebody has changed, gets no name.
        if is_name && fs::symlink_metadata(&to).is_err() && check(&old, true).is_ok() {
            let _ = fs::rename(&old, &to);
        }
    }
}

fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let sizes = sizes.iter().map(|&size| size as u32);
    std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes).collect()
}

fn pixels(images: &Images) -> Vec<u8> {
    let [width, height] = images.shape.size();
    let header = header(0x803, &[images.len(), height, width]);
    [&header[..], &images.pixels].concat()
}
