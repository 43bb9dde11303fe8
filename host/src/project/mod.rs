//! A firmware project of one's own: a program with a model in it, and what proves its bits in an emulator.

mod port;
mod templates;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::device::Board;
use crate::model::Blob;
use crate::support::files::{self, FileError};
use crate::support::visible;

/// What a project is made of.
#[derive(Clone, Debug)]
pub struct Project<'a> {
    /// Its name, of which [`check_name`] approves.
    pub name: &'a str,
    /// Its model.
    pub blob: &'a Blob,
    /// The board that it is for; else it is for `machine` alone.
    pub board: Option<&'a Board>,
    /// The machine in QEMU that its bits are proven in.
    pub machine: &'a Board,
    /// The folder of inkbit-core, if it is not the published crate.
    pub core: Option<&'a Path>,
}

/// A project that cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum ProjectError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{} is there already, and nothing in it is replaced: give another name, or move it away",
        visible::path(.0)
    )]
    Exists(PathBuf),
    #[error(
        "`{}` is no name for a program: expected letters, digits, - and _, beginning with a letter",
        visible::line(name)
    )]
    Name { name: String },
    #[error(
        "there is no project for the board {board}, whose flash begins with more than a program: take \
         --target {target}, and put the addresses of the board's memory into memory/board.x"
    )]
    Boot { board: String, target: String },
    #[error(
        "no program is written for the serial port of QEMU's machine {machine}: take another --target"
    )]
    Port { machine: String },
    #[error(
        "the path {} has characters that a Cargo.toml cannot show: move inkbit-core to another folder",
        visible::path(.0)
    )]
    Core(PathBuf),
    #[error(transparent)]
    Model(#[from] inkbit_core::ModelError),
}

/// Names that cargo or Windows takes for something else, those of a project's dependencies, and words of
/// Rust's.
const TAKEN: [&str; 3] = [
    "core std alloc test proc-macro build deps examples incremental con prn aux nul",
    "inkbit-core semihosting cortex-m-rt riscv-rt rp2040-boot2",
    "abstract as async await become box break const continue crate do dyn else enum extern false final \
     fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static \
     struct super trait true try type typeof unsafe unsized use virtual where while yield",
];

/// Refuses a name that a package cannot have.
///
/// # Errors
///
/// [`ProjectError::Name`].
pub fn check_name(name: &str) -> Result<(), ProjectError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(is_plain);
    let is_taken = TAKEN.iter().any(|taken| taken.split(' ').any(|taken| taken == name));
    match is_name && !is_taken && name.len() <= 64 {
        true => Ok(()),
        false => Err(ProjectError::Name { name: name.to_owned() }),
    }
}

impl Project<'_> {
    /// Writes it into a folder that is not there yet: whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ProjectError`].
    pub fn write(&self, folder: &Path) -> Result<(), ProjectError> {
        let content = templates::files(self)?;
        let around = files::folder_of(folder);
        let failed = || FileError::at("write", folder);
        if fs::symlink_metadata(folder).is_ok() {
            return Err(ProjectError::Exists(folder.to_owned()));
        }
        files::create_folder(around)?;
        // What is written beside it takes its name in one step.
        let aside = tempfile::Builder::new().prefix(".inkbit-new-").tempdir_in(around);
        let aside = aside.map_err(failed())?;
        let new = aside.path().join("project");
        for (name, content) in content {
            let path = new.join(name);
            files::create_folder(files::folder_of(&path))?;
            files::write(&path, &content)?;
        }
        fs::rename(&new, folder).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
                ProjectError::Exists(folder.to_owned())
            }
            _ => failed()(error).into(),
        })
    }

    /// The command that proves its bits, typed in its folder.
    pub fn verify_command(&self) -> Result<String, ProjectError> {
        templates::verify_command(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_package_can_have() {
        for name in ["digits", "my-firmware_2"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "2digits", "-x", "a b", "ä", "core", "a/b", "x\u{202e}"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
