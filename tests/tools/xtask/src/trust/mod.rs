//! `cargo xtask trust`: attacks each promise of the README and prints one table of what was tried.

mod promises;
mod table;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{cargo, run_heard};
use crate::setup;
use crate::steps::Outcome;

pub(crate) use promises::MODULES;
use promises::PROMISES;
use table::{Row, State};

/// The longest part of the long form: 50 million inputs.
const LONG_LIMIT: Duration = Duration::from_secs(4 * 60 * 60);

/// The longest part of the short form, with its build from nothing.
const SHORT_LIMIT: Duration = Duration::from_secs(20 * 60);

/// What a test prints before what it has tried: a number, and words.
const TRIED: &str = "tried: ";

/// What a test prints before the reason for which it tried nothing.
const SKIPPED: &str = "skipped: ";

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As much as CI has time for.
    Short,
    /// Hours.
    Long,
}

/// A promise, and the attacks that would show it broken.
struct Promise {
    /// Its name on the command line.
    name: &'static str,
    /// What is promised, as a sentence.
    promise: &'static str,
    attacks: &'static [Attack],
}

/// One command, or one function, that fails where the promise does not hold.
enum Attack {
    /// Tests of a package, ignored ones too: arguments of `cargo test`, and what their names hold.
    Tests(&'static [&'static str], &'static [&'static str]),
    /// Whatever is not a test.
    Function(fn(Effort) -> Result<Tried, String>),
}

/// What an attack says of itself.
pub(crate) enum Tried {
    /// So many of what.
    Counts(Vec<(u64, String)>),
    /// The machine lacks something.
    Skipped(String),
}

/// The step of `cargo xtask test`.
pub(crate) fn short() -> Result<Outcome, String> {
    attack(&[])?;
    Ok(Outcome::Done)
}

/// `cargo xtask trust` with its arguments: `--long`, `--write`, and names of promises.
///
/// # Errors
///
/// The promises that did not hold, or an argument that is none.
pub(crate) fn attack(arguments: &[String]) -> Result<(), String> {
    let mut effort = Effort::Short;
    let mut writes = false;
    let mut chosen = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{}", help());
                return Ok(());
            }
            "--long" => effort = Effort::Long,
            "--write" => writes = true,
            name => chosen.push(
                PROMISES
                    .iter()
                    .find(|promise| promise.name == name)
                    .ok_or_else(|| format!("no promise is called '{name}'\n\n{}", help()))?,
            ),
        }
    }
    if chosen.is_empty() {
        chosen = PROMISES.iter().collect();
    }
    // Before it begins: what is committed meanwhile has not been tried.
    let run = table::run(effort);
    let rows: Vec<Row> = chosen.iter().map(|promise| put_to_the_test(promise, effort)).collect();
    println!("\n{}", table::markdown(&rows, &run));
    if writes {
        table::write(&rows, &run)?;
    }
    let broken: Vec<_> = rows.iter().filter(|row| matches!(row.state, State::Broken(_))).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let reasons = broken.iter().map(|row| match &row.state {
        State::Broken(reason) => format!("{}: {reason}", row.promise),
        _ => String::new(),
    });
    Err(format!(
        "{} of {} promises do not hold:\n{}",
        broken.len(),
        rows.len(),
        reasons.collect::<Vec<_>>().join("\n")
    ))
}

fn help() -> String {
    let mut text = String::from(
        "Attacks the project's promises, and prints a table of what was tried.\n\n\
         Usage: cargo xtask trust [--long] [--write] [NAME...]\n\n\
         Without names: all promises. --long tries each for much longer, hours in all. --write puts \
         the rows into the table of docs/src/trust.md, in place of those of the same promises.\n\nNames:\n",
    );
    for Promise { name, promise, .. } in PROMISES {
        text.push_str(&format!("  {name:<12} {promise}\n"));
    }
    text
}

fn put_to_the_test(promise: &Promise, effort: Effort) -> Row {
    eprintln!("\n--- {}: {}", promise.name, promise.promise);
    let start = Instant::now();
    let mut tried = Vec::new();
    let mut state = State::Holds;
    for attack in promise.attacks {
        match attack.run(effort) {
            Ok(Tried::Counts(counts)) => table::add(&mut tried, counts),
            Ok(Tried::Skipped(reason)) => {
                eprintln!("skipped: {reason}");
                state.skip(reason);
            }
            Err(reason) => {
                eprintln!("--- {} does not hold: {reason}", promise.name);
                state = State::Broken(reason);
                break;
            }
        }
    }
    Row { promise: promise.promise, tried, state, time: start.elapsed() }
}

impl Attack {
    fn run(&self, effort: Effort) -> Result<Tried, String> {
        match self {
            Self::Function(function) => function(effort),
            Self::Tests(package, names) => {
                let mut command = cargo(&["test", "--release"]);
                command
                    .args(*package)
                    .args(["--", "--include-ignored", "--nocapture"])
                    .args(*names);
                tests(&mut command, effort)
            }
        }
    }
}

/// Runs tests and reads what they say they tried.
pub(crate) fn tests(command: &mut Command, effort: Effort) -> Result<Tried, String> {
    // Where they were set up, a test that needs them may not skip itself.
    if setup::emulators().is_ok() {
        command.env("INKBIT_REQUIRE_DEVICES", "1");
    }
    if setup::pico().is_ok() {
        command.env("INKBIT_REQUIRE_PICO", "1");
    }
    if setup::has_browser() {
        command.env("INKBIT_REQUIRE_BROWSER", "1");
    }
    if effort == Effort::Long {
        command.env("INKBIT_LONG", "1");
    }
    let mut said = Said::default();
    run_heard(command, limit(effort))?.iter().for_each(|line| said.hear(line));
    match said {
        Said { tried, .. } if !tried.is_empty() => Ok(Tried::Counts(tried)),
        Said { skipped: Some(reason), .. } => Ok(Tried::Skipped(reason)),
        Said { passed: 0, .. } if !cfg!(target_os = "linux") => {
            Ok(Tried::Skipped("this is tried on Linux alone".to_owned()))
        }
        // A name that fits no test must not count as a promise that holds.
        Said { passed: 0, .. } => Err("no test has this name".to_owned()),
        Said { passed, .. } => Ok(Tried::Counts(vec![(passed, "tests".to_owned())])),
    }
}

/// How long one attack may take.
pub(crate) fn limit(effort: Effort) -> Duration {
    match effort {
        Effort::Short => SHORT_LIMIT,
        Effort::Long => LONG_LIMIT,
    }
}

/// What tests and their harness have printed.
#[derive(Default)]
struct Said {
    tried: Vec<(u64, String)>,
    skipped: Option<String>,
    passed: u64,
}

impl Said {
    /// Without capture, the harness's own words may stand before a test's on one line.
    fn hear(&mut self, line: &str) {
        if let Some((_, figure)) = line.split_once(TRIED)
            && let Some((count, what)) = figure.split_once(' ')
            && let Ok(count) = count.parse()
        {
            self.tried.push((count, what.to_owned()));
        }
        if let Some((_, reason)) = line.split_once(SKIPPED) {
            self.skipped = Some(reason.to_owned());
        }
        if let Some(result) = line.strip_prefix("test result: ok. ")
            && let Some((passed, _)) = result.split_once(" passed")
        {
            self.passed += passed.parse().unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn figures_of_tests_are_heard_behind_the_harness_words() {
        let mut said = Said::default();
        for line in [
            "test kills ... tried: 50 kills of train",
            "tried: 7 full disks",
            "tried: many",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out",
        ] {
            said.hear(line);
        }
        let expected = [(50, "kills of train".to_owned()), (7, "full disks".to_owned())];
        assert_eq!((said.tried.as_slice(), said.passed), (&expected[..], 3));
    }

    #[test]
    fn a_promise_without_a_test_does_not_hold() {
        assert!(tests(&mut Command::new("true"), Effort::Short).is_err());
    }

    #[test]
    fn an_unknown_promise_is_refused_by_name() {
        let message = attack(&["wealth".to_owned()]).unwrap_err();
        assert!(message.contains("'wealth'"), "{message}");
    }
}
