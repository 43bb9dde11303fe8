//! A finger on a touch display.

use std::cell::Cell;
use std::rc::Rc;

use inkbit_app::{Board, Finger, Input, SIDE, Ticks, Touch, TouchPanel};
use inkbit_core::link::Mode;

use super::rig::{BOARD, Rig, likeness};

/// Where the parts of the display are.
const CANVAS: (i32, i32) = (115, 120);
const LEFT: (i32, i32) = (250, 183);
const RIGHT: (i32, i32) = (300, 183);
const SCREEN: (i32, i32) = (275, 220);

/// What a turn of the loop takes.
const TURN: Ticks = 8;

/// A panel that feels what a test puts there.
#[derive(Clone, Default)]
struct Felt(Rc<Cell<Option<(i32, i32)>>>);

impl TouchPanel for Felt {
    fn finger(&mut self) -> Option<(i32, i32)> {
        self.0.get()
    }
}

/// A rig with a finger over it.
pub(crate) struct Hand {
    pub(crate) rig: Rig<Touch>,
    felt: Felt,
    finger: Finger<Felt>,
}

impl Hand {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self::on(BOARD, content)
    }

    pub(crate) fn on(board: Board, content: &[u8]) -> Self {
        let felt = Felt::default();
        let finger = Finger::new(felt.clone());
        Self { rig: Rig::of(board, content), felt, finger }
    }

    /// Puts the finger there, or nowhere, and lets the loop turn `turns` times.
    fn put(&mut self, at: Option<(i32, i32)>, turns: Ticks) {
        self.felt.0.set(at);
        for _ in 0..turns {
            self.finger.apply(&mut self.rig.app, self.rig.now);
            self.rig.wait(TURN);
        }
    }

    pub(crate) fn lift(&mut self) {
        self.put(None, 5);
    }

    pub(crate) fn tap(&mut self, at: (i32, i32)) {
        self.put(Some(at), 4);
        self.lift();
    }

    /// Draws from point to point of the display.
    pub(crate) fn stroke(&mut self, points: &[(i32, i32)]) {
        for ends in points.windows(2) {
            let [(x, y), (to_x, to_y)] = *ends else { unreachable!() };
            for step in 0..=10 {
                self.put(Some((x + (to_x - x) * step / 10, y + (to_y - y) * step / 10)), 2);
            }
        }
        self.lift();
    }

    pub(crate) fn draw_seven(&mut self) {
        self.stroke(&[(60, 50), (165, 45), (100, 200)]);
    }

    fn ink(&self) -> usize {
        self.rig.app.view().image.iter().filter(|&&pixel| pixel > 0).count()
    }
}

#[test]
fn a_seven_drawn_with_a_finger_is_a_seven() {
    let mut hand = Hand::new(&likeness());
    hand.draw_seven();
    assert_eq!(hand.rig.app.status().class, Some(7));
}

#[test]
fn a_quick_finger_leaves_a_line_without_gaps() {
    let mut hand = Hand::new(&likeness());
    hand.put(Some((30, 35)), 1);
    hand.put(Some((200, 205)), 20);
    let view = hand.rig.app.view();
    let ink: Vec<u8> = (4..24).map(|at| view.image[at * SIDE + at]).collect();
    assert!(ink.iter().all(|&ink| ink == 255), "{ink:?}");
}

#[test]
fn a_panel_that_trembles_draws_less_than_it_says() {
    let mut hand = Hand::new(&likeness());
    for turn in 0..50 {
        let (x, y) = CANVAS;
        hand.put(Some((x + turn % 2 * 12, y)), 1);
    }
    // A dot with a width of five pixels, and half of the twelve that it trembles by.
    let columns =
        (0..SIDE).filter(|x| (0..SIDE).any(|y| hand.rig.app.view().image[y * SIDE + x] > 0));
    assert!((3..=5).contains(&columns.count()));
}

#[test]
fn a_finger_that_is_lost_for_a_moment_goes_on_with_its_stroke() {
    let mut hand = Hand::new(&likeness());
    let place = |hand: &Hand| hand.rig.app.view().image[14 * SIDE + 14];
    for (pause, ink) in [(2, 255), (4, 0)] {
        hand.put(Some((20, 120)), 4);
        hand.put(None, pause);
        hand.put(Some((210, 120)), 20);
        assert_eq!(place(&hand), ink, "a pause of {pause}");
        hand.lift();
        hand.tap(LEFT);
    }
}

#[test]
fn each_button_acts_once_for_each_touch() {
    let mut hand = Hand::new(&likeness());
    hand.draw_seven();
    assert!(hand.ink() > 50);
    // On the drawing screen the upper button is wide.
    hand.tap(RIGHT);
    assert_eq!(hand.ink(), 0);
    hand.tap(SCREEN);
    assert_eq!(hand.rig.app.mode(), Mode::Samples);
    let sample = |hand: &Hand| hand.rig.app.view().truth;
    hand.put(Some(RIGHT), 60);
    hand.lift();
    assert_eq!(sample(&hand), Some(1));
    hand.tap(LEFT);
    hand.tap(LEFT);
    assert_eq!(sample(&hand), Some(9));
    // The image stops the samples, and lets them go on.
    hand.tap(CANVAS);
    hand.put(None, 320);
    assert_eq!(sample(&hand), Some(9));
    hand.tap(CANVAS);
    hand.put(None, 320);
    assert_ne!(sample(&hand), Some(9));
    hand.tap(SCREEN);
    assert_eq!(hand.rig.app.mode(), Mode::Link);
    hand.tap(CANVAS);
    hand.tap(LEFT);
    hand.tap(SCREEN);
    assert_eq!(hand.rig.app.mode(), Mode::Draw);
}

#[test]
fn a_stroke_that_leaves_the_canvas_presses_nothing_and_one_from_outside_draws_nothing() {
    let mut hand = Hand::new(&likeness());
    hand.stroke(&[CANVAS, SCREEN]);
    assert_eq!(hand.rig.app.mode(), Mode::Draw);
    let ink = hand.ink();
    assert!(ink > 20);
    hand.stroke(&[(229, 100), CANVAS]);
    assert_eq!(hand.ink(), ink);
}

#[test]
fn a_finger_move_is_on_the_glass_within_20_ms() {
    // A window of an ILI9341 is three commands with eight bytes, and a pixel two.
    const WINDOW: usize = 11;
    const PIXEL: usize = 2;
    const BYTES_A_MILLISECOND: usize = 31_250 / 8;
    let mut hand = Hand::new(&likeness());
    hand.put(Some((60, 60)), 4);
    let mut most = 0;
    for x in 0..20 {
        (hand.rig.picture.windows, hand.rig.picture.pixels) = (0, 0);
        hand.put(Some((60 + 6 * x, 60 + 4 * x)), 1);
        let picture = &hand.rig.picture;
        most = most.max(picture.windows * WINDOW + picture.pixels * PIXEL);
    }
    println!("{most} bytes");
    assert!((2_000..20 * BYTES_A_MILLISECOND).contains(&most), "{most} bytes");
}

#[test]
fn whatever_a_finger_does_the_display_is_as_if_drawn_anew() {
    let mut hand = Hand::new(&likeness());
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    for step in 0..100 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let at = ((chance >> 8) as i32 & 0x1FF, (chance >> 30) as i32 & 0xFF);
        hand.put(Some(at).filter(|_| chance & 3 != 0), (chance >> 50) as u32 % 6);
        let (shown, anew) = (hand.rig.picture.text(), hand.rig.drawn_anew().text());
        assert!(shown == anew, "step {step}:\n{shown}\nanew:\n{anew}");
    }
}
