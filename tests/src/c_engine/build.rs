//! Programs in C with one of the engines, by one of the compilers.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The sources that `inkbit export --c` writes, as they are.
pub const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/templates/c");

/// Programs that tests compile.
pub const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/c");

/// Every warning is an error.
pub const WARNINGS: &[&str] = &[
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-pedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wcast-qual",
    "-Wstrict-prototypes",
    "-Werror",
];

const SANITIZERS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// In place of those, for a compiler that comes without their library.
const TRAPS: &[&str] = &["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"];

/// The folder with the header of the static library.
pub const LIBRARY_HEADERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware/c/include");

/// The file of the static library, in a target's folder of cargo's.
pub const LIBRARY: &str = "release/libinkbit_c.a";

/// Where the firmware is built.
const FIRMWARE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware");

/// Which engine a program is linked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// That in C, which is compiled with the program.
    C,
    /// Core, in the static library.
    Core,
}

/// An engine and a compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The engine.
    pub source: Source,
    /// The compiler's name.
    pub compiler: &'static str,
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = if self.source == Source::C { "the engine in C" } else { "core's library" };
        write!(f, "{engine} by {}", self.compiler)
    }
}

/// What can be built here.
///
/// # Panics
///
/// If something is missing and `INKBIT_REQUIRE_C` is set.
pub(super) fn all() -> Vec<Build> {
    let missing = |what: &str, why: &str| {
        assert!(env::var_os("INKBIT_REQUIRE_C").is_none(), "{what}: {why}");
        crate::skipped(what, why);
        false
    };
    let is_installed = |compiler: &&str| {
        Command::new(compiler).arg("--version").output().is_ok()
            || missing(&format!("engines for C by {compiler}"), "it is not installed")
    };
    let compilers: Vec<_> = ["gcc", "clang"].into_iter().filter(is_installed).collect();
    let mut sources = vec![Source::C];
    match build_library() {
        Ok(()) => sources.push(Source::Core),
        Err(reason) => _ = missing("core's library for C", &reason),
    }
    let build = |source| compilers.iter().map(move |&compiler| Build { source, compiler });
    sources.into_iter().flat_map(build).collect()
}

/// Builds the static library for this machine, so that no test meets an old one.
fn build_library() -> Result<(), String> {
    if !cfg!(unix) {
        return Err("its tests link as Unix does".to_owned());
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(FIRMWARE).args(["build", "--locked", "--quiet", "--release"]);
    cargo.args(["--package", "inkbit-c", "--target-dir", "target"]);
    // Those of the tests, such as a sanitizer of Rust's or another processor, are not for the library.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    let ended = cargo.output().map_err(|error| format!("cannot start cargo: {error}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if ended.status.success() { Ok(()) } else { Err(format!("cargo cannot build it: {said}")) }
}

impl Build {
    /// Compiles one of the [`PROGRAMS`] with the engine, with sanitizers if the compiler has them, to a
    /// temporary file of this process.
    ///
    /// # Panics
    ///
    /// If it does not compile without a warning.
    pub fn program(self, name: &str) -> PathBuf {
        let (program, ended) = self.link(name, self.source, SANITIZERS);
        if ended.status.success() {
            return program;
        }
        let errors = String::from_utf8_lossy(&ended.stderr);
        let (program, trapped) = self.link(name, self.source, TRAPS);
        assert!(trapped.status.success(), "{self}:\n{errors}");
        crate::skipped(&format!("memory of {self}"), "the compiler has no sanitizers");
        program
    }

    /// Tries to link one of the [`PROGRAMS`], which is compiled with the header of this engine, with
    /// another one. Returns whether that succeeds, and what the compiler says.
    pub fn links_with(self, other: Source, name: &str) -> (bool, String) {
        let (program, ended) = self.link(name, other, &[]);
        let _ = std::fs::remove_file(program);
        (ended.status.success(), String::from_utf8_lossy(&ended.stderr).into_owned())
    }

    fn link(self, name: &str, linked: Source, flags: &[&str]) -> (PathBuf, Output) {
        let source = Path::new(PROGRAMS).join(name).with_extension("c");
        let Self { source: header, compiler } = self;
        // Tests that run at once may ask for the same program, and remove it.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let file = format!(
            "inkbit-{name}-{compiler}-{header:?}-{linked:?}-{}-{number}",
            std::process::id()
        );
        let program = env::temp_dir().join(file);
        let headers = if header == Source::C { TEMPLATES } else { LIBRARY_HEADERS };
        let mut command = Command::new(compiler);
        command.args(WARNINGS).args(["-O1", "-g", "-I", headers]).args(flags).arg(source);
        match linked {
            Source::C => command.arg(Path::new(TEMPLATES).join("inkbit.c")),
            // What the standard library needs on older systems.
            Source::Core => command
                .arg(Path::new(FIRMWARE).join("target").join(LIBRARY))
                .args(["-lpthread", "-ldl"]),
        };
        let ended = command.arg("-o").arg(&program).output().expect("it has started before");
        (program, ended)
    }
}
