//! The project's automation: `cargo xtask test` is everything that CI checks.

mod boards;
mod cli;
mod devices;
mod packages;
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
        Ok(cli::Request::Run(steps)) => report::run(&steps),
        Err(message) => {
            eprintln!("error: {message}\n\n{}", cli::help());
            ExitCode::from(2)
        }
    }
}
