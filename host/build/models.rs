//! Lists the reference models, which are built in: whatever lies in `host/models`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// The models of a folder as an array of byte slices, in Rust.
pub(crate) fn list(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "inkbit"));
    files.sort();
    let blobs: Vec<String> =
        files.iter().map(|file| format!("include_bytes!({:?})", file.to_string_lossy())).collect();
    Ok(format!("&[{}]", blobs.join(", ")))
}
