//! Files in a ZIP that lies in memory.

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

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
    /// Bytes that may still be unpacked, of all entries together.
    left: u64,
}

struct Entry {
    name: String,
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

impl<'a> Zip<'a> {
    /// Lists a ZIP, of which at most `most` bytes will be unpacked.
    pub fn new(bytes: &'a [u8], most: u64) -> Result<Self, Fault> {
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
        Ok(Self { archive, entries, left: most })
    }

    /// The names of its entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Unpacks the entry of a name, which may have at most `most` bytes.
    pub fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>, Fault> {
        let entry = self.entries.iter().find(|entry| entry.name == name);
        let entry = entry.ok_or_else(|| damaged(format!("the ZIP has no file `{name}`")))?;
        if entry.is_encrypted {
            return Err(refused(format!(
                "`{name}` in it is encrypted; save it without a password"
            )));
        }
        let found = self.archive.get_entry(entry.place).map_err(damaged)?;
        let most = most.min(self.left);
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
        let bytes = bytes.map_err(|error| damaged(format!("`{name}` in it: {error}")))?;
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }
}
