//! Runs programs: prints each command first, and stops it at its limit.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// The checkout's top folder.
///
/// It is searched for at run time: clones that share a target folder run the same program.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // `cargo run` names the package's folder.
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let start = package.or_else(|| env::current_dir().ok()).unwrap_or_default();
        let is_root = |folder: &&Path| folder.join("core/FORMAT.md").is_file();
        start.ancestors().find(is_root).unwrap_or(&start).to_owned()
    })
}

/// The cargo that runs us, in the checkout, as if it had been started by hand: it says of this
/// package in variables what build scripts of others watch, and they would run again, and burn's
/// users with them, after every change from `cargo xtask` to `cargo` and back.
///
/// What is built is what the lock file names: a dependency that has changed since is an error.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    let mut arguments = arguments.iter();
    if let Some(action) = arguments.next() {
        command.arg(action);
        // It takes no such flag.
        if *action != "fmt" {
            command.arg("--locked");
        }
    }
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        let is_ours =
            |name: &str| ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|p| name.starts_with(p));
        if name.to_str().is_some_and(is_ours) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program with inherited output; fails if it fails or takes longer than `limit`.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(), String> {
    let shown = announce(command);
    let child = command.spawn().map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    wait(child, &shown, limit)
}

/// As [`run`], and returns the lines of standard output, which are still shown.
pub(crate) fn run_heard(command: &mut Command, limit: Duration) -> Result<Vec<String>, String> {
    let shown = announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start `{shown}`: {error}"))?;
    let lines = child.stdout.take().map(BufReader::new);
    let reader = thread::spawn(move || {
        let lines = lines.into_iter().flat_map(BufReader::lines).map_while(Result::ok);
        lines.inspect(|line| println!("{line}")).collect()
    });
    wait(child, &shown, limit)?;
    reader.join().map_err(|_| format!("the output of `{shown}` was lost"))
}

/// Prints the command, and takes its standard input away.
fn announce(command: &mut Command) -> String {
    let shown = show(command);
    eprintln!("$ {shown}");
    command.stdin(Stdio::null());
    shown
}

fn wait(mut child: Child, shown: &str, limit: Duration) -> Result<(), String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("`{shown}` ended with {status}")),
            Ok(None) if start.elapsed() < limit => thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                kill_with_descendants(child.id());
                let _ = child.wait();
                return Err(format!("`{shown}` was stopped after {} s", limit.as_secs()));
            }
            Err(error) => return Err(format!("cannot wait for `{shown}`: {error}")),
        }
    }
}

/// Standard output of a program; none if it cannot be started or fails.
pub(crate) fn output(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it, with the variables set for it.
pub(crate) fn show(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let value = value?.to_string_lossy();
        // PATH is too long to read.
        (name != "PATH").then(|| format!("{}={value}", name.to_string_lossy()))
    });
    let program = Path::new(command.get_program());
    let program = program.file_name().map_or_else(String::new, |p| p.to_string_lossy().into());
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    variables.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Kills a program and its descendants: without cargo alone, the test binary would go on running.
///
/// Not by a process group, which the terminal's Ctrl-C would not reach.
fn kill_with_descendants(root: u32) {
    let mut doomed = vec![root];
    let mut next = 0;
    while next < doomed.len() {
        let parent = doomed[next];
        doomed.extend(children(parent));
        next += 1;
    }
    let ids = doomed.iter().map(ToString::to_string);
    let _ = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
}

/// Child processes of `parent`, where the system has /proc.
fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let line = format!("PPid:\t{parent}");
    let is_child = |id: &u32| {
        std::fs::read_to_string(format!("/proc/{id}/status"))
            .is_ok_and(|status| status.lines().any(|found| found == line))
    };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(is_child).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_stopped_with_what_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 987 & wait"]);
        let start = Instant::now();
        let message = run(&mut command, Duration::from_millis(200)).unwrap_err();
        assert!(message.contains("was stopped"), "{message}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_failure_names_the_command() {
        let message = run(Command::new("false").arg("--now"), Duration::from_secs(5)).unwrap_err();
        assert!(message.starts_with("`false --now` ended with"), "{message}");
    }
}
