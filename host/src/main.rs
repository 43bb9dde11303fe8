//! The `inkbit` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    inkbit::command()
}
