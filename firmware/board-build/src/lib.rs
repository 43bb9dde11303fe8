//! What the boards' build scripts do: they write the linker's memory map and the firmware's constants
//! from the board's file, so that these cannot disagree.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use inkbit_boards::{Board, Memory, Region};

/// The linker's scripts for cortex-m-rt, and for riscv-rt.
const LINKER_SCRIPTS: [&[&str]; 2] = [&["link.x"], &["memory.x", "link.x"]];

/// Builds for the board that the package's folder is named after; see [`build_for`].
///
/// # Errors
///
/// As there.
pub fn build() -> Result<(), Box<dyn Error>> {
    build_with_chip()?;
    name_no_interrupts()
}

/// The same for a firmware with `vectors: chip`.
///
/// # Errors
///
/// As of [`build_for`].
pub fn build_with_chip() -> Result<(), Box<dyn Error>> {
    let package = env::var("CARGO_MANIFEST_DIR")?;
    write(Path::new(&format!("{package}.toml")))
}

/// Writes `memory.x` and `board.rs` to the build script's output folder, and tells the linker to use
/// the scripts of the target's runtime. `file` is the board's.
///
/// # Errors
///
/// If the file cannot be read or is not a board's, or if an output cannot be written.
pub fn build_for(file: &Path) -> Result<(), Box<dyn Error>> {
    write(file)?;
    name_no_interrupts()
}

/// Writes the file by which cortex-m-rt asks for the names of interrupts.
fn name_no_interrupts() -> Result<(), Box<dyn Error>> {
    Ok(fs::write(out()?.join("device.x"), "")?)
}

fn out() -> Result<PathBuf, Box<dyn Error>> {
    Ok(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run this from cargo")?.into())
}

fn write(file: &Path) -> Result<(), Box<dyn Error>> {
    let target = env::var("TARGET")?;
    println!("cargo:rerun-if-changed={}", file.display());
    let Board { name, clock, memory, limits, .. } = Board::read(file)?;
    let journal = memory.journal();
    let out = out()?;

    // Where the model begins.
    fs::write(out.join("memory.x"), memory.linker_map(&target, memory.model.address))?;
    let Memory { model, second, sector, .. } = memory;
    println!("cargo:rustc-link-search={}", out.display());
    for script in LINKER_SCRIPTS[usize::from(target.starts_with("riscv"))] {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
    // Without this the linker pads the image to pages of 4 KiB.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    // Functions that came out alike are kept once.
    println!("cargo:rustc-link-arg-bins=--icf=all");

    let Region { address, bytes } = model;
    let clock = clock.unwrap_or(1_000_000_000);
    let cycle = (1_000_000_000 + clock / 2) / clock;
    let slots = match (second, journal) {
        (Some(second), Some(journal)) => format!(
            "const SLOTS: inkbit_app::Slots = inkbit_app::Slots {{
                models: [{address}, {}],
                bytes: {bytes},
                journal: {journal:?},
                sector: {},
            }};",
            second.address,
            sector.unwrap_or_default()
        ),
        _ => String::new(),
    };
    let constants = format!(
        "/// What the app has to know about its board.
        fn board() -> inkbit_app::Board {{
            inkbit_app::Board {{
                name: {name:?},
                model_address: {address},
                model_bytes: {bytes},
                stack: inkbit_arch::stack::used,
                reset: inkbit_arch::reset::last(),
                boot_loader: None,
            }}
        }}
        {slots}
        const CELLS: usize = {};
        /// Nanoseconds that a cycle of the core takes, to the nearest. Boards with a timer of their own do not ask.
        #[allow(dead_code)]
        const NANOSECONDS_PER_CYCLE: u32 = {cycle};",
        limits.cells
    );
    fs::write(out.join("board.rs"), constants)?;
    Ok(())
}
