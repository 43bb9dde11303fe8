//! The project's automation: `cargo xtask test` is everything that CI checks.

mod apt;
mod book;
mod cli;
mod count;
mod devices;
mod package;
mod process;
mod report;
mod setup;
mod steps;
mod toolchain;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match cli::parse(&arguments) {
        Ok(cli::Request::Help) => {
            print!("{}", cli::help());
            ExitCode::SUCCESS
        }
        Ok(cli::Request::CountHelp) => {
            print!("{}", count::HELP);
            ExitCode::SUCCESS
        }
        Ok(cli::Request::Count(options)) => match count::count(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }
        },
        Ok(cli::Request::Run(steps)) => report::run(&steps),
        Err(message) => {
            let is_bench = arguments.first().is_some_and(|name| name == "count");
            let help = if is_bench { count::HELP.to_owned() } else { cli::help() };
            eprintln!("error: {message}\n\n{help}");
            ExitCode::from(2)
        }
    }
}
