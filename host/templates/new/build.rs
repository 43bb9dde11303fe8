//! Tells the linker where memory lies: the board's, or with the feature `verify` that of QEMU's machine.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let is_verified = env::var_os("CARGO_FEATURE_VERIFY").is_some();
    let map = if is_verified { "memory/verify.x" } else { "memory/board.x" };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    fs::copy(map, out.join("memory.x")).expect("the map can be copied");
    println!("cargo:rerun-if-changed=memory");
    println!("cargo:rustc-link-search={}", out.display());
    for argument in [@ARGUMENTS@] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
