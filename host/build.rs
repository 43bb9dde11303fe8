//! Lists the reference models, which are built in: whatever lies in `firmware/models`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../firmware/models");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "inkbit"));
    files.sort();
    let blobs: Vec<String> =
        files.iter().map(|file| format!("include_bytes!({:?})", file.to_string_lossy())).collect();
    let out = Path::new(&env::var("OUT_DIR")?).join("reference_models.rs");
    Ok(fs::write(out, format!("&[{}]", blobs.join(", ")))?)
}
