//! Words of commands that somebody may copy into a shell.

use std::borrow::Cow;
use std::path::Path;

/// A text as one word of a POSIX shell, in quotes if it needs them.
#[must_use]
pub fn word(text: &str) -> Cow<'_, str> {
    // The only text that no quotes help has a NUL in it; no path and no argument has.
    shlex::try_quote(text).unwrap_or(Cow::Borrowed(text))
}

/// A path likewise.
#[must_use]
pub fn path(path: &Path) -> String {
    word(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_if_a_shell_would_take_it_apart() {
        assert_eq!(word("runs/classic"), "runs/classic");
        assert_eq!(word("my digits"), "'my digits'");
    }
}
