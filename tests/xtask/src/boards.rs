//! The firmware's boards, as their `board.toml` files describe them.

use std::fs;

use crate::process::root;

/// What building and emulating a board takes.
pub(crate) struct Board {
    /// What it is called.
    pub(crate) name: String,
    /// The firmware's package.
    pub(crate) package: String,
    /// What it is compiled for.
    pub(crate) target: String,
    /// The emulator.
    pub(crate) emulator: String,
}

/// All boards, by name.
pub(crate) fn all() -> Result<Vec<Board>, String> {
    let folder = root().join("firmware/boards");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|e| e.path().join("board.toml")).collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = fs::read_to_string(file).map_err(|error| error.to_string());
        text.and_then(|text| parse(&text)).map_err(|error| format!("{}: {error}", file.display()))
    };
    files.iter().map(read).collect()
}

fn parse(text: &str) -> Result<Board, String> {
    let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
    let text = |value: Option<&toml::Value>, key: &str| match value {
        Some(toml::Value::String(text)) => Ok(text.clone()),
        _ => Err(format!("`{key}` is missing or no text")),
    };
    Ok(Board {
        name: text(table.get("name"), "name")?,
        package: text(table.get("package"), "package")?,
        target: text(table.get("target"), "target")?,
        emulator: text(table.get("qemu").and_then(|qemu| qemu.get("program")), "qemu.program")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_says_how_it_is_built_and_emulated() {
        let boards = all().unwrap();
        assert!(boards.len() >= 5);
        assert!(boards.iter().all(|board| board.emulator.starts_with("qemu-system-")));
    }

    #[test]
    fn a_missing_key_is_named() {
        let Err(message) = parse("name = \"n\"\npackage = \"p\"\ntarget = \"t\"") else {
            panic!("accepted")
        };
        assert!(message.contains("qemu.program"), "{message}");
    }
}
