//! Generates what the library includes: the list of the reference models, and the lesson as a
//! chapter.
#![allow(clippy::disallowed_methods, reason = "it reads files of the repository")]

mod lesson;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    // Set by cargo-fuzz and `cargo xtask trust`.
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("reference_models.rs"), models(&package.join("models"))?)?;
    fs::write(out.join("lesson.md"), lesson::chapter(&package.join("notebooks/lesson.ipynb"))?)?;
    Ok(())
}

/// The models of a folder as an array of byte slices, in Rust.
fn models(folder: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files = paths.collect::<Result<Vec<PathBuf>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "inkbit"));
    files.sort();
    let blobs: Vec<String> =
        files.iter().map(|file| format!("include_bytes!({:?})", file.to_string_lossy())).collect();
    Ok(format!("&[{}]", blobs.join(", ")))
}
