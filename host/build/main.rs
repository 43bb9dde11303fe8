//! Prepares what the library includes: the reference models, and the lesson as a chapter.

mod lesson;
mod models;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("reference_models.rs"), models::list(&package.join("models"))?)?;
    fs::write(out.join("lesson.md"), lesson::chapter(&package.join("notebooks/lesson.ipynb"))?)?;
    Ok(())
}
