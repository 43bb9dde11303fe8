//! Measures flash, RAM and stack of every firmware against the budget in its board's file.

use std::process::ExitCode;

use inkbit::device::board::{self, Board, Budget};
use inkbit_core::link::Mode;
use inkbit_tests::devices::{classic, digits, emulated, start};

/// Images that are classified before the stack is measured.
const IMAGES: usize = 100;

/// Deepest stack use after every request that the line allows.
fn deepest_stack(board: &Board) -> Option<u32> {
    let (board, firmware) = emulated(&board.name)?;
    let mut client = start(&board, &firmware, classic().bytes()).into_client().ok()?;
    client.hello().ok()?;
    for mode in [Mode::Samples, Mode::Link, Mode::Draw] {
        client.show(mode).ok()?;
    }
    for (x, y) in [(3, 3), (24, 3), (8, 25)] {
        client.pen(x, y, true).ok()?;
    }
    for (pixels, _) in digits(IMAGES).iter() {
        client.classify(pixels).ok()?;
    }
    client.status().ok().map(|status| status.stack)
}

fn main() -> ExitCode {
    println!(
        "{:<13} {:>15} {:>15} {:>15} {:>15}",
        "bytes", "code", "static RAM", "frame buffer", "stack"
    );
    let mut over = false;
    for board in board::all() {
        let Some((_, firmware)) = emulated(&board.name) else { return ExitCode::FAILURE };
        let Some(stack) = deepest_stack(&board) else {
            eprintln!("error: the stack of {} could not be measured", board.name);
            return ExitCode::FAILURE;
        };
        let Budget { code, static_ram, frame_buffer, stack: stack_limit } = board.budget;
        let found = firmware.footprint(&board);
        let ram = found.static_ram.saturating_sub(frame_buffer);
        let parts = [(found.code, code), (ram, static_ram), (stack, stack_limit)];
        let [first, second, last] = parts.map(|(found, limit)| {
            over |= found > limit;
            let mark = if found > limit { "!" } else { "" };
            format!("{mark}{found}/{limit}")
        });
        println!("{:<13} {first:>15} {second:>15} {frame_buffer:>15} {last:>15}", board.name);
    }
    if over {
        eprintln!("error: what is marked with ! is over the budget in firmware/boards/NAME.toml");
    }
    ExitCode::from(u8::from(over))
}
