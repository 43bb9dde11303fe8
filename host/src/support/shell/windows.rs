//! The command prompt and PowerShell.

use std::borrow::Cow;
use std::path::Path;

/// A text as one word, in quotes if it needs them. Double quotes are the only ones that both shells
/// take, and no path of Windows has one in it.
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
