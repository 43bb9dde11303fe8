//! Emulated boards, and digits to send them.

use std::env;
use std::io;
use std::time::Duration;

use inkbit::cascade::join;
use inkbit::data::{self, Images, synthetic};
use inkbit::device::board;
use inkbit::device::emulator::pico::Wiring;
use inkbit::device::emulator::qmp::Qmp;
use inkbit::device::emulator::{self, Screen};
use inkbit::device::{Board, Emulator, Firmware};
use inkbit::model::{Blob, builtin};
use inkbit_core::Provenance;
use inkbit_core::link::Key;

use crate::debugger::Stub;

/// A model that was trained with `inkbit train --preset classic` and quantized to 8 bits.
const CLASSIC: &[u8] = include_bytes!("../../host/models/classic.inkbit");

/// A key must be down for longer than it bounces, and up for as long before it is pressed again.
const PRESS: Duration = Duration::from_millis(40);

/// The same on an emulated chip, whose contacts do not depend on the speed of this machine.
const CHIP_PRESS: Duration = Duration::from_millis(12);

/// The model that the devices run.
pub fn classic() -> Blob {
    Blob::from_bytes(CLASSIC)
}

/// `nano`, and `tiny` where it is not sure: of digits, both are asked, and both decide.
///
/// # Panics
///
/// Never: both are built in, and fit each other.
pub fn cascade() -> Blob {
    let parts = ["nano", "tiny"].map(|name| builtin::find(name).expect("a built-in model"));
    let parts = parts.each_ref().map(|blob| blob.model().expect("a model"));
    join("nano-tiny", &parts, &[5_000, 0], Provenance::UNKNOWN).expect("they take the same images")
}

/// The names of the boards that an emulator runs.
pub fn emulated_names() -> Vec<String> {
    board::emulated().into_iter().map(|board| board.name).collect()
}

/// A board and its firmware. None if emulator or firmware is missing, which this reports past the
/// test harness's capture.
///
/// # Panics
///
/// If something is missing and INKBIT_REQUIRE_DEVICES is set, as `cargo xtask test` does, and if no
/// emulator runs the board: a test of it would test nothing.
pub fn emulated(name: &str) -> Option<(Board, Firmware)> {
    let board = Board::find(name).unwrap_or_else(|error| panic!("{error:?}"));
    let missing = match (emulator::check(&board), Firmware::find(&board, None)) {
        (Ok(()), Ok(firmware)) => return Some((board, firmware)),
        (Err(error), _) => error.to_string(),
        (_, Err(error)) => error.to_string(),
    };
    let required = match board.emulator {
        emulator::Kind::Qemu { .. } => "INKBIT_REQUIRE_DEVICES",
        emulator::Kind::Rp2040js { .. } => "INKBIT_REQUIRE_PICO",
        emulator::Kind::None => panic!("{missing}"),
    };
    assert!(env::var_os(required).is_none(), "{missing}");
    crate::skipped(name, &format!("{missing}; `cargo xtask test` sets it up"));
    None
}

/// Starts a board without a window, with these bytes at the beginning of its model region.
///
/// # Panics
///
/// If it cannot be started.
pub fn start(board: &Board, firmware: &Firmware, region: &[u8]) -> Emulator {
    Emulator::start(board, firmware, region, &Screen::Headless, &[])
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// Starts a board as [`start`] does, with a debugger's place.
///
/// # Panics
///
/// If it cannot be started.
pub fn start_with_stub(board: &Board, firmware: &Firmware, region: &[u8]) -> (Emulator, Stub) {
    let stub = Stub::new().unwrap_or_else(|error| panic!("{error:?}"));
    let arguments = stub.arguments();
    let emulator = Emulator::start(board, firmware, region, &Screen::Headless, &arguments)
        .unwrap_or_else(|error| panic!("{error:?}"));
    (emulator, stub)
}

/// Draws a 7 with the emulated Pico's buttons, as [`draw_seven`] does.
///
/// # Errors
///
/// If the emulator does not take them.
pub fn draw_seven_on_pico(wiring: &mut Wiring) -> io::Result<()> {
    // The chip's own time, which may be much slower than ours.
    strokes(|key, times| (0..times).try_for_each(|_| wiring.press(key, CHIP_PRESS)))
}

/// The first `count` MNIST test images where INKBIT_DATA is set, else as many synthetic digits.
///
/// # Panics
///
/// If INKBIT_DATA names a folder without them.
pub fn digits(count: usize) -> Images {
    if env::var_os("INKBIT_DATA").is_none() {
        return synthetic::images(synthetic::Part::Test, count, 1);
    }
    let data = data::load("mnist", None, None);
    let mut images = data.unwrap_or_else(|error| panic!("{error:?}")).test;
    images.truncate(count);
    images
}

/// Draws a 7 with the board's keys: from the middle of the canvas to the left end of the bar, pen
/// down, along the bar, and down the stem.
///
/// # Errors
///
/// If the emulator does not take the keys.
pub fn draw_seven(keys: &mut Qmp) -> io::Result<()> {
    strokes(|key, times| {
        let key = match key {
            Key::Up => "up",
            Key::Down => "down",
            Key::Left => "left",
            Key::Right => "right",
            Key::Select => "ctrl",
        };
        for _ in 0..times {
            keys.press(key, PRESS)?;
            std::thread::sleep(2 * PRESS);
        }
        Ok(())
    })
}

/// Presses the keys that draw a 7; `press` takes a key and a number of presses.
fn strokes(mut press: impl FnMut(Key, usize) -> io::Result<()>) -> io::Result<()> {
    press(Key::Left, 6)?;
    press(Key::Up, 8)?;
    press(Key::Select, 1)?;
    press(Key::Right, 12)?;
    for _ in 0..7 {
        press(Key::Down, 2)?;
        press(Key::Left, 1)?;
    }
    press(Key::Select, 1)
}
