//! The workstation may run any system: where `host` knows which one it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What not every system has, or tells systems apart.
const MARKS: &[&str] = &[
    "os::",
    "cfg(unix",
    "cfg(windows",
    "cfg!(unix",
    "cfg!(windows",
    "target_os",
    "target_family",
    "libc::",
    "nix::",
    "rustix::",
    "winapi::",
    "windows_sys::",
];

/// The files that may have them.
const NAMED: [&str; 4] = [
    "support/shell/mod.rs",
    "support/system/mod.rs",
    "support/system/unix.rs",
    "support/system/windows.rs",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src")
}

/// A file's code, without comments, and without its tests, which run on the developers' systems.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The marks in a code, where they are no end of a longer word.
fn marks(code: &str) -> Vec<&'static str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_in = |mark: &&&str| {
        code.match_indices(**mark).any(|(start, _)| !code[..start].ends_with(is_word))
    };
    MARKS.iter().filter(is_in).copied().collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn only_the_named_files_of_the_host_know_which_system_they_run_on() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    assert!(all.len() > 100, "{}", all.len());
    for file in all {
        let name = file.strip_prefix(source()).unwrap().to_str().unwrap().replace('\\', "/");
        let found = marks(&code(&file));
        match NAMED.contains(&&*name) {
            true => assert!(!found.is_empty(), "{name} need not be named"),
            false => assert!(found.is_empty(), "{name} has {found:?}: see support/system"),
        }
    }
}

#[test]
fn each_system_has_the_same_names() {
    let names = |file: &str| -> BTreeSet<String> {
        let code = code(&source().join("support").join(file));
        let public = code.lines().filter_map(|line| line.trim_start().strip_prefix("pub "));
        public.map(|line| line.split(['(', ' ']).take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    for (folder, first) in [("system", "unix"), ("shell", "posix")] {
        let [first, second] = [first, "windows"].map(|name| names(&format!("{folder}/{name}.rs")));
        assert!(first.len() > 1, "{first:?}");
        assert_eq!(first, second, "in {folder}");
    }
}
