//! The memory map of the board that INKBIT_BOARD names, without the ends of RAM.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use inkbit_boards::{Board, Memory};

/// Bytes of an end of RAM, which is kept for buffers: a model's data, or all the others.
const EDGE: u64 = 5120;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=INKBIT_BOARD");
    let board = env::var("INKBIT_BOARD").map_err(
        |_| "set INKBIT_BOARD to a board of firmware/boards; `cargo xtask kernels` does",
    )?;
    let target = env::var("TARGET")?;
    println!("cargo:rustc-check-cfg=cfg(inkbit_mpu)");
    if target.starts_with("thumbv7") {
        println!("cargo:rustc-cfg=inkbit_mpu");
    }
    let file = format!("../boards/{board}.toml");
    inkbit_board_build::build_for(Path::new(&file))?;

    let Board { memory: Memory { ram, .. }, .. } = Board::read(Path::new(&file))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let (start, bytes) = (ram.address, ram.bytes);
    let whole = format!("RAM : ORIGIN = {start:#x}, LENGTH = {bytes:#x}");
    let inner = format!(
        "RAM : ORIGIN = {:#x}, LENGTH = {:#x}",
        u64::from(start) + EDGE,
        u64::from(bytes) - 2 * EDGE
    );
    let map = fs::read_to_string(out.join("memory.x"))?;
    let (before, after) = map.split_once(&whole).ok_or("the memory map has no such RAM")?;
    fs::write(out.join("memory.x"), format!("{before}{inner}{after}"))?;
    // The AN505 image has another RAM behind that of the board's file.
    let more = if board == "mps2-an505" { 0x20_0000 } else { 0 };
    let constants = format!(
        "const EDGE: usize = {EDGE};
        const START: usize = {start};
        const END: usize = {};",
        u64::from(start) + u64::from(bytes) + more
    );
    fs::write(out.join("edges.rs"), constants)?;
    Ok(())
}
