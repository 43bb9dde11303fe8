//! The command line: one file for each subcommand, thin over the library.

use std::env;
use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::data::labels;
use crate::model::{Blob, MODEL_KIND};
use crate::report::terminal;
use crate::run::Run;
use crate::support::error::chain;
pub use crate::support::output::complain;
use crate::support::{files, limit, output, visible};

mod cascade;
mod compare;
mod config_args;
mod dashboard;
mod data;
mod data_args;
mod device_args;
mod evaluate;
mod export;
mod fine_tune;
mod flash;
#[cfg(fuzzing)]
pub mod fuzz;
mod image;
mod import;
mod inspect;
mod interrupt;
mod licences;
mod manual;
mod models;
mod new;
mod play;
mod predict;
mod progress;
mod quantize;
mod quickstart;
mod recorded;
mod report;
mod run;
mod selftest;
mod send;
mod sweep;
mod train;
mod trained;
mod verify;

/// Train a small neural network, quantize it, and prove its bits before they are flashed.
#[derive(Debug, Parser)]
#[command(
    name = "inkbit",
    version,
    after_help = include_str!("../../templates/help/inkbit.txt")
)]
pub struct Cli {
    /// Print results and errors only: no progress, no colours, no line per epoch
    #[arg(short, long, global = true)]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Quickstart(quickstart::Args),
    Train(train::Args),
    Data(data::Args),
    Import(Box<import::Args>),
    Quantize(quantize::Args),
    Cascade(cascade::Args),
    Evaluate(evaluate::Args),
    Models(models::Args),
    Sweep(Box<sweep::Args>),
    Verify(verify::Args),
    Predict(predict::Args),
    Inspect(inspect::Args),
    Report(report::Args),
    Play(play::Args),
    Compare(compare::Args),
    Completions(manual::CompletionsArgs),
    Man(manual::ManArgs),
    Licences(licences::Args),
    New(new::Args),
    Flash(flash::Args),
    Image(image::Args),
    Export(Box<export::Args>),
    Run(run::Args),
    Selftest(selftest::Args),
    Send(send::Args),
}

/// A wrong use of the command, as opposed to a failure: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

/// The same as that error with its causes, as a wrong use.
fn wrong_use(error: impl Error + 'static) -> anyhow::Error {
    usage(chain(&error))
}

/// Refuses a model whose labels would be obeyed, not shown, by a terminal that somebody else's program
/// prints them to.
fn check_labels(blob: &Blob) -> anyhow::Result<()> {
    let Some((class, hidden)) = labels::first_hidden(&blob.model()?) else { return Ok(()) };
    Err(usage(format!(
        "the label of class {class} has the invisible character U+{:04X}, which a program would print: \
         take a model whose labels have none",
        u32::from(hidden)
    )))
}

/// Refuses a name for a model that cannot be written, or must not be, before anything is computed.
fn check_model_file(path: &Path) -> anyhow::Result<()> {
    MODEL_KIND.check(path)?;
    keep_runs(path)?;
    Ok(files::check_folder_of(path)?)
}

/// Refuses to write what is a part of a training run.
fn keep_runs(path: &Path) -> anyhow::Result<()> {
    match Run::has(path) {
        true => Err(usage(format!(
            "{} is a file of a training run: give another path",
            visible::path(path)
        ))),
        false => Ok(()),
    }
}

/// Reads a file that a flag names; one that cannot be read is a wrong use.
fn read_text(path: &Path) -> anyhow::Result<String> {
    limit::read_named_text(path).map_err(wrong_use)
}

/// The command was interrupted; it has saved its state and has said how to go on. Exit code 130, by
/// the convention of shells.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

pub const INTERRUPTED: u8 = 130;

static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether only results and errors are to be printed.
fn quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

fn coloured() -> bool {
    !quiet() && terminal::has_colours()
}

/// Runs the command line of this process; its result is the exit code.
#[must_use]
pub fn command() -> ExitCode {
    let done = Cli::try_parse().map_or_else(refuse, |cli| run(&cli).map(|()| ExitCode::SUCCESS));
    let error = match done {
        Ok(code) => return code,
        Err(error) => error,
    };
    if error.is::<Interrupted>() {
        return ExitCode::from(INTERRUPTED);
    }
    complain(&format!("error: {error:#}"));
    ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
}

/// Prints what was asked for instead of a subcommand, such as help, or what is wrong with the
/// arguments.
fn refuse(found: clap::Error) -> anyhow::Result<ExitCode> {
    let text = found.render();
    match found.use_stderr() {
        true => complain(shown(&found).trim_end()),
        false if terminal::has_colours() => {
            output::print_coloured(&text.ansi().to_string()).map_err(unprinted)?;
        }
        false => print(&text.to_string())?,
    }
    Ok(ExitCode::from(found.exit_code() as u8))
}

/// What is wrong with the arguments. clap shows these as they are: one with a line feed would make a line
/// of its own. So they are parsed once more, in the way that they may be shown.
fn shown(found: &clap::Error) -> String {
    let arguments = env::args_os().map(|argument| visible::line(&argument.to_string_lossy()));
    match Cli::try_parse_from(arguments) {
        Err(error) if error.kind() == found.kind() => error.render().to_string(),
        _ => visible::line(&found.render().to_string()),
    }
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    QUIET.store(cli.quiet, Ordering::Relaxed);
    match &cli.command {
        Command::Quickstart(args) => quickstart::run(args),
        Command::Train(args) => train::run(args),
        Command::Data(args) => data::run(args),
        Command::Import(args) => import::run(args),
        Command::Quantize(args) => quantize::run(args),
        Command::Cascade(args) => cascade::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Models(args) => models::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Report(args) => report::run(args),
        Command::Play(args) => play::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
        Command::Licences(args) => licences::run(args),
        Command::New(args) => new::run(args),
        Command::Flash(args) => flash::run(args),
        Command::Image(args) => image::run(args),
        Command::Export(args) => export::run(args),
        Command::Run(args) => run::run(args),
        Command::Selftest(args) => selftest::run(args),
        Command::Send(args) => send::run(args),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    output::print(text).map_err(unprinted)
}

/// Prints what has colours if the terminal has them.
fn print_drawn(text: &str) -> anyhow::Result<()> {
    let print = if coloured() { output::print_coloured } else { output::print };
    print(text).map_err(unprinted)
}

/// Standard output that does not take what is printed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
struct Unprinted(#[source] io::Error);

fn unprinted(error: io::Error) -> anyhow::Error {
    Unprinted(error).into()
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    output::print_json(&serde_json::to_string(value)?).map_err(unprinted)
}

/// Prints a value as one line of JSON, or its text.
fn print_as(
    json: bool,
    value: &impl Serialize,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    if json { print_json(value) } else { print(&text()) }
}
