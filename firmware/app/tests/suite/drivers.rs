//! The drivers against parts of memory that do what the data sheets say.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embedded_graphics::pixelcolor::Gray4;
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::digital::{self, InputPin, OutputPin};
use embedded_hal::spi::{self, SpiBus};
use inkbit_app::{Keys, ReadKeys, Ssd0323};
use inkbit_core::link::Key;

/// An SSD0323: its memory, its window, and what it was told.
#[derive(Default)]
struct Chip {
    data: bool,
    commands: Vec<u8>,
    memory: Vec<Vec<u8>>,
    sent: usize,
    at: (u8, u8),
}

#[derive(Clone)]
struct Part(Rc<RefCell<Chip>>);

impl spi::ErrorType for Part {
    type Error = Infallible;
}

impl SpiBus for Part {
    fn read(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("the display has nothing to say")
    }

    fn write(&mut self, words: &[u8]) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        if !chip.data {
            chip.commands.extend(words);
            return Ok(());
        }
        let window: Vec<u8> = chip.commands[chip.commands.len() - 6..].to_vec();
        let [0x15, left, right, 0x75, top, bottom] = window[..] else { panic!("{window:x?}") };
        for &word in words {
            if chip.at.0 < left || chip.at.0 > right || chip.at.1 < top || chip.at.1 > bottom {
                chip.at = (left, top);
            }
            let (x, y) = chip.at;
            chip.memory[usize::from(y)][usize::from(x)] = word;
            chip.sent += 1;
            chip.at = if x == right { (left, y + 1) } else { (x + 1, y) };
        }
        Ok(())
    }

    fn transfer(&mut self, _: &mut [u8], _: &[u8]) -> Result<(), Infallible> {
        unreachable!("the display has nothing to say")
    }

    fn transfer_in_place(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("the display has nothing to say")
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl digital::ErrorType for Part {
    type Error = Infallible;
}

impl OutputPin for Part {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().data = false;
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let mut chip = self.0.borrow_mut();
        (chip.data, chip.at) = (true, (u8::MAX, u8::MAX));
        Ok(())
    }
}

#[test]
fn only_what_has_changed_is_sent() {
    let chip = Chip { memory: vec![vec![0xEE; 64]; 64], ..Chip::default() };
    let part = Part(Rc::new(RefCell::new(chip)));
    let mut buffer = [[0; 64]; 64];
    let mut display = Ssd0323::new(part.clone(), part.clone(), &mut buffer);
    display.start().unwrap();
    assert_eq!(part.0.borrow().memory, vec![vec![0; 64]; 64]);
    assert_eq!(part.0.borrow().commands.iter().filter(|&&byte| byte == 0xAF).count(), 1);

    part.0.borrow_mut().sent = 0;
    let area = Rectangle::new(Point::new(3, 10), Size::new(4, 2));
    display.fill_solid(&area, Gray4::new(9)).unwrap();
    display.flush().unwrap();
    let rows = &part.0.borrow().memory[9..13];
    let expected = [[0, 0, 0], [0x09, 0x99, 0x90], [0x09, 0x99, 0x90], [0, 0, 0]];
    assert!(rows.iter().zip(expected).all(|(row, expected)| row[1..4] == expected), "{rows:x?}");
    assert_eq!(part.0.borrow().sent, 6);

    // The same again changes nothing, and what is off the display does no harm.
    display.fill_solid(&area, Gray4::new(9)).unwrap();
    let outside = Rectangle::new(Point::new(-2, 60), Size::new(2, 9));
    display.fill_solid(&outside, Gray4::WHITE).unwrap();
    display.flush().unwrap();
    assert_eq!(part.0.borrow().sent, 6);
}

/// A pin whose level the test sets.
struct Level<'a>(&'a Cell<bool>);

impl digital::ErrorType for Level<'_> {
    type Error = Infallible;
}

impl InputPin for Level<'_> {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.get())
    }
}

#[test]
fn a_bouncing_contact_is_one_press() {
    let levels = [const { Cell::new(true) }; 5];
    let mut keys = Keys::new(levels.each_ref().map(Level));
    let mut events = vec![];
    for now in 100..200 {
        // Down at 110 and up at 150, with three ticks of bouncing each time.
        let down = (110..150).contains(&now);
        let bouncing = matches!(now, 110..113 | 150..153) && now % 2 == 1;
        levels[3].set(down == bouncing);
        while let Some(event) = keys.next(now) {
            events.push((now, event));
        }
    }
    assert_eq!(events, [(110, (Key::Right, true)), (150, (Key::Right, false))]);
}
