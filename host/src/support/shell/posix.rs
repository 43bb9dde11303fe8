//! POSIX shells.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use crate::support::visible::is_hidden;

/// A text as one word, in quotes if it needs them.
pub fn word(text: &str) -> Cow<'_, str> {
    match text.contains(is_hidden) {
        true => Cow::Owned(escaped(text.as_bytes())),
        // No text without control characters is beyond quotes.
        false => shlex::try_quote(text).unwrap_or(Cow::Borrowed(text)),
    }
}

/// A path likewise.
pub fn path(path: &Path) -> String {
    match path.to_str() {
        Some(text) => word(text).into_owned(),
        None => escaped(path.as_os_str().as_encoded_bytes()),
    }
}

/// Bytes that a terminal would not show, as POSIX writes them since 2024, and bash, zsh and ksh for
/// long.
fn escaped(bytes: &[u8]) -> String {
    let mut word = String::from("$'");
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(byte)]),
            b' '..=b'~' => word.push(char::from(byte)),
            // Writing to a String does not fail.
            _ => drop(write!(word, "\\{byte:03o}")),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;

    #[test]
    fn a_word_is_quoted_if_a_shell_would_take_it_apart() {
        assert_eq!(word("runs/classic"), "runs/classic");
        assert_eq!(word("my digits"), "'my digits'");
    }

    #[test]
    fn bash_reads_every_path_back_from_what_can_be_shown() {
        for bytes in
            [&b"a b"[..], b"it's", b"\x1b[31m\n", b"\xff1", b"\\'\x01", "Ä\u{202e}".as_bytes()]
        {
            let word = path(Path::new(OsStr::from_bytes(bytes)));
            assert!(!word.contains(is_hidden), "{word}");
            let script = format!("printf %s {word}");
            let Ok(output) = Command::new("bash").args(["-c", &script]).output() else { return };
            assert_eq!(output.stdout, bytes, "{word}");
        }
    }
}
