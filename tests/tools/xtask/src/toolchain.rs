//! The compiler for bare metal: the one that runs this program, or the distribution's with its
//! sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, cargo};

/// Targets that `core` is proven to build for.
pub(crate) const CORE_TARGETS: &[&str] = &[
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "riscv32imc-unknown-none-elf",
    "wasm32-unknown-unknown",
];

/// Targets that only the firmware's boards add.
pub(crate) const BOARD_TARGETS: &[&str] = &["thumbv8m.main-none-eabihf"];

/// AArch64 with an operating system, and a C library that Rust brings along.
pub(crate) const AARCH64: &str = "aarch64-unknown-linux-musl";

/// Runs its programs on other processors.
pub(crate) const AARCH64_EMULATOR: &str = "qemu-aarch64";

/// The linker of the distribution's compiler for bare metal.
pub(crate) const DEBIAN_LINKER: &str = "ld.lld-19";

/// A compiler for bare metal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The compiler that runs this program, with the targets' libraries, as `rustup target add`
    /// installs them.
    Own,
    /// Debian's `rustc-web` under /usr, which builds the library `core` from its sources.
    Debian,
}

impl Toolchain {
    /// A build for a target, with a profile of its workspace.
    ///
    /// The distribution's compiler has no compiled libraries for bare metal; the flag that builds
    /// them from source is a nightly one, which RUSTC_BOOTSTRAP allows.
    pub(crate) fn build(&self, target: &str, profile: &str) -> Command {
        let arguments = ["build", "--profile", profile, "--target", target];
        match self {
            Self::Own => cargo(&arguments),
            Self::Debian => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .current_dir(process::root())
                    .args(arguments)
                    .args(["--locked", "-Zbuild-std=core"]);
                // Set by the cargo that runs this program, for another compiler.
                for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
                    command.env_remove(name);
                }
                command.env("PATH", prepend_to_path(Path::new("/usr/bin")));
                command.env("RUSTC_BOOTSTRAP", "1");
                command.env(format!("CARGO_TARGET_{}_LINKER", in_variable(target)), DEBIAN_LINKER);
                command
            }
        }
    }
}

/// Targets of `wanted` whose libraries the compiler that runs this program lacks.
pub(crate) fn missing_targets(wanted: &[&'static str]) -> Vec<&'static str> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let has = |target: &str| {
        process::output(&rustc, &["--print", "target-libdir", "--target", target])
            .and_then(|folder| std::fs::read_dir(folder).ok())
            .is_some_and(|files| {
                files
                    .flatten()
                    .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
            })
    };
    wanted.iter().copied().filter(|target| !has(target)).collect()
}

/// Whether the distribution's compiler, the sources of its library and a linker are installed.
pub(crate) fn debian_is_complete() -> bool {
    let sources = process::output("/usr/bin/rustc", &["--print", "sysroot"])
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock"));
    process::output("/usr/bin/cargo", &["--version"]).is_some()
        && sources.is_some_and(|file| file.exists())
        && find_program(DEBIAN_LINKER).is_some()
}

pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn prepend_to_path(folder: &Path) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned()].into_iter().chain(std::env::split_paths(&rest));
    std::env::join_paths(folders).unwrap_or(rest)
}

/// A target's name within the name of an environment variable, as cargo spells it.
fn in_variable(target: &str) -> String {
    target.to_uppercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_reads_the_linker_from_the_targets_variable() {
        let command = Toolchain::Debian.build("thumbv8m.main-none-eabihf", "release");
        let name = "CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_LINKER";
        assert!(command.get_envs().any(|(n, value)| n == name && value.is_some()));
    }
}
