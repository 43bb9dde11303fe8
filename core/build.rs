//! Chooses the kernel for the target: `cfg(inkbit_kernel = "…")`, named after its file in
//! `src/kernel`.

use std::env;

const KERNELS: [&str; 6] = ["portable", "thumbv6m", "thumbv7m", "riscv32", "x86_64", "aarch64"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(inkbit_kernel, values(\"{}\"))", KERNELS.join("\", \""));
    // Cargo tells every build script the target.
    let target = env::var("TARGET").unwrap_or_default();
    let kernel = match target.split('-').next() {
        _ if env::var_os("CARGO_FEATURE_PORTABLE").is_some() => "portable",
        Some("thumbv7m" | "thumbv7em" | "thumbv8m.main") => "thumbv7m",
        Some("thumbv6m") => "thumbv6m",
        // With multiplication.
        Some(riscv) if riscv.starts_with("riscv32im") => "riscv32",
        // It asks the processor what it has, which the standard library knows how to do.
        Some("x86_64") if env::var_os("CARGO_FEATURE_STD").is_some() => "x86_64",
        // All but those without floating point have NEON.
        Some("aarch64") if has_feature("neon") => "aarch64",
        _ => "portable",
    };
    println!("cargo:rustc-cfg=inkbit_kernel=\"{kernel}\"");
}

/// Whether all processors of the target have a feature.
fn has_feature(name: &str) -> bool {
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    features.split(',').any(|feature| feature == name)
}
