//! Executes a notebook from top to bottom and stores the outputs of its cells.
//!
//! `cargo xtask notebook` runs it. It needs neither Python nor Jupyter: evcxr, the Rust kernel of
//! Jupyter, is also a library. The notebook is written only if no cell fails.

mod kernel;
mod notebook;
mod picture;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};

use kernel::Kernel;
use notebook::Notebook;
use picture::Rasterizer;

fn main() -> ExitCode {
    // evcxr starts this program again as the process in which the cells run.
    evcxr::runtime_hook();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [path] = arguments.as_slice() else {
        eprintln!("usage: inkbit-notebook NOTEBOOK.ipynb");
        return ExitCode::from(2);
    };
    match execute(Path::new(path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(path: &Path) -> Result<()> {
    let path: PathBuf = path.canonicalize().with_context(|| path.display().to_string())?;
    let mut notebook = Notebook::load(&path)?;
    let rasterizer = Rasterizer::new()?;
    // Jupyter's working folder, for relative paths in the notebook.
    std::env::set_current_dir(path.parent().context("a file is in a folder")?)?;
    let mut kernel = Kernel::start()?;
    eprintln!("the first cell builds what the notebook depends on, which may take minutes");
    let cells = notebook.code_cells().count();
    let start = Instant::now();
    for (index, mut cell) in notebook.code_cells().enumerate() {
        let cell_start = Instant::now();
        let number = index + 1;
        let output = kernel
            .execute(&cell.code())
            .with_context(|| format!("cell {number} of {cells}, `{}`", cell.id()))?;
        cell.store(number, &output, &rasterizer)?;
        let seconds = cell_start.elapsed().as_secs_f64();
        eprintln!("cell {number:2} of {cells}  {:12} {seconds:6.1} s", cell.id());
    }
    notebook.seal();
    notebook.save(&path)?;
    eprintln!("{} is executed and stored, {:.0} s", path.display(), start.elapsed().as_secs_f64());
    Ok(())
}
