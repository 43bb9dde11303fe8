//! What is wrong with a configuration's text, in words.

/// How alike two keys are, from 0 to 1, if one may be a slip for the other.
const ALIKE: f64 = 0.8;

/// A parser's message about this text, without the names of Rust's types, and with advice.
pub(super) fn in_words(message: &str, text: &str) -> String {
    const WHOLE: &str = "a whole number, at least 0";
    if let Some(message) = unknown_key(message, text) {
        return message;
    }
    let mut message = message.to_owned();
    for (found, words) in [
        ("usize", WHOLE),
        ("u64", WHOLE),
        ("u8", "a whole number from 0 to 255"),
        ("f32", "a number"),
        ("f64", "a number"),
        ("a sequence", "a list, as in [256, 128]"),
        ("struct AdamConfig", "a table, [adam]"),
        ("struct Augment", "a table, [augment]"),
    ] {
        message = message.replace(&format!("expected {found}"), &format!("expected {words}"));
    }
    if message.starts_with("missing field") {
        message += "; another version may have written the file: add the line, as \
                    `inkbit train --print-config` shows it";
    }
    message
}

/// Where a key is that does not exist, and which one it may be meant for.
fn unknown_key(message: &str, text: &str) -> Option<String> {
    let (key, known) = message.strip_prefix("unknown field `")?.split_once("`, expected ")?;
    let is_there = |line: &str| {
        let rest = line.trim_start().trim_start_matches('[').trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
    };
    let line = text.lines().position(is_there).map(|index| format!("line {}: ", index + 1));
    let known = known.lines().next().unwrap_or_default().split('`').skip(1).step_by(2);
    let nearest = known
        .map(|known| (strsim::jaro_winkler(key, known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(alike, _)| *alike >= ALIKE);
    let meant = nearest.map(|(_, known)| format!("did you mean `{known}`? "));
    Some(format!(
        "{}there is no key `{key}`; {}`inkbit train --print-config` lists every key",
        line.unwrap_or_default(),
        meant.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_comes_with_its_line_and_the_nearest_one() {
        let message = "unknown field `epohcs`, expected one of `hidden`, `epochs`, `bits`\n";
        assert_eq!(
            in_words(message, "bits = [8]\nepohcs = 3"),
            "line 2: there is no key `epohcs`; did you mean `epochs`? `inkbit train --print-config` \
             lists every key"
        );
        let message = "unknown field `training`, expected `beta1` or `beta2`";
        assert_eq!(
            in_words(message, ""),
            "there is no key `training`; `inkbit train --print-config` lists every key"
        );
    }
}
