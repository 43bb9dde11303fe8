//! Chooses the kernel for the target: `cfg(inkbit_kernel = "…")`, named after its folder or file in
//! `src/kernel`.

use std::env;

const KERNELS: [&str; 4] = ["portable", "thumbv6m", "thumbv7m", "riscv32"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(inkbit_kernel, values(\"{}\"))", KERNELS.join("\", \""));
    println!("cargo:rustc-check-cfg=cfg(inkbit_lanes32, inkbit_portable)");
    // Cargo tells every build script the target and its cfgs.
    let target = env::var("TARGET").unwrap_or_default();
    let kernel = match target.split('-').next() {
        _ if env::var_os("CARGO_CFG_INKBIT_PORTABLE").is_some() => "portable",
        Some("thumbv7m" | "thumbv7em" | "thumbv8m.main") => "thumbv7m",
        Some("thumbv6m") => "thumbv6m",
        // With multiplication.
        Some(riscv) if riscv.starts_with("riscv32im") => "riscv32",
        _ => "portable",
    };
    println!("cargo:rustc-cfg=inkbit_kernel=\"{kernel}\"");
}
