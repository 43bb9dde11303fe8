//! Command line: names of steps, or of groups of steps.

use std::fmt::Write as _;

use crate::steps::{STEPS, Step};

pub(crate) enum Request {
    /// Print the help.
    Help,
    /// Run these steps, in this order.
    Run(Vec<&'static Step>),
    /// Count instructions, with these options.
    Count(Vec<String>),
    /// Copy a board, with these arguments.
    NewBoard(Vec<String>),
    /// Attack the promises, with these options.
    Trust(Vec<String>),
}

/// Groups: name, purpose and steps.
const GROUPS: &[(&str, &str, &[&str])] = &[
    ("test", "everything that CI checks", &[]),
    ("check", "what needs no test run: style, lints, documentation", &["format", "lint", "docs"]),
];

/// Reads the arguments after `cargo xtask`.
pub(crate) fn parse(arguments: &[String]) -> Result<Request, String> {
    if let Some((name, rest)) = arguments.split_first() {
        match name.as_str() {
            "count" => return Ok(Request::Count(rest.to_vec())),
            "new-board" => return Ok(Request::NewBoard(rest.to_vec())),
            "trust" if !rest.is_empty() => return Ok(Request::Trust(rest.to_vec())),
            _ => {}
        }
    }
    if arguments.is_empty() || arguments.iter().any(|a| a == "--help" || a == "-h" || a == "help") {
        return Ok(Request::Help);
    }
    let mut chosen = Vec::new();
    for argument in arguments {
        if argument == "test" {
            chosen.extend(STEPS.iter().filter(|step| step.in_test));
            continue;
        }
        let group = GROUPS.iter().find(|(name, ..)| name == argument);
        let names = group.map_or_else(|| vec![argument.as_str()], |(.., steps)| steps.to_vec());
        for name in names {
            let step = STEPS.iter().find(|step| step.name == name);
            chosen.push(step.ok_or_else(|| format!("no step is called '{name}'"))?);
        }
    }
    Ok(Request::Run(chosen))
}

pub(crate) fn help() -> String {
    let mut text = String::from(
        "Inkbit's automation. It finds or installs what it needs, and prints each command before it runs.\n\n\
         Usage: cargo xtask NAME...\n       cargo xtask count [OPTIONS]   counts instructions; see \
         `cargo xtask count --help`\n       cargo xtask trust [--long]    attacks each promise; see \
         `cargo xtask trust --help`\n       cargo xtask new-board NAME --like BOARD   copies a board's \
         firmware\n\nGroups:\n",
    );
    for (name, purpose, _) in GROUPS {
        let _ = writeln!(text, "  {name:<9} {purpose}");
    }
    text.push_str("\nSteps:\n");
    for step in STEPS {
        let _ = writeln!(text, "  {:<9} {}", step.name, step.why);
    }
    text.push_str(
        "\nExamples:\n  \
         cargo xtask test          before a pull request: everything\n  \
         cargo xtask check         style, lints and documentation, in half a minute\n  \
         cargo xtask setup         only install what the other steps need\n  \
         cargo xtask core cross    after a change to the arithmetic\n  \
         cargo xtask count         what does an inference cost?\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(arguments: &[&str]) -> Vec<&'static str> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        match parse(&arguments) {
            Ok(Request::Run(steps)) => steps.iter().map(|step| step.name).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_group_stands_for_its_steps_and_test_for_all_of_ci() {
        assert_eq!(names(&["check"]), ["format", "lint", "docs"]);
        assert_eq!(names(&["core", "cross"]), ["core", "cross"]);
        let all: Vec<_> = STEPS.iter().filter(|step| step.in_test).map(|step| step.name).collect();
        assert_eq!(names(&["test"]), all);
    }

    #[test]
    fn an_unknown_step_is_refused_by_name() {
        let Err(message) = parse(&["tset".to_owned()]) else { panic!("accepted") };
        assert!(message.contains("tset"));
    }

    #[test]
    fn help_names_every_step() {
        assert!(STEPS.iter().all(|step| help().contains(step.why)));
    }
}
