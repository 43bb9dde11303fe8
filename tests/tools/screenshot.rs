//! Draws a 7 with the keys of the emulated lm3s6965evb and saves a picture of its display.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use inkbit_tests::devices::{classic, draw_seven, emulated, start};

fn main() -> Result<(), Box<dyn Error>> {
    let file = PathBuf::from(std::env::args_os().nth(1).ok_or("name the PNG file to write")?);
    let (board, firmware) = emulated("lm3s6965evb").ok_or("the board cannot be emulated here")?;
    let mut emulator = start(&board, &firmware, classic().bytes());
    // The emulator starts when its line is connected.
    let _line = emulator.connect()?;
    let mut qmp = emulator.qmp()?;
    // The display follows the last key within a few frames.
    draw_seven(&mut qmp)?;
    std::thread::sleep(Duration::from_millis(500));
    qmp.screenshot(&file)?;
    println!("{}", file.display());
    Ok(())
}
