//! Words of commands that somebody may copy into a shell.

use std::borrow::Cow;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::visible::is_hidden;

/// A text as one word of a shell, in quotes if it needs them.
pub fn word(text: &str) -> Cow<'_, str> {
    match text.chars().any(is_hidden) {
        true => Cow::Owned(escaped(text.as_bytes())),
        // The only text that no quotes help has a NUL in it, which is hidden.
        false => shlex::try_quote(text).unwrap_or(Cow::Borrowed(text)),
    }
}

/// A path likewise, whatever its bytes are.
pub fn path(path: &Path) -> String {
    match path.to_str() {
        Some(text) => word(text).into_owned(),
        None => escaped(path.as_os_str().as_bytes()),
    }
}

/// Bytes in the quotes `$'…'` of POSIX, which bash, zsh, ksh and most others know.
fn escaped(bytes: &[u8]) -> String {
    let mut word = "$'".to_owned();
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', byte.into()]),
            b' '..=b'~' => word.push(byte.into()),
            // Three digits: a digit that follows is not one of them.
            _ => write!(word, "\\{byte:03o}").expect("writing into memory does not fail"),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_word_is_quoted_if_a_shell_would_take_it_apart() {
        assert_eq!(word("runs/classic"), "runs/classic");
        assert_eq!(word("my digits"), "'my digits'");
        assert_eq!(word("zähler"), "'zähler'");
        assert_eq!(word("a\x1b[2Jb\u{202e}"), r"$'a\033[2Jb\342\200\256'");
    }

    #[test]
    fn a_shell_takes_every_path_as_it_was() {
        for bytes in [
            &b"plain"[..],
            b"it's \"$HOME\" `id` \\",
            b"l\xe4b 1\xff0\nls '\\",
            "ä\u{202e}b".as_bytes(),
        ] {
            let word = path(Path::new(OsStr::from_bytes(bytes)));
            assert!(!word.chars().any(is_hidden), "{word:?}");
            let script = format!("printf %s {word}");
            let Ok(output) = Command::new("bash").args(["-c", &script]).output() else { return };
            assert_eq!(output.stdout, bytes, "{word}");
        }
    }
}
