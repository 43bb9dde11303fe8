//! Counts the pictures of each condition that three models read right, and what each model calls none of
//! its classes, and prints both as tables:
//!
//! ```text
//! cargo xtask pictures
//! ```

use std::process::ExitCode;

use inkbit_tests::devices::digits;
use inkbit_tests::pictures::{MODELS, refusals, rows};

/// Pictures of a condition.
const COUNT: usize = 40;

fn main() -> ExitCode {
    println!("| picture | {} | at least | of |", MODELS.join(" | "));
    println!("|---|---:|---:|---:|---:|---:|");
    let rows = rows(&digits(1_000), COUNT);
    rows.iter().for_each(|row| println!("{row}"));
    println!("\n| model | accepted | letters | scribbles | half digits | all, at 99 % |");
    println!("|---|---:|---:|---:|---:|---:|");
    refusals(&digits(10_000)).iter().for_each(|row| println!("{row}"));
    let missed = rows.iter().filter(|row| !row.holds()).count();
    if missed > 0 {
        eprintln!("error: {missed} rows have fewer than they have to");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
