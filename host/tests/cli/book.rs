//! The commands in the book, in README.md and in CONTRIBUTING.md do what their pages say.
//!
//! Each page has a folder of its own, in which the lines of its `sh` blocks are executed from top to
//! bottom. It holds `photo.png`, `classic.inkbit`, `mnist_model.h5` and, in place of MNIST, a few digits in
//! `digits`.
//!
//! A block that is not executed says why, in a comment on the line before it:
//!
//! ```text
//! <!-- not executed: it needs a board -->
//! ```
//!
//! `<!-- on lm3s6965evb -->` stands before a block that is executed where that board can be emulated,
//! `<!-- with cc -->` before one that needs that program.
//! The Rust blocks are examples of tests/src/lib.rs; `text` is no code. What pico.md says is done in
//! `pico_page`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use image::GrayImage;
use inkbit::data::synthetic;

use crate::device::can_emulate;
use crate::import::framework;
use crate::place::Place;

/// Stands before the command on the search path: there is no MNIST, so what would load it gets the
/// digits in the folder.
const WRAPPER: &str = r#"#!/bin/sh
case " $* " in
*" --data "* | *" --recorded "* | *" data check "* | *" data import "* | *" data forms "* | *gestures*) exec "$INKBIT" "$@" ;;
esac
case "$1" in
quickstart | train | data | import | quantize | cascade | evaluate | models | sweep | verify | report | compare | export)
    exec "$INKBIT" "$@" --data digits ;;
*) exec "$INKBIT" "$@" ;;
esac
"#;

/// A block of code.
pub struct Block<'p> {
    /// What stands behind the three backticks.
    pub language: &'p str,
    /// Line of its first backtick, from 1.
    pub line: usize,
    /// The text of the comment on the line before it.
    pub comment: &'p str,
    /// Its lines.
    pub code: String,
}

/// The blocks of a page.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let (mut before, mut lines) = ("", (1..).zip(page.lines()));
    while let Some((line, text)) = lines.next() {
        if let Some(language) = text.trim_start().strip_prefix("```") {
            let code = lines.by_ref().map(|(_, text)| text);
            let code: Vec<&str> =
                code.take_while(|text| !text.trim_start().starts_with("```")).collect();
            let comment = before.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->"));
            let (comment, code) = (comment.unwrap_or_default().trim(), code.join("\n"));
            blocks.push(Block { language, line, comment, code });
        }
        before = text.trim();
    }
    blocks
}

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// README.md, CONTRIBUTING.md, and the pages of the book but for the one that needs a Pico.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let book = fs::read_dir(root().join("docs/src")).unwrap().map(|entry| entry.unwrap().path());
    let book = book.filter(|path| !path.ends_with("pico.md"));
    pages.extend(book.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    pages
}

/// A folder for a page.
pub fn place() -> Place {
    let place = Place::untrained();
    let data = synthetic::dataset(300, 100, 1);
    let first = data.test.pixels[..28 * 28].to_vec();
    GrayImage::from_raw(28, 28, first).unwrap().save(place.path("photo.png")).unwrap();
    place.write_data("digits", &data.train, &data.test);
    fs::copy(root().join("host/models/classic.inkbit"), place.path("classic.inkbit")).unwrap();
    place.write("mnist_model.h5", framework("keras/mnist_model.h5.gz"));
    fs::create_dir(place.path("bin")).unwrap();
    place.write("bin/inkbit", WRAPPER);
    fs::set_permissions(place.path("bin/inkbit"), fs::Permissions::from_mode(0o755)).unwrap();
    place
}

/// Executes a line of a page, and returns what it has printed.
pub fn execute(place: &Place, line: &str) -> Result<String, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [place.path("bin")].into_iter().chain(std::env::split_paths(&path));
    let ended = Command::new("sh")
        .args(["-c", line])
        .current_dir(place.path(""))
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("INKBIT", env!("CARGO_BIN_EXE_inkbit"))
        .env("HOME", place.path(""))
        .env("XDG_CACHE_HOME", place.path("cache"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let [out, err] = [&ended.stdout, &ended.stderr].map(|text| String::from_utf8_lossy(text));
    if ended.status.success() { Ok(out.into_owned()) } else { Err(out.into_owned() + &*err) }
}

/// Executes a page's blocks; counts the lines that were executed and the blocks that were not.
fn run(page: &Path) -> [usize; 2] {
    let name = page.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(page).unwrap();
    let examples = fs::read_to_string(root().join("tests/src/lib.rs")).unwrap();
    let (place, mut executed, mut left_out) = (place(), 0, 0);
    for Block { language, line, comment, code } in blocks(&text) {
        let board = comment.strip_prefix("on ");
        let lacks_board = board.is_some_and(|name| !can_emulate([name]));
        let program = comment.strip_prefix("with ");
        let lacks_program =
            program.is_some_and(|name| Command::new(name).arg("--version").output().is_err());
        if comment.starts_with("not executed: ") || lacks_board || lacks_program {
            left_out += 1;
            continue;
        }
        match language {
            "sh" => {}
            "rust" => {
                let file = page.strip_prefix(root()).unwrap().display().to_string();
                assert!(examples.contains(&file), "{name}:{line}: tests/src/lib.rs lacks {file}");
                continue;
            }
            "text" => continue,
            other => panic!("{name}:{line}: say why a block of `{other}` is not executed"),
        }
        for command in code.replace("\\\n", " ").lines().filter(|command| !command.is_empty()) {
            execute(&place, command)
                .unwrap_or_else(|output| panic!("{name}:{line}: {command}\n{output}"));
            executed += 1;
        }
    }
    [executed, left_out]
}

#[test]
fn every_command_of_the_book_succeeds_and_what_is_not_executed_says_why() {
    let pages = pages();
    let counts: Vec<[usize; 2]> = thread::scope(|scope| {
        let pages: Vec<_> = pages.iter().map(|page| scope.spawn(|| run(page))).collect();
        pages
            .into_iter()
            .map(|page| page.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)))
            .collect()
    });
    let [executed, left_out] =
        [0, 1].map(|kind| counts.iter().map(|page| page[kind]).sum::<usize>());
    assert!(executed > 30, "{executed} commands");
    // Not eprintln!, which the harness keeps to itself while the test passes.
    let pages = pages.len();
    let _ = writeln!(
        std::io::stderr(),
        "{executed} commands of {pages} pages were executed, {left_out} blocks were not"
    );
}
