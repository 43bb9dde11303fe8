//! The table of promises: on standard output, and in the book.

use std::fs;
use std::time::Duration;

use crate::process::{output, root};

use super::promises::PROMISES;
use super::{Effort, Promise};

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

const HEAD: &str =
    "| promise | tried | result | time | form, day, commit |\n|---|---|---|---|---|\n";

/// The table, with what all of its rows have in common.
pub(super) fn markdown(rows: &[Row], run: &str) -> String {
    rows.iter().fold(HEAD.to_owned(), |table, row| table + &row.markdown(run))
}

impl Row {
    fn markdown(&self, run: &str) -> String {
        let Self { promise, tried, state, time } = self;
        let tried: Vec<String> =
            tried.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
        let result = match state {
            State::Holds => "holds".to_owned(),
            State::Skipped(reasons) => format!("holds; skipped here: {}", reasons.join("; ")),
            State::Broken(_) => "**does not hold**".to_owned(),
        };
        let seconds = time.as_secs();
        format!("| {promise} | {} | {result} | {seconds} s | {run} |\n", tried.join("; "))
    }
}

/// The form of a run, its day and its commit.
pub(super) fn run(effort: Effort) -> String {
    let day = output("date", &["-u", "+%Y-%m-%d"]).unwrap_or_else(|| "an unknown day".into());
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
    let commit = commit.unwrap_or_else(|| "unknown".into());
    let changed = output("git", &["status", "--porcelain", "--untracked-files=no"]);
    let changed = if changed.is_some_and(|list| list.is_empty()) { "" } else { ", changed" };
    let form = if effort == Effort::Long { "long" } else { "short" };
    format!("{form}, {day}, `{commit}`{changed}")
}

/// Puts the rows into the book's table, in place of those of the same promises.
pub(super) fn write(rows: &[Row], run: &str) -> Result<(), String> {
    let path = root().join(PAGE);
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let page = fs::read_to_string(&path).map_err(failed)?;
    let (before, known, after) = parts(&page)
        .ok_or_else(|| format!("{}: expected {START:?} and {END:?}", path.display()))?;
    let table = merged(rows, run, known);
    fs::write(&path, format!("{before}{START}{table}{END}{after}")).map_err(failed)
}

/// The page before the table, the table, and the page behind it.
fn parts(page: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = page.split_once(START)?;
    let (table, after) = rest.split_once(END)?;
    Some((before, table, after))
}

/// The table of all promises: of each the row of this run, or else the one that is known.
fn merged(rows: &[Row], run: &str, known: &str) -> String {
    let mut table = HEAD.to_owned();
    for Promise { promise, .. } in PROMISES {
        match rows.iter().find(|row| row.promise == *promise) {
            Some(row) => table += &row.markdown(run),
            None => {
                let line = known.lines().find(|line| line.starts_with(&format!("| {promise} |")));
                table.extend(line.map(|line| format!("{line}\n")));
            }
        }
    }
    table
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
    use super::*;

    #[test]
    fn equal_words_are_one_figure() {
        let mut tried = vec![(4000, "images".to_owned())];
        add(&mut tried, vec![(1_230_000, "images".to_owned()), (1, "board".to_owned())]);
        let row = Row { promise: "It holds.", tried, state: State::Holds, time: Duration::ZERO };
        let text = markdown(&[row], "long, today");
        let expected = "| It holds. | 1,234,000 images; 1 board | holds | 0 s | long, today |\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn a_run_of_some_promises_leaves_the_rows_of_the_others() {
        let row = |promise, count| Row {
            promise,
            tried: vec![(count, "tries".to_owned())],
            state: State::Holds,
            time: Duration::ZERO,
        };
        let all: Vec<Row> = PROMISES.iter().map(|promise| row(promise.promise, 1)).collect();
        let before = merged(&all, "first", "");
        let after = merged(&[row(PROMISES[1].promise, 2)], "second", &before);
        let changed: Vec<_> =
            before.lines().zip(after.lines()).filter(|(old, new)| old != new).collect();
        assert_eq!(before.lines().count(), after.lines().count());
        let [(old, new)] = changed[..] else { panic!("{changed:?}") };
        assert!(old.ends_with("| 1 tries | holds | 0 s | first |"), "{old}");
        assert!(new.ends_with("| 2 tries | holds | 0 s | second |"), "{new}");
    }

    #[test]
    fn the_page_has_a_row_for_each_promise_and_each_holds() {
        let page = fs::read_to_string(root().join(PAGE)).unwrap();
        let (_, run, _) = parts(&page).unwrap();
        for promise in PROMISES {
            let row =
                run.lines().find(|line| line.starts_with(&format!("| {} |", promise.promise)));
            let row = row.unwrap_or_else(|| panic!("no row: {}", promise.promise));
            assert!(row.contains("| holds"), "{row}");
        }
        assert_eq!(run.matches("| holds").count(), PROMISES.len(), "rows without a promise");
    }
}
