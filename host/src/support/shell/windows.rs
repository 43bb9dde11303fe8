//! The command prompt and PowerShell.

use std::borrow::Cow;
use std::path::Path;

/// A text as one word, in quotes if it needs them. Double quotes are the only ones that both shells
/// take, and no path of Windows has one in it. Within them `$` and backquotes keep their meaning in
/// PowerShell, and `%` has its own in the command prompt.
pub fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || r"\/:._-+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    // Before the last quote, programs read two backslashes as one.
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    Cow::Owned(format!("\"{text}{}\"", "\\".repeat(backslashes)))
}

/// A path likewise.
pub fn path(path: &Path) -> String {
    word(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_in_the_quotes_that_both_shells_take_if_they_would_take_it_apart() {
        assert_eq!(path(Path::new(r"C:\runs\classic-8_b.inkbit")), r"C:\runs\classic-8_b.inkbit");
        for (text, expected) in [
            ("my digits", r#""my digits""#),
            ("a,b", r#""a,b""#),
            ("a&b", r#""a&b""#),
            ("", r#""""#),
            // A program would take the last quote for a part of the word.
            (r"C:\my digits\", r#""C:\my digits\\""#),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
