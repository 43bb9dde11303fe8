//! Writing a data set as four IDX files and the labels of its classes, into a folder of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::archive::LABELS;
use super::folder::FILES;
use super::{Dataset, Images};
use crate::support::files::{self, FileError, folder_of};
use crate::support::limit;
use crate::support::replace::{ReplaceError, refuse_link};
use crate::support::visible;

/// The file by which such a folder is known, and its first line.
const MARK: (&str, &str) = ("import.toml", "# Written by Inkbit for imported data.\n");

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
    let names = files::list(folder)?;
    if names.is_empty() {
        return Ok(true);
    }
    let mark = limit::start(&folder.join(MARK.0), MARK.1.len() as u64).unwrap_or_default();
    let is_ours = mark == MARK.1.as_bytes();
    if !(force && is_ours) {
        return Err(ImportError::NotEmpty { path: folder.to_owned(), is_ours });
    }
    let known = FILES.map(|file| file.name('-'));
    for path in names {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !(known.contains(&name) || name == MARK.0 || name == LABELS) {
            return Err(ImportError::Foreign { path: folder.to_owned(), name });
        }
    }
    Ok(true)
}

/// Writes data into a folder that [`check`] allows: whole or not at all, for the files are written
/// into a folder beside it that then takes its name. `about` is TOML that says where they are from.
///
/// # Errors
///
/// [`ImportError`].
pub fn write(folder: &Path, data: &Dataset, about: &str, force: bool) -> Result<(), ImportError> {
    for (part, images) in [("train", &data.train), ("test", &data.test)] {
        if images.is_empty() {
            return Err(ImportError::NoImages(part));
        }
    }
    check(folder, force)?;
    let around = folder_of(folder);
    files::create_folder(around)?;
    let failed = || FileError::at("write", folder);
    // What is made in it has the permissions of any folder, unlike itself.
    let aside = tempfile::Builder::new().prefix(".inkbit-import-").tempdir_in(around);
    let aside = aside.map_err(failed())?;
    let (new, old) = (aside.path().join("new"), aside.path().join("old"));
    files::create_folder(&new)?;
    let parts = [&data.train, &data.train, &data.test, &data.test];
    for (file, images) in FILES.iter().zip(parts) {
        let content = match file.kind.dimensions() {
            3 => pixels(images),
            _ => [&header(0x801, &[images.len()])[..], &images.labels].concat(),
        };
        files::write(&new.join(file.name('-')), &content)?;
    }
    files::write(&new.join(LABELS), (data.classes.join("\n") + "\n").as_bytes())?;
    files::write(&new.join(MARK.0), [MARK.1, about].concat().as_bytes())?;
    // Asked again: what has come meanwhile stays.
    let is_there = check(folder, force)?;
    if is_there {
        fs::rename(folder, &old).map_err(failed())?;
    }
    // Nothing may go with the old files that came between the question and the move.
    let moved = match is_there && check(&old, force).is_err() {
        true => Err(ErrorKind::DirectoryNotEmpty.into()),
        false => fs::rename(&new, folder),
    };
    if let Err(error) = moved {
        if is_there && fs::rename(&old, folder).is_err() {
            // The folder beside keeps them.
            let _ = aside.keep();
        }
        return Err(failed()(error).into());
    }
    Ok(())
}

fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let sizes = sizes.iter().map(|&size| size as u32);
    std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes).collect()
}

fn pixels(images: &Images) -> Vec<u8> {
    let header = header(0x803, &[images.len(), images.side, images.side]);
    [&header[..], &images.pixels].concat()
}
