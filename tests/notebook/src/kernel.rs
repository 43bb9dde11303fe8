//! Runs cells one after the other, each with the variables of those before it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};
use evcxr::{CommandContext, Error};

/// Printed by what is added to a cell: evcxr calls a cell that has panicked, or returned early with
/// an error, executed.
const END: &str = "the cell ran to its end";

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
    lines: Arc<Mutex<Vec<String>>>,
}

impl Kernel {
    /// Starts one. What cells print as errors goes to ours.
    pub(crate) fn start() -> Result<Self> {
        let (context, outputs) = CommandContext::new().map_err(|error| anyhow!("{error}"))?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let printed = Arc::clone(&lines);
        // A cell does not end before its lines have been taken.
        thread::spawn(move || {
            for line in outputs.stdout {
                printed.lock().expect("nobody panics with it").push(line);
            }
        });
        thread::spawn(move || outputs.stderr.iter().for_each(|line| eprintln!("{line}")));
        Ok(Self { context, lines })
    }

    /// Runs a cell, whose code must end with a statement.
    pub(crate) fn execute(&mut self, code: &str) -> Result<Output> {
        let code = format!("{code}\nprintln!(\"{END}\");");
        let result = self.context.execute(&code).map_err(|error| anyhow!(described(&error)))?;
        let mut lines = std::mem::take(&mut *self.lines.lock().expect("nobody panics with it"));
        let end = lines.pop().context("it failed: see above")?;
        if end != END {
            bail!("it failed after `{end}`: see above");
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
