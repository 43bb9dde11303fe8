//! Fuzzing: the targets in `tests/fuzz`, each for some time or for a number of executions.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::process::{self, cargo, output, root};
use crate::toolchain::find_program;
use crate::trust::{Effort, Tried};

/// The targets, and what each fuzzes, in the plural.
const TARGETS: &[(&str, &str)] = &[
    ("blob", "models"),
    ("model", "legal models on every kernel"),
    ("link", "frames on the line"),
    ("idx", "IDX files"),
    ("picture", "pictures"),
    ("labels", "label files"),
    ("forms", "files of forms"),
    ("config", "configurations and plans of sweeps"),
    ("run_folder", "run folders"),
    ("elf", "ELF files"),
    ("reply", "answers of a device"),
    ("import", "networks of other frameworks"),
];

/// Seconds for each target in CI.
const SHORT: u64 = 60;
/// Executions of the two that a device has to withstand, in the long form; the others have
/// [`LONG_SECONDS`].
const LONG: u64 = 50_000_000;
const LONG_SECONDS: u64 = 600;

/// As `cargo fuzz` builds: counters of branches, what is compared, and AddressSanitizer.
const FLAGS: &[&str] = &[
    "--cfg=fuzzing",
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Where the configuration of cargo for a build is written.
const CONFIG: &str = "target/fuzz/instrumented.toml";

/// The packages beside the targets that are built so: all that read what comes from outside. The
/// others are mostly burn, whose build would take three times as long.
const INSTRUMENTED: &[&str] = &[
    "cobs",
    "fdeflate",
    "flate2",
    "ihex",
    "image",
    "inkbit",
    "inkbit-core",
    "inkbit-simd",
    "inkbit-tests",
    "miniz_oxide",
    "object",
    "png",
    "postcard",
    "safetensors",
    "serde_json",
    "toml",
    "toml_parser",
    "zune-core",
    "zune-jpeg",
];

/// Limits of an input: memory in all, one allocation, and seconds. A picture may have 256 million bytes
/// of pixels, its decoder as many again, and instrumented code takes several times as long.
const LIMITS: [&str; 3] = ["-rss_limit_mb=1024", "-malloc_limit_mb=256", "-timeout=30"];

/// Limit of a build of burn with instrumentation on two slow cores.
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Executions a second that the slowest machine is expected to do, for the limit of a long run.
const SLOWEST: u64 = 2_000;

/// Fuzzes every target, two at a time.
pub(crate) fn attack(effort: Effort) -> Result<Tried, String> {
    if let Err(reason) = available() {
        return Ok(Tried::Skipped(reason));
    }
    let programs = build()?;
    let next = AtomicUsize::new(0);
    let fuzz_in_turn = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((name, what)) = TARGETS.get(index) else { return results };
            results.push((what, run(name, &programs.join(name), effort)));
        }
    };
    let results = thread::scope(|scope| {
        let other = scope.spawn(fuzz_in_turn);
        let mut results = fuzz_in_turn();
        results.extend(other.join().unwrap_or_default());
        results
    });
    if results.len() < TARGETS.len() {
        return Err("not every target has ended".to_owned());
    }
    let mut counts = Vec::new();
    let mut failures = Vec::new();
    for (what, result) in results {
        match result {
            Ok(count) => counts.push((count, format!("fuzzed {what}"))),
            Err(reason) => failures.push(reason),
        }
    }
    if failures.is_empty() { Ok(Tried::Counts(counts)) } else { Err(failures.join("\n")) }
}

/// Whether targets can be built here.
///
/// # Errors
///
/// What is missing.
pub(crate) fn available() -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let libraries = output(rustc, &["--print", "target-libdir"]).unwrap_or_default();
    let has_sanitizer = fs::read_dir(libraries).is_ok_and(|files| {
        files.flatten().any(|file| file.file_name().to_string_lossy().contains("rt.asan"))
    });
    if !has_sanitizer {
        return Err("this compiler comes without AddressSanitizer".to_owned());
    }
    if env::var_os("CXX").is_none() && find_program("c++").is_none() {
        return Err("libFuzzer needs a C++ compiler: c++ is not installed".to_owned());
    }
    Ok(())
}

/// Fuzzes a target that was built; returns the number of executions. What it finds on the way stays
/// in `target/fuzz/corpus`, which the next run begins with.
///
/// # Errors
///
/// That an input failed, where it is, and how to repeat it.
fn run(name: &str, program: &Path, effort: Effort) -> Result<u64, String> {
    let folder = root().join("target/fuzz");
    let found = folder.join("corpus").join(name);
    let artifacts = folder.join("artifacts").join(name);
    for folder in [&found, &artifacts] {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    }
    let mut command = Command::new(program);
    command.current_dir(root()).args(LIMITS).arg("-print_final_stats=1");
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    let limit = match effort {
        Effort::Long if ["blob", "link"].contains(&name) => {
            command.arg(format!("-runs={LONG}"));
            LONG / SLOWEST + 120
        }
        _ => {
            let seconds = if effort == Effort::Short { SHORT } else { LONG_SECONDS };
            command.arg(format!("-max_total_time={seconds}"));
            2 * seconds + 120
        }
    };
    command.arg(&found).arg(root().join("tests/fuzz/corpus").join(name));
    if name == "blob" {
        command.arg(root().join("core/golden"));
    }
    let files = Files::new(&folder, name)?;
    command.env("TMPDIR", &files.0);
    // Freed memory is watched for use all the same, but less of it, for the limit on memory.
    command.env("ASAN_OPTIONS", "quarantine_size_mb=32:detect_leaks=0");
    let log = folder.join(name).with_extension("log");
    let writer = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let result = process::run(command.stderr(writer), Duration::from_secs(limit));
    let text = fs::read(&log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    match result {
        Ok(()) => executions(&text).ok_or_else(|| format!("no count in {}", log.display())),
        Err(error) => Err(failure(&text, program, &log).unwrap_or(error)),
    }
}

/// Builds all targets; returns the folder of the programs.
fn build() -> Result<PathBuf, String> {
    let host = host_triple()?;
    let mut command = cargo(&["build", "--release", "--bins", "--features", "host"]);
    command.args(["--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir", "target/fuzz"]);
    command.args(["--target", &host]);
    command.args(["--config", CONFIG]).env("RUSTC_BOOTSTRAP", "1");
    fs::create_dir_all(root().join("target/fuzz"))
        .and_then(|()| fs::write(root().join(CONFIG), config()))
        .map_err(|error| format!("cannot write {CONFIG}: {error}"))?;
    process::run(&mut command, BUILD_LIMIT)?;
    Ok(root().join("target/fuzz").join(host).join("release"))
}

/// The configuration of cargo that sets the flags of packages.
fn config() -> String {
    let flags =
        |package: &str, flags| format!("[profile.release{package}]\nrustflags = {flags:?}\n");
    let instrumented = INSTRUMENTED.iter().map(|name| flags(&format!(".package.{name}"), FLAGS));
    let others = [flags("", FLAGS), flags(".package.'*'", &[])];
    let all: String = others.into_iter().chain(instrumented).collect();
    format!("[unstable]\nprofile-rustflags = true\n\n{all}")
}

fn host_triple() -> Result<String, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let about = output(rustc, &["-vV"]).unwrap_or_default();
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not tell its host".to_owned())
}

/// The number of executions that libFuzzer reports at its end.
fn executions(log: &str) -> Option<u64> {
    let mut lines = log.lines().rev();
    lines.find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok())
}

/// The input that failed, the reason, and how to repeat it.
fn failure(log: &str, program: &Path, path: &Path) -> Option<String> {
    let input = log.lines().find_map(|line| line.split_once("Test unit written to "))?.1;
    let line = |part: &str| log.lines().find(|line| line.contains(part));
    let reason = ["panicked at", "ERROR: "].iter().find_map(|part| line(part)).unwrap_or("failed");
    let panic = log.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    Some(format!(
        "{reason} {}\nThe input is {input}\nRepeat it by\n    {} {input}\nThe whole output is in {}",
        panic.unwrap_or_default(),
        program.display(),
        path.display()
    ))
}

/// A folder for the files that a target writes for each input: in memory, where that is to be had.
struct Files(PathBuf);

impl Files {
    fn new(otherwise: &Path, name: &str) -> Result<Self, String> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory } else { otherwise };
        let folder = parent.join(format!("inkbit-fuzz-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_fuzz_workspace() {
        let manifest = fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap();
        let bins = manifest.split("[[bin]]").skip(1);
        let bins: Vec<&str> = bins.map(|bin| bin.split('"').nth(1).unwrap()).collect();
        let targets: Vec<&str> = TARGETS.iter().map(|&(name, _)| name).collect();
        assert_eq!(targets, bins);
    }

    #[test]
    fn a_failure_names_its_input_and_how_to_repeat_it() {
        let log = "INFO: Seed: 1\n\nthread '<unnamed>' panicked at src/lib.rs:1:2:\nindex out of bounds\n\
                   ==1== ERROR: libFuzzer: deadly signal\n\
                   artifact_prefix='a/'; Test unit written to a/crash-7\n\
                   stat::number_of_executed_units: 25\n";
        let text = failure(log, Path::new("target/blob"), Path::new("blob.log")).unwrap();
        assert!(text.contains("panicked at src/lib.rs:1:2: index out of bounds\n"), "{text}");
        assert!(text.contains("target/blob a/crash-7\n"), "{text}");
        assert_eq!(executions(log), Some(25));
        assert_eq!(failure("Done 5 runs\n", Path::new("x"), Path::new("y")), None);
    }
}
