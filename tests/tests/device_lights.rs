//! The emulated micro:bit shows its answers by its lights, and does what its buttons say.

use std::thread;
use std::time::{Duration, Instant};

use inkbit::device::emulator::Screen;
use inkbit::device::emulator::qmp::Qmp;
use inkbit::device::{Client, Emulator};
use inkbit_app::Glyph;
use inkbit_core::link::{Key, Mode};
use inkbit_tests::devices::{classic, digits, emulated, start};
use inkbit_tests::pins::{Buttons, lit};

const NAME: &str = "microbit";

/// Digits of every class.
const IMAGES: usize = 30;

/// Waits for what is lit: a row is lit for a moment after the answer as it was before.
fn expect(qmp: &mut Qmp, expected: Glyph) {
    let start = Instant::now();
    loop {
        let found = lit(qmp).unwrap();
        if found == expected {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{found:?}\n{expected:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lights_show_the_digit_that_the_board_has_read() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, classic().bytes());
    // The machine waits for the line.
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    let mut qmp = emulator.qmp().unwrap();
    expect(&mut qmp, Glyph::QUESTION);
    let mut seen = [false; 10];
    for (pixels, _) in digits(IMAGES).iter() {
        client.classify(pixels).unwrap();
        let class = client.status().unwrap().class;
        expect(&mut qmp, Glyph::of_class(class));
        if let Some(class) = class {
            seen[usize::from(class)] = true;
        }
    }
    assert!(seen.iter().filter(|seen| **seen).count() > 7, "{seen:?}");
}

#[test]
fn lights_show_that_there_is_no_model() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, &[]);
    let _line = emulator.connect().unwrap();
    expect(&mut emulator.qmp().unwrap(), Glyph::FAILURE);
}

#[test]
fn buttons_step_through_the_samples_and_both_together_change_the_screen() {
    const A: [bool; 2] = [true, false];
    const B: [bool; 2] = [false, true];
    let Some((board, firmware)) = emulated(NAME) else { return };
    let buttons = Buttons::new().unwrap();
    let (blob, arguments) = (classic(), buttons.arguments());
    let emulator = Emulator::start(&board, &firmware, blob.bytes(), &Screen::Headless, &arguments);
    let mut emulator = emulator.unwrap();
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    let mut qmp = emulator.qmp().unwrap();
    assert_eq!(client.status().unwrap().mode, Mode::Draw, "no button is pressed yet");
    buttons.press([true, true]).unwrap();
    // They would go on by themselves.
    client.key(Key::Select, true).unwrap();
    client.key(Key::Select, false).unwrap();
    for (pressed, digit) in [(None, 0), (Some(B), 1), (Some(B), 2), (Some(A), 1), (Some(A), 0)] {
        if let Some(pressed) = pressed {
            buttons.press(pressed).unwrap();
        }
        let status = client.status().unwrap();
        assert_eq!((status.mode, status.class), (Mode::Samples, Some(digit)), "{pressed:?}");
        expect(&mut qmp, Glyph::of_class(Some(digit)));
    }
    for mode in [Mode::Link, Mode::Draw] {
        buttons.press([true, true]).unwrap();
        assert_eq!(client.status().unwrap().mode, mode);
    }
}
