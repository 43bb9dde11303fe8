//! Runs steps, times each, and prints a table of their results.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::steps::{Outcome, Step};

/// Runs the steps. After one that fails, the others still run.
pub(crate) fn run(steps: &[&'static Step]) -> ExitCode {
    let begin = Instant::now();
    let mut rows = Vec::new();
    for step in steps {
        eprintln!("\n=== {}: {}", step.name, step.why);
        let start = Instant::now();
        let outcome = (step.run)();
        if let Err(reason) = &outcome {
            eprintln!("=== {} failed: {reason}", step.name);
        }
        rows.push((step.name, start.elapsed(), outcome));
    }
    eprintln!("\n{:<10} {:>8}  result", "step", "time");
    for (name, time, outcome) in &rows {
        let result = match outcome {
            Ok(Outcome::Done) => "ok".to_owned(),
            Ok(Outcome::Skipped(reason)) => format!("skipped: {reason}"),
            Err(reason) => format!("FAILED: {}", reason.lines().next().unwrap_or_default()),
        };
        eprintln!("{name:<10} {:>8}  {result}", seconds(*time));
    }
    eprintln!("{:<10} {:>8}", "all", seconds(begin.elapsed()));
    // Once more and whole, at the end: a log that is cut keeps this.
    for (name, _, outcome) in &rows {
        if let Err(reason) = outcome {
            eprintln!("\n{name} failed: {reason}");
        }
    }
    ExitCode::from(u8::from(rows.iter().any(|(.., outcome)| outcome.is_err())))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
