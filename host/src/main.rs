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
    eprintln!("error: {error:#}");
    ExitCode::from(if error.is::<cli::UsageError>() { 2 } else { 1 })
}
