//! `cargo xtask new-board`: a board's folder and file, copied from the board that is most like it.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use inkbit_boards::Board;

use crate::process::{cargo, root, run};

const USAGE: &str = "usage: cargo xtask new-board NAME --like BOARD";

/// Copies a board of the checkout and tells what is left to do.
pub(crate) fn add(arguments: &[String]) -> Result<(), String> {
    let (name, like) = match arguments {
        [name, flag, like] | [flag, like, name] if flag == "--like" => (name, like),
        _ => return Err(USAGE.to_owned()),
    };
    let like = Board::find(like).map_err(|error| error.to_string())?;
    let boards = root().join("firmware/boards");
    copy(&boards, name, &like)?;
    let mut lock = cargo(&[]);
    lock.args(["update", "--workspace", "--offline", "--manifest-path", "firmware/Cargo.toml"]);
    run(&mut lock, Duration::from_secs(60))?;
    println!(
        "{0} is a copy of {like} under another name. Now change firmware/boards/{name}.toml: title, \
         clock, memory, emulator; and {0}/src: registers. firmware/README.md, \"To add a board\", has \
         the rest.",
        boards.join(name).display(),
        like = like.name
    );
    Ok(())
}

/// Copies a board in the folder of boards.
fn copy(boards: &Path, name: &str, like: &Board) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) {
        return Err(format!(
            "a board cannot be called '{name}': take a letter and then letters, digits and hyphens, \
             all lower case"
        ));
    }
    let (folder, file) = (boards.join(name), boards.join(format!("{name}.toml")));
    if let Some(taken) = [&folder, &file].into_iter().find(|path| path.exists()) {
        return Err(format!("{} exists: take another name or remove it", taken.display()));
    }
    let names = (like.name.as_str(), name);
    let text = fs::read_to_string(boards.join(format!("{}.toml", like.name)));
    let text = text.map_err(|error| format!("the file of {}: {error}", like.name))?;
    // Not everywhere: its emulator may know the old board by its name.
    let line = |line: &str| match line.split_once(" = ") {
        Some(("name" | "package", _)) => renamed(line, names) + "\n",
        _ => format!("{line}\n"),
    };
    fs::write(&file, text.lines().map(line).collect::<String>())
        .and_then(|()| copy_folder(&boards.join(&like.name), &folder, names))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

/// Copies a folder of text files without its page, which tells of wires that the new board may not
/// have.
fn copy_folder(from: &Path, to: &Path, names: (&str, &str)) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy, names)?;
        } else if entry.file_name() != "README.md" {
            fs::write(copy, renamed(&fs::read_to_string(entry.path())?, names))?;
        }
    }
    Ok(())
}

/// A text with the new name where the old one is quoted or a part of the package's.
fn renamed(text: &str, (old, new): (&str, &str)) -> String {
    text.replace(&format!("\"{old}\""), &format!("\"{new}\""))
        .replace(&format!("\"inkbit-{old}\""), &format!("\"inkbit-{new}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checkout's boards, which the copies of a test lie beside.
    fn boards() -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for board in inkbit_boards::all() {
            let from = root().join("firmware/boards");
            let file = format!("{}.toml", board.name);
            fs::copy(from.join(&file), copy.path().join(&file)).unwrap();
            let to = copy.path().join(&board.name);
            copy_folder(&from.join(&board.name), &to, ("", "")).unwrap();
        }
        copy
    }

    #[test]
    fn a_copy_of_any_board_differs_in_its_names_alone() {
        let folder = boards();
        for like in inkbit_boards::all() {
            let name = format!("my-{}-2", like.name);
            copy(folder.path(), &name, &like).unwrap();
            let new = Board::read(&folder.path().join(format!("{name}.toml"))).unwrap();
            let package = format!("inkbit-{name}");
            assert_eq!(new, Board { name: name.clone(), package: package.clone(), ..like.clone() });
            let text = |board: &str, file: &str| {
                fs::read_to_string(folder.path().join(board).join(file)).unwrap()
            };
            let manifest = text(&name, "Cargo.toml");
            let old = text(&like.name, "Cargo.toml");
            assert_eq!(manifest.matches(&format!("\"{package}\"")).count(), 2, "{manifest}");
            assert_eq!(manifest.replace(&package, &like.package), old);
            assert_eq!(text(&name, "src/main.rs"), text(&like.name, "src/main.rs"));
            assert_eq!(text(&name, "build.rs"), text(&like.name, "build.rs"));
        }
    }

    #[test]
    fn a_name_that_is_taken_or_none_is_refused_and_leaves_everything_as_it_was() {
        let folder = boards();
        let like = Board::find("microbit").unwrap();
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let before = count();
        for (name, part) in [
            ("pico", "pico exists"),
            ("Pico", "cannot be called 'Pico'"),
            ("../x", "cannot be called '../x'"),
            ("", "cannot be called ''"),
        ] {
            let message = copy(folder.path(), name, &like).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(count(), before);
        let unknown = ["x", "--like", "mircobit"].map(str::to_owned);
        assert!(add(&unknown).unwrap_err().contains("microbit"));
        assert_eq!(add(&["x".to_owned()]).unwrap_err(), USAGE);
    }
}
