//! Faults around the command: it is killed, the disk is full, its folder is read-only or vanishes,
//! and others are at work in the same folder. What it has written is whole, a second try ends in the
//! same bits as an undisturbed one, and no file of a user is lost.

#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "tests read what the command wrote")]

mod folders;
mod kills;
#[expect(dead_code, reason = "this is a part of what the command's tests need")]
#[path = "../cli/place.rs"]
mod place;
mod together;

use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;

/// The short number, or the long one if `INKBIT_LONG` is set.
fn count(short: usize, long: usize) -> usize {
    if std::env::var_os("INKBIT_LONG").is_some() { long } else { short }
}

/// Trains a run in the folder `whole`. Its report names the run as that in the folder `run`.
fn train_whole(place: &Place, arguments: &str) {
    place.succeed(&format!("train --out run {arguments}"));
    fs::rename(place.path("run"), place.path("whole")).unwrap();
}

/// Every file below a folder, but those that are only locked, with its content less what depends on
/// the clock.
fn content(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                found.push((name, timeless(&path)));
            }
        }
    }
    found.sort();
    found
}

/// A file's content in hexadecimal digits, or its text without lines that tell times.
fn timeless(path: &Path) -> String {
    let content = fs::read(path).unwrap();
    let Ok(text) = String::from_utf8(content) else { return digits(path) };
    let is_timed = path.extension().is_some_and(|extension| extension == "html");
    let lines = text
        .lines()
        .filter(|line| !(line.contains("\"seconds\": ") || is_timed && line.contains(" s")));
    lines.collect::<Vec<_>>().join("\n")
}

fn digits(path: &Path) -> String {
    fs::read(path).unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asserts that a folder holds what another one does, and with it no temporary file.
fn assert_same(place: &Place, found: &str, expected: &str) {
    let (found, expected) = (content(&place.path(found)), content(&place.path(expected)));
    let names = |content: &[(PathBuf, String)]| -> Vec<PathBuf> {
        content.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&found), names(&expected));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert!(found == expected, "{} differs", name.display());
    }
}
