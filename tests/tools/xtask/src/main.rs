//! The project's automation: `cargo xtask test` is everything that CI checks.

mod apt;
mod book;
mod cli;
mod count;
mod devices;
mod fuzz;
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
        Ok(cli::Request::Count(options)) => match count::count(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }
        },
        Ok(cli::Request::Run(steps)) => report::run(&steps),
        Err(message) => {
            eprintln!("error: {message}\n\n{}", cli::help());
            ExitCode::from(2)
        }
    }
}
