//! The drivers against parts of memory that do what the data sheets say.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_graphics::primitives::Rectangle;
use embedded_hal::digital::{self, InputPin, OutputPin};
use embedded_hal::i2c::NoAcknowledgeSource::Address;
use embedded_hal::i2c::{self, I2c};
use embedded_hal::spi::{self, Operation, SpiBus, SpiDevice};
use inkbit_app::{Edges, Keys, Oled, Pages, Pair, Ssd0323, TouchPanel, Xpt2046};
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

/// An SSD1306 or an SH1106 on I²C, as far as it is written page by page.
#[derive(Clone)]
struct Module {
    address: u8,
    status: u8,
    on: bool,
    pages: Vec<Vec<u8>>,
    at: (usize, usize),
    /// Bytes on the bus.
    sent: usize,
}

impl Module {
    fn new(address: u8, status: u8, columns: usize) -> Self {
        let pages = vec![vec![0xEE; columns]; 8];
        Self { address, status, on: false, pages, at: (0, 0), sent: 0 }
    }
}

/// A bus with this module, if any.
#[derive(Clone)]
struct Bus(Rc<RefCell<Option<Module>>>);

impl i2c::ErrorType for Bus {
    type Error = i2c::ErrorKind;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [i2c::Operation<'_>],
    ) -> Result<(), i2c::ErrorKind> {
        let mut module = self.0.borrow_mut();
        let module = module.as_mut().filter(|module| module.address == address);
        let module = module.ok_or(i2c::ErrorKind::NoAcknowledge(Address))?;
        for operation in operations {
            match operation {
                i2c::Operation::Read(status) => status.fill(module.status),
                i2c::Operation::Write([0x40, data @ ..]) => {
                    let (page, column) = module.at;
                    module.pages[page][column..column + data.len()].copy_from_slice(data);
                    module.at.1 += data.len();
                    module.sent += data.len() + 2;
                }
                i2c::Operation::Write([0x00, page @ 0xB0..=0xB7, low, high]) => {
                    let column = low & 15 | high << 4;
                    module.at = (usize::from(*page - 0xB0), column.into());
                    module.sent += 5;
                }
                i2c::Operation::Write(commands) => module.on |= commands.ends_with(&[0xAF]),
            }
        }
        Ok(())
    }
}

fn lit(at: (i32, i32)) -> Pixel<BinaryColor> {
    Pixel(at.into(), BinaryColor::On)
}

#[test]
fn an_oled_is_found_at_either_address_and_with_either_controller() {
    for (address, status, columns, left) in
        [(0x3C, 0x43, 128, 0), (0x3D, 0x06, 128, 0), (0x3C, 0x48, 132, 2)]
    {
        let bus = Bus(Rc::new(RefCell::new(Some(Module::new(address, status, columns)))));
        let mut picture: Pages = [[0; 128]; 8];
        let mut display = Oled::new(bus.clone(), &mut picture);
        display.draw_iter([lit((0, 0)), lit((127, 63)), lit((-1, 3)), lit((3, 64))]).unwrap();
        display.flush().unwrap();
        let module = bus.0.borrow().clone().unwrap();
        assert!(module.on);
        for (number, page) in module.pages.iter().enumerate() {
            let mut shown = page[left..left + 128].to_vec();
            let expected = match number {
                0 => std::mem::take(&mut shown[0]) == 1,
                7 => std::mem::take(&mut shown[127]) == 0x80,
                _ => true,
            };
            assert!(expected && shown == [0; 128], "page {number}: {page:x?}");
        }
    }
}

#[test]
fn only_tiles_that_have_changed_are_sent_to_an_oled() {
    let bus = Bus(Rc::new(RefCell::new(Some(Module::new(0x3C, 0x03, 128)))));
    let mut picture: Pages = [[0; 128]; 8];
    let mut display = Oled::new(bus.clone(), &mut picture);
    display.flush().unwrap();
    let sent = |display: &mut Oled<'_, Bus>| {
        display.flush().unwrap();
        bus.0.borrow_mut().as_mut().map(|module| std::mem::take(&mut module.sent))
    };
    sent(&mut display);
    display
        .fill_solid(&Rectangle::new(Point::new(7, 3), Size::new(2, 4)), BinaryColor::On)
        .unwrap();
    display.draw_iter([lit((60, 40))]).unwrap();
    // Two tiles side by side in one message, and one on its own.
    assert_eq!(sent(&mut display), Some((5 + 2 + 16) + (5 + 2 + 8)));
    display.draw_iter([lit((60, 40))]).unwrap();
    assert_eq!(sent(&mut display), Some(0));
}

#[test]
fn an_oled_that_is_plugged_in_later_or_anew_shows_the_whole_picture() {
    let bus = Bus(Rc::new(RefCell::new(None)));
    let mut picture: Pages = [[0; 128]; 8];
    let mut display = Oled::new(bus.clone(), &mut picture);
    for column in [1, 2] {
        display.draw_iter([lit((column, 0))]).unwrap();
        assert!(display.flush().is_err());
        *bus.0.borrow_mut() = Some(Module::new(0x3C, 0x03, 128));
        display.draw_iter([lit((column, 8))]).unwrap();
        display.flush().unwrap();
        let module = bus.0.take().unwrap();
        assert!(module.on && module.pages[0][1] == 1 && module.pages[7] == [0; 128]);
        assert_eq!(module.pages[1][usize::try_from(column).unwrap()], 1);
    }
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

/// An XPT2046 that answers with these conversions, one after the other, and its pin.
struct Controller {
    conversions: Vec<u16>,
    requests: Rc<RefCell<Vec<u8>>>,
}

impl spi::ErrorType for Controller {
    type Error = Infallible;
}

impl SpiDevice for Controller {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        let [Operation::TransferInPlace(bytes)] = operations else { unreachable!() };
        for (conversion, value) in bytes.chunks_exact_mut(3).zip(&self.conversions) {
            self.requests.borrow_mut().push(conversion[0]);
            // The line is not driven before the first of 12 bits, behind a clock.
            conversion[0] = 0xFF;
            conversion[1..].copy_from_slice(&(value << 3 | 0x8007).to_be_bytes());
        }
        Ok(())
    }
}

/// Where a finger is felt for these conversions, and what was asked for.
fn felt(conversions: [u16; 7], pin: bool) -> (Option<(i32, i32)>, Vec<u8>) {
    let requests = Rc::new(RefCell::new(vec![]));
    let controller = Controller { conversions: conversions.to_vec(), requests: requests.clone() };
    let edges = Edges { columns: (300, 3500), rows: (3600, 1200), size: (320, 240) };
    let finger = Xpt2046::new(controller, Level(&Cell::new(pin)), edges).finger();
    (finger, requests.take())
}

#[test]
fn a_finger_is_where_the_middle_one_of_three_conversions_says_it_is() {
    let conversions = [1305, 2600, 1300, 2595, 4000, 0, 900];
    let (finger, requests) = felt(conversions, false);
    assert_eq!(finger, Some((100, 100)));
    assert_eq!(requests, [0x90, 0xD0, 0x90, 0xD0, 0x90, 0xD0, 0xB0]);
}

#[test]
fn a_finger_beyond_the_display_is_at_its_edge_and_a_light_one_or_none_is_not_felt() {
    let beyond = [200, 4095, 200, 4095, 200, 4095, 900];
    assert_eq!(felt(beyond, false).0, Some((0, 0)));
    let light = [1300, 2600, 1300, 2600, 1300, 2600, 99];
    assert_eq!(felt(light, false).0, None);
    // A controller that is not there is not asked: its pin is pulled up.
    assert_eq!(felt(beyond, true), (None, vec![]));
}

#[test]
fn two_buttons_are_arrows_alone_and_change_the_screen_together() {
    const LEFT: [(Key, bool); 2] = [(Key::Left, true), (Key::Left, false)];
    const RIGHT: [(Key, bool); 2] = [(Key::Right, true), (Key::Right, false)];
    const TURN: [(Key, bool); 4] =
        [(Key::Select, true), (Key::Right, true), (Key::Right, false), (Key::Select, false)];
    let levels = [const { Cell::new(true) }; 2];
    let mut keys = Pair::new(levels.each_ref().map(Level));
    // What the buttons are set to for a while, and what that tells.
    let nothing: &[(Key, bool)] = &[];
    let steps = [
        (true, false, nothing),
        (false, false, &LEFT),
        (false, true, nothing),
        (false, false, &RIGHT),
        (true, false, nothing),
        (true, true, &TURN),
        (false, true, nothing),
        (true, true, nothing),
        (true, false, nothing),
        (false, false, nothing),
        (false, true, nothing),
        (false, false, &RIGHT),
    ];
    let mut before = [false; 2];
    for (number, (left, right, expected)) in (1..).zip(steps) {
        let mut events = vec![];
        for now in number * 100..number * 100 + 40 {
            // What changes bounces at first.
            let down = if matches!(now % 100, 1 | 3) { before } else { [left, right] };
            levels.iter().zip(down).for_each(|(level, down)| level.set(!down));
            while let Some(event) = keys.next(now) {
                events.push(event);
            }
        }
        assert_eq!(events, expected, "step {number}");
        before = [left, right];
    }
}
