//! Runs cells in order, each with the variables of those before it.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use evcxr::{CommandContext, Error};

/// Printed by a line that is appended to each cell: evcxr reports success also for a cell that
/// panicked or returned early with an error.
const END: &str = "the cell ran to its end";

/// Limit for the last line of an executed cell to arrive.
const LAST_LINE: Duration = Duration::from_secs(2);

/// Outputs of a cell.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) lines: Vec<String>,
    /// Other outputs, by media type.
    pub(crate) content: HashMap<String, String>,
}

/// A process that runs cells.
pub(crate) struct Kernel {
    context: CommandContext,
    lines: Receiver<String>,
}

impl Kernel {
    /// Starts the process, which inherits standard error.
    pub(crate) fn start() -> Result<Self> {
        let (context, outputs) = CommandContext::new().map_err(|error| anyhow!("{error}"))?;
        let (printed, lines) = mpsc::channel();
        // A cell ends only after evcxr has delivered its lines.
        thread::spawn(move || outputs.stdout.iter().try_for_each(|line| printed.send(line)));
        thread::spawn(move || outputs.stderr.iter().for_each(|line| eprintln!("{line}")));
        Ok(Self { context, lines })
    }

    /// Runs a cell; its code must end with a statement.
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

/// An error with the compiler's messages.
fn described(error: &Error) -> String {
    match error {
        Error::CompilationErrors(errors) => {
            let rendered: Vec<String> = errors.iter().map(|error| error.rendered()).collect();
            format!("it does not compile\n{}", rendered.join("\n"))
        }
        other => other.to_string(),
    }
}
