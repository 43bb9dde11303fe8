//! The firmware's boards, as their `board.toml` files describe them.

use std::fs;

use crate::process::root;

/// What building and emulating a board takes.
pub(crate) struct Board {
    /// Its name, which is its folder's too.
    pub(crate) name: String,
    /// The firmware's package.
    pub(crate) package: String,
    /// What it is compiled for.
    pub(crate) target: String,
    /// The emulator.
    pub(crate) emulator: String,
    /// How the emulator is told to be this board.
    pub(crate) arguments: Vec<String>,
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
    let qemu = table.get("qemu");
    let arguments = qemu.and_then(|qemu| qemu.get("args")).and_then(toml::Value::as_array);
    let arguments = arguments.ok_or("`qemu.args` is missing or no list")?;
    Ok(Board {
        name: text(table.get("name"), "name")?,
        package: text(table.get("package"), "package")?,
        target: text(table.get("target"), "target")?,
        emulator: text(qemu.and_then(|qemu| qemu.get("program")), "qemu.program")?,
        arguments: arguments
            .iter()
            .map(|argument| text(Some(argument), "qemu.args"))
            .collect::<Result<_, _>>()?,
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
        let text = "name = \"n\"\npackage = \"p\"\ntarget = \"t\"\n[qemu]\nargs = []";
        let Err(message) = parse(text) else { panic!("accepted") };
        assert!(message.contains("qemu.program"), "{message}");
    }
}
