//! The `inkbit` command.

mod cli;

use std::io;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let Err(error) = cli::run(&cli::Cli::parse()) else { return ExitCode::SUCCESS };
    // `inkbit evaluate model.inkbit | head` is no failure.
    if error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
    }) {
        return ExitCode::SUCCESS;
    }
    if error.is::<cli::Interrupted>() {
        return ExitCode::from(cli::INTERRUPTED);
    }
    cli::complain(&format!("error: {}", message(&error)));
    ExitCode::from(if error.is::<cli::UsageError>() { 2 } else { 1 })
}

/// The error and its causes, each once: many texts of the library have their cause in them already.
fn message(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}
