//! The project's automation: `cargo xtask test` is everything that CI checks.

mod apt;
mod book;
mod c;
mod cli;
mod count;
mod devices;
mod fuzz;
mod new_board;
mod package;
mod process;
mod projects;
mod release;
mod report;
mod setup;
mod steps;
mod supply;
mod toolchain;
mod trust;
mod undefined;
mod windows;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = release::wrapped() {
        return ExitCode::from(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match cli::parse(&arguments) {
        Ok(cli::Request::Help) => {
            print!("{}", cli::help());
            ExitCode::SUCCESS
        }
        Ok(cli::Request::Count(options)) => exit(count::count(&options)),
        Ok(cli::Request::NewBoard(arguments)) => exit(new_board::add(&arguments)),
        Ok(cli::Request::Trust(options)) => exit(trust::attack(&options)),
        Ok(cli::Request::Run(steps)) => report::run(&steps),
        Err(message) => {
            eprintln!("error: {message}\n\n{}", cli::help());
            ExitCode::from(2)
        }
    }
}

fn exit(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
