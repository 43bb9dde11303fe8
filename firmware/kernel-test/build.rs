//! The memory map of the board that INKBIT_BOARD names.

use std::env;
use std::path::Path;

use inkbit_board_build::{CORTEX_M_RT, RISCV_RT};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-env-changed=INKBIT_BOARD");
    let board = env::var("INKBIT_BOARD").map_err(
        |_| "set INKBIT_BOARD to a board of firmware/boards; `cargo xtask kernels` does",
    )?;
    let riscv = env::var("TARGET").is_ok_and(|target| target.starts_with("riscv"));
    let (scripts, aliases) = if riscv { RISCV_RT } else { CORTEX_M_RT };
    let file = format!("../boards/{board}.toml");
    inkbit_board_build::build_for(Path::new(&file), scripts, aliases)
}
