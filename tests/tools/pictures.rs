//! Counts the pictures of each condition that three models read right, and prints them as a table:
//!
//! ```text
//! cargo xtask pictures
//! ```

use std::process::ExitCode;

use inkbit_tests::devices::digits;
use inkbit_tests::pictures::{MODELS, rows};

/// Pictures of a condition.
const COUNT: usize = 40;

fn main() -> ExitCode {
    println!("| picture | {} | at least | of |", MODELS.join(" | "));
    println!("|---|---:|---:|---:|---:|---:|");
    let rows = rows(&digits(1_000), COUNT);
    rows.iter().for_each(|row| println!("{row}"));
    let missed = rows.iter().filter(|row| !row.holds()).count();
    if missed > 0 {
        eprintln!("error: {missed} rows have fewer than they have to");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
