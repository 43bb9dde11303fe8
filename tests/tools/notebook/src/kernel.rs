//! Runs cells one after the other, each with the variables of those before it.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use evcxr::{CommandContext, Error};

/// Printed by what is added to a cell: evcxr calls a cell that has panicked, or returned early with
/// an error, executed.
const END: &str = "the cell ran to its end";

/// How long the last line of a cell that has been executed may take to arrive.
const LAST_LINE: Duration = Duration::from_secs(2);

/// What a cell gives.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The lines that it prints.
    pub(crate) lines: Vec<String>,
    /// What else it shows, by media type.
    pub(crate) content: HashMap<String, String>,
}

/// A process that runs cells.
pub(crate) struct Kernel {
    context: CommandContext,
    lines: Receiver<String>,
}

impl Kernel {
    /// Starts one. What cells print as errors goes to ours.
    pub(crate) fn start() -> Result<Self> {
        let (context, outputs) = CommandContext::new().map_err(|error| anyhow!("{error}"))?;
        let (printed, lines) = mpsc::channel();
        // A cell does not end before evcxr has got rid of its lines.
        thread::spawn(move || outputs.stdout.iter().try_for_each(|line| printed.send(line)));
        thread::spawn(move || outputs.stderr.iter().for_each(|line| eprintln!("{line}")));
        Ok(Self { context, lines })
    }

    /// Runs a cell, whose code must end with a statement.
    pub(crate) fn execute(&mut self, code: &str) -> Result<Output> {
        let code = format!("{code}\nprintln!(\"{END}\");");
        let result = self.context.execute(&code).map_err(|error| anyhow!(described(&error)))?;
        let mut lines = Vec::new();
        loop {
            let line = self.lines.recv_timeout(LAST_LINE);
            let line = line.map_err(|_| anyhow!("it failed: see above"))?;
            if line == END {
                break;
            }
            lines.push(line);
        }
        Ok(Output { lines, content: result.content_by_mime_type })
    }
}

/// An error with what the compiler says.
fn described(error: &Error) -> String {
    match error {
        Error::CompilationErrors(errors) => {
            let rendered: Vec<String> = errors.iter().map(|error| error.rendered()).collect();
            format!("it does not compile\n{}", rendered.join("\n"))
        }
        other => other.to_string(),
    }
}
