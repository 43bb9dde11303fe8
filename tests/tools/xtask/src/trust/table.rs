//! The table of promises: on standard output, and in the book.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::process::{output, root};

use super::Effort;

/// The page that keeps the last run that was written.
pub(super) const PAGE: &str = "docs/src/trust.md";

const START: &str = "<!-- the last run -->\n";
const END: &str = "<!-- end of the last run -->";

pub(super) struct Row {
    pub(super) promise: &'static str,
    /// So many of what.
    pub(super) tried: Vec<(u64, String)>,
    pub(super) state: State,
    pub(super) time: Duration,
}

pub(super) enum State {
    Holds,
    /// Something of it could not be tried here: the reasons.
    Skipped(Vec<String>),
    Broken(String),
}

impl State {
    pub(super) fn skip(&mut self, reason: String) {
        match self {
            Self::Holds => *self = Self::Skipped(vec![reason]),
            Self::Skipped(reasons) => reasons.push(reason),
            Self::Broken(_) => {}
        }
    }
}

/// Adds counts; the same words are one figure.
pub(super) fn add(tried: &mut Vec<(u64, String)>, counts: Vec<(u64, String)>) {
    for (count, what) in counts {
        match tried.iter_mut().find(|(_, known)| *known == what) {
            Some((sum, _)) => *sum += count,
            None => tried.push((count, what)),
        }
    }
}

pub(super) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| promise | tried | result | time |\n|---|---|---|---|\n");
    for Row { promise, tried, state, time } in rows {
        let tried: Vec<String> =
            tried.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        let result = match state {
            State::Holds => "holds".to_owned(),
            State::Skipped(reasons) => format!("holds; skipped here: {}", reasons.join("; ")),
            State::Broken(_) => "**does not hold**".to_owned(),
        };
        let seconds = time.as_secs();
        let _ = writeln!(text, "| {promise} | {} | {result} | {seconds} s |", tried.join("; "));
    }
    text
}

/// Replaces the table in the book, with the day and the commit.
pub(super) fn write(rows: &[Row], effort: Effort) -> Result<(), String> {
    let day = output("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(|| "on an unknown day".into());
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
    let commit = commit.unwrap_or_else(|| "unknown".into());
    let changed = output("git", &["status", "--porcelain", "--untracked-files=no"]);
    let changed = if changed.is_some_and(|list| list.is_empty()) { "" } else { ", changed" };
    let path = root().join(PAGE);
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let page = fs::read_to_string(&path).map_err(failed)?;
    let (before, after) = page
        .split_once(START)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)))
        .ok_or_else(|| format!("{}: expected {START:?} and {END:?}", path.display()))?;
    let form = if effort == Effort::Long { "long" } else { "short" };
    let heading = format!("The {form} form, on {day}, of commit `{commit}`{changed}:\n\n");
    let text = format!("{before}{START}{heading}{}{END}{after}", markdown(rows));
    fs::write(&path, text).map_err(failed)
}

/// A number with separators between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod unit {
    use super::super::promises::PROMISES;
    use super::*;

    #[test]
    fn equal_words_are_one_figure() {
        let mut tried = vec![(4000, "images".to_owned())];
        add(&mut tried, vec![(1_230_000, "images".to_owned()), (1, "board".to_owned())]);
        let row = Row { promise: "It holds.", tried, state: State::Holds, time: Duration::ZERO };
        let text = markdown(&[row]);
        assert!(
            text.ends_with("| It holds. | 1,234,000 images; 1 board | holds | 0 s |\n"),
            "{text}"
        );
    }

    #[test]
    fn the_page_has_a_row_for_each_promise_and_each_holds() {
        let page = fs::read_to_string(root().join(PAGE)).unwrap();
        let (_, rest) = page.split_once(START).unwrap();
        let (run, _) = rest.split_once(END).unwrap();
        for promise in PROMISES {
            let row =
                run.lines().find(|line| line.starts_with(&format!("| {} |", promise.promise)));
            let row = row.unwrap_or_else(|| panic!("no row: {}", promise.promise));
            assert!(row.contains("| holds"), "{row}");
        }
        assert_eq!(run.matches("| holds").count(), PROMISES.len(), "rows without a promise");
    }
}
