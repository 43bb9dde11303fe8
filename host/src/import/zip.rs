//! Files in a ZIP that lies in memory.

use std::io::ErrorKind;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use super::budget::Budget;
use super::fault::{Fault, damaged, refused};
use crate::support::limit;

/// How such a file begins.
pub const MAGIC: &[u8] = b"PK\x03\x04";

/// The most entries that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// A ZIP, whose entries have been listed.
pub struct Zip<'a> {
    archive: ZipSliceArchive<&'a [u8]>,
    entries: Vec<Entry>,
    budget: &'a Budget,
}

struct Entry {
    name: String,
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

impl<'a> Zip<'a> {
    /// Lists a ZIP, of which no more will be unpacked than the budget has.
    pub fn new(bytes: &'a [u8], budget: &'a Budget) -> Result<Self, Fault> {
        let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
        let mut entries = Vec::new();
        for record in archive.entries() {
            let record = record.map_err(damaged)?;
            if entries.len() == MAX_ENTRIES {
                return Err(refused(format!(
                    "it is a ZIP of over {MAX_ENTRIES} files; give the file of a trained network"
                )));
            }
            entries.push(Entry {
                name: String::from_utf8_lossy(record.file_path().as_bytes()).into_owned(),
                place: record.wayfinder(),
                method: record.compression_method(),
                is_encrypted: record.flags().is_encrypted(),
            });
        }
        Ok(Self { archive, entries, budget })
    }

    /// What reading the file may still take.
    pub fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// The names of its entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Unpacks the entry of a name, which may have at most `most` bytes.
    pub fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, Fault> {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| damaged(format!("the ZIP has no file `{name}`")))?;
        if entry.is_encrypted {
            return Err(refused(format!(
                "`{name}` in it is encrypted; save it without a password"
            )));
        }
        let found = self.archive.get_entry(entry.place).map_err(damaged)?;
        let most = most.min(self.budget.left() as u64);
        let bytes = match entry.method {
            CompressionMethod::STORE => limit::all(found.verifying_reader(found.data()), most),
            CompressionMethod::DEFLATE => {
                limit::all(found.verifying_reader(DeflateDecoder::new(found.data())), most)
            }
            method => {
                return Err(refused(format!(
                    "`{name}` in it is packed by the method {method}, expected stored or deflated; save \
                     it again"
                )));
            }
        };
        let bytes = bytes.map_err(|error| match error.kind() {
            ErrorKind::FileTooLarge => refused(format!("`{name}` in it: {error}")),
            _ => damaged(format!("`{name}` in it: {error}")),
        })?;
        self.budget.take(name, Some(bytes.len()))?;
        Ok(bytes)
    }
}
