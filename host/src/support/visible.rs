//! Text that others have written, made harmless to look at.

use std::path::Path;

/// The text with U+FFFD in place of everything that a terminal or a browser would obey instead of
/// showing it: one line, and in the order in which it is read.
pub fn line(text: &str) -> String {
    replaced(text, is_hidden)
}

/// A path likewise, for people: wherever a message or a result names a file, so that no name makes a line
/// of its own. Within a command for a shell, `support::shell` quotes it instead.
pub fn path(path: &Path) -> String {
    line(&path.to_string_lossy())
}

/// The start of a text, at most so many bytes of it and whole characters, where there is no room for more.
pub(crate) fn shortened(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// The most characters of a file's line, or of a message, in what is wrong with TOML.
const LONGEST: usize = 300;

/// What is wrong with TOML, in several lines: the place, the line there, and a message, which quotes keys
/// and so takes one line. What is longer than a person reads is cut off.
pub fn toml(error: &toml::de::Error) -> String {
    let text = lines(error.to_string().replace(error.message(), &line(error.message())).trim_end());
    let cut = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// The same for several lines: ends of lines, which become `\n`, and tabulators stay.
pub fn lines(text: &str) -> String {
    replaced(&text.replace("\r\n", "\n"), |c| is_hidden(c) && !matches!(c, '\n' | '\t'))
}

/// The same for lines with colours: `ESC [ numbers m` stays, too, and no other sequence.
pub fn coloured_lines(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut shown = lines(parts.next().unwrap_or_default());
    for part in parts {
        let numbers = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match numbers.strip_prefix('m') {
            Some(rest) => {
                shown += "\x1b[";
                shown += &part[..part.len() - rest.len()];
                shown += &lines(rest);
            }
            None => shown += &lines(&format!("\x1b[{part}")),
        }
    }
    shown
}

/// The same for JSON in one line, where such characters can stand as `\u202e`.
pub fn json(text: &str) -> String {
    escaped(text, is_hidden)
}

/// The same for JSON in several lines.
pub fn json_lines(text: &str) -> String {
    escaped(text, |c| is_hidden(c) && c != '\n')
}

fn escaped(text: &str, is_hidden: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            // In two halves where a character has more than 16 bits.
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|half| {
                shown += &format!("\\u{half:04x}");
            }),
            false => shown.push(c),
        }
    }
    shown
}

/// Whether a character is invisible but changes the rendering or tells two equal words apart: control
/// characters, line and paragraph separators, the marks that set the direction of writing (Unicode,
/// Annex 9), soft hyphens, joiners, fillers, selectors of variants, annotations and tags.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn replaced(text: &str, replace: impl Fn(char) -> bool) -> String {
    text.chars().map(|c| if replace(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_long_line_of_toml_is_short() {
        let fault = |text: &str| toml(&text.parse::<toml::Table>().unwrap_err());
        let long = fault(&format!("{} = = 1", "k".repeat(200_000)));
        assert!(long.len() < 2_000 && long.contains("kkk...") && long.contains("line 1"), "{long}");
        assert!(fault("a = = 1").contains("a = = 1"));
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_shown() {
        assert_eq!(line("b\u{1b}[31mag\u{202e}\n"), "b\u{fffd}[31mag\u{fffd}\u{fffd}");
        assert_eq!(line("Ankle boot, \u{5e9}\u{5dc}"), "Ankle boot, \u{5e9}\u{5dc}");
        assert_eq!(line("a\u{ad}b\u{200d}c\u{e0041}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(
            line("a\u{34f}b\u{3164}c\u{fe0f}d\u{e0100}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}"
        );
        for hidden in ['\u{180b}', '\u{180f}', '\u{17b4}', '\u{1bca0}', '\u{1d173}'] {
            assert_eq!(line(&hidden.to_string()), "\u{fffd}", "{}", hidden.escape_unicode());
        }
        assert_eq!(lines("a\tb\r\nc\rd\u{9b}2J"), "a\tb\nc\u{fffd}d\u{fffd}2J");
    }

    #[test]
    fn a_key_makes_no_line_of_its_own() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Empty {}
        let text = r#""a\nerror: b\u001b" = 1"#;
        let shown = toml(&::toml::from_str::<Empty>(text).unwrap_err());
        let last = shown.lines().last().unwrap();
        assert!(last.starts_with("unknown field `a\u{fffd}error: b\u{fffd}`"), "{shown}");
        assert!(shown.starts_with("TOML parse error at line 1, column 1\n"), "{shown}");
    }

    #[test]
    fn of_all_sequences_only_colours_stay() {
        let colours = "\x1b[38;5;1;48;5;2mA\x1b[0m\n";
        assert_eq!(coloured_lines(colours), colours);
        for sequence in
            ["\x1b[2J", "\x1b]0;title\x07", "\x1b[1;2", "\x1b", "\x1b[?25l", "\x1b[3\x1bm"]
        {
            let shown = coloured_lines(&format!("\x1b[0m{sequence}"));
            assert_eq!(shown, format!("\x1b[0m{}", line(sequence)));
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "a\u{202e}\u{7f}\u{85}\u{e0041}\n";
        let shown = json(&serde_json::to_string(text).unwrap());
        assert_eq!(shown, r#""a\u202e\u007f\u0085\udb40\udc41\n""#);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
