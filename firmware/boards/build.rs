//! Lists the boards: each TOML file of this folder is one.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::var("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed={folder}");
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<Result<Vec<PathBuf>, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.retain(|file| !file.ends_with("Cargo.toml"));
    // Not by the whole name, in which a board's own would come after a longer one that begins with it.
    files.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
    let entry = |file: &PathBuf| {
        let file = file.to_string_lossy();
        format!("({file:?}, include_str!({file:?}))")
    };
    let entries: Vec<String> = files.iter().map(entry).collect();
    let list = PathBuf::from(env::var("OUT_DIR")?).join("boards.rs");
    fs::write(list, format!("&[{}]", entries.join(", ")))?;
    Ok(())
}
