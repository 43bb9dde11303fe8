//! The progress of a sweep.

use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::cli::progress;
use crate::support::numbers::{counted, percent};
use crate::support::shell;
use crate::sweep::{Outcome, Progress, SessionSummary, Sweep};

/// The result of a session in words.
pub(super) fn closing(summary: &SessionSummary, out: &Path) -> String {
    let SessionSummary { finished, before, failed, elsewhere, left } = summary;
    let mut text =
        format!("{} finished, {before} before", counted(*finished, "training", "trainings"));
    for (count, what) in [(failed, "failed"), (elsewhere, "in another process")] {
        if *count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    if *left > 0 {
        text += &format!(", {left} left: `inkbit sweep --out {}` goes on", shell::path(out));
    }
    text
}

/// Shows the progress of a sweep: a line for each training that ends, and a bar on a terminal.
pub(super) struct Display<'a> {
    sweep: &'a Sweep,
    cells: usize,
    start: Instant,
    bar: ProgressBar,
    lines: bool,
    /// Whether a line has estimated the duration.
    told: bool,
}

impl<'a> Display<'a> {
    pub(super) fn new(sweep: &'a Sweep, cells: usize, lines: bool) -> Self {
        /// Steps of the bar, which also moves within a training.
        const STEPS: u64 = 1000;
        let bar = progress::bar(STEPS, "{wide_bar} {msg}");
        Self { sweep, cells, start: Instant::now(), bar, lines, told: false }
    }

    /// Prints a line above the bar. If standard output is closed, the sweep goes on.
    pub(super) fn line(&self, line: &str) {
        if self.lines {
            self.bar.suspend(|| drop(crate::cli::print(&format!("{line}\n"))));
        }
    }

    pub(super) fn show(&mut self, now: &Progress<'_>) {
        /// After this time the rest can be estimated, and is printed if no training has ended yet.
        const SAMPLE: Duration = Duration::from_secs(10);
        let left = self.left(now);
        if !self.told && (now.ended.is_some() || self.start.elapsed() > SAMPLE && now.worked > 0.0)
        {
            self.told = true;
            if now.ended.is_none() {
                self.line(&format!("about {left}"));
            }
        }
        if let Some((cell, outcome)) = now.ended {
            self.line(&format!(
                "{:3}/{} {} seed {}: {}; {left}",
                now.finished,
                self.cells,
                self.sweep.label(&cell.config),
                cell.config.seed,
                describe(outcome)
            ));
        }
        let fraction = now.worked / (now.worked + now.remaining).max(1.0);
        self.bar.set_position((fraction * self.bar.length().unwrap_or_default() as f64) as u64);
        self.bar.set_message(format!("{}/{}, {left}", now.finished, self.cells));
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// An estimate of the time left, from the progress of this session.
    fn left(&self, now: &Progress<'_>) -> String {
        if now.remaining == 0.0 {
            return "0 s left".to_owned();
        }
        if now.worked == 0.0 {
            return "time left unknown".to_owned();
        }
        let seconds = self.start.elapsed().as_secs_f64() * now.remaining / now.worked;
        match seconds {
            0.0..100.0 => format!("{seconds:.0} s left"),
            100.0..6000.0 => format!("{:.0} min left", seconds / 60.0),
            _ => format!("{:.1} h left", seconds / 3600.0),
        }
    }
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(reason) => format!("failed: {reason}"),
        Outcome::Trained(trained) => format!(
            "{} bytes, validation {}, test {}, {:.0} s",
            trained.bytes,
            percent(trained.validation_accuracy),
            percent(trained.test_accuracy),
            trained.seconds
        ),
    }
}
