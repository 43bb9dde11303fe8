//! The emulated matrix of 8 × 8 lights shows the answers, in colours.

use std::thread;
use std::time::{Duration, Instant};

use inkbit::device::Client;
use inkbit::device::emulator::qmp::Qmp;
use inkbit_app::Glyph;
use inkbit_tests::devices::{classic, digits, emulated, start};
use inkbit_tests::screens::{Matrix, matrix};

const NAME: &str = "b-l475e-iot01a";

/// Digits of every class.
const IMAGES: usize = 30;

const RED: [bool; 3] = [true, false, false];
const GREEN: [bool; 3] = [false, true, false];

/// A glyph's 5 × 5 lights begin at the second row and column, and no other light is lit.
fn picture(glyph: Glyph, colour: [bool; 3]) -> Matrix {
    let mut picture = Matrix::default();
    for light in (0..25).filter(|&light| glyph.has(light)) {
        picture[light as usize / 5 + 1][light as usize % 5 + 1] = colour;
    }
    picture
}

/// Waits for what is lit: rows are lit one after the other, and fade.
fn expect(qmp: &mut Qmp, glyph: Glyph, colour: [bool; 3]) {
    let (start, expected) = (Instant::now(), picture(glyph, colour));
    loop {
        let found = matrix(qmp).unwrap();
        if found == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{found:?}\nexpected:\n{glyph:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_matrix_of_lights_shows_the_digit_that_the_board_has_read_in_green() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, classic().bytes());
    // The machine waits for the line.
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    let mut qmp = emulator.qmp().unwrap();
    expect(&mut qmp, Glyph::QUESTION, GREEN);
    let mut seen = [false; 10];
    for (pixels, _) in digits(IMAGES).iter() {
        client.classify(pixels).unwrap();
        let class = client.status().unwrap().class;
        expect(&mut qmp, Glyph::of_class(class), GREEN);
        if let Some(class) = class {
            seen[usize::from(class)] = true;
        }
    }
    assert!(seen.iter().filter(|seen| **seen).count() > 7, "{seen:?}");
}

#[test]
fn a_matrix_of_lights_shows_in_red_that_there_is_no_model() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, &[]);
    let _line = emulator.connect().unwrap();
    expect(&mut emulator.qmp().unwrap(), Glyph::FAILURE, RED);
}
