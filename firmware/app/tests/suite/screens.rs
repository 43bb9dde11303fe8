//! What the display shows, as text that a person has looked at. After a change on purpose,
//! `INKBIT_BLESS=1 cargo test` writes the files anew; look at the difference.

use std::path::PathBuf;

use inkbit_app::{Board, Event, Glyph};
use inkbit_core::link::{Key, Mode, Reset};

use super::place::{in_ram, ram};
use super::rig::{BOARD, REGION, Rig, Steps, likeness, named, twice};
use super::touch::Hand;

/// Compares both kinds of display with what they are to show.
fn check(name: &str, rig: &Rig) {
    let shown = rig.picture.text();
    assert_eq!(shown, rig.drawn_anew().text(), "drawn bit by bit and drawn anew differ");
    compare(&format!("{name}.txt"), shown);
    compare(&format!("two-levels/{name}.txt"), rig.two_levels());
}

fn check_touch(name: &str, hand: &Hand) {
    let shown = hand.rig.picture.text();
    assert_eq!(shown, hand.rig.drawn_anew().text(), "drawn bit by bit and drawn anew differ");
    compare(&format!("touch/{name}.txt"), shown);
}

fn compare(name: &str, shown: String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("tests/screens").join(name);
    if std::env::var_os("INKBIT_BLESS").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if shown != expected {
        let lines = shown.lines().zip(expected.lines()).enumerate();
        let line = lines.filter(|(_, (shown, expected))| shown != expected).map(|(y, _)| y).next();
        panic!("{name}: line {line:?} differs from {}; shown:\n{shown}", path.display());
    }
}

#[test]
fn a_blank_canvas() {
    let mut rig = Rig::new(&likeness());
    rig.show();
    check("blank", &rig);
}

#[test]
fn a_model_that_runs_from_ram() {
    let mut rig = Rig::new(&likeness());
    assert!(in_ram(&mut rig.app, ram(REGION), &[9, 9, 9, 1]));
    rig.show();
    check("from-ram", &rig);
}

#[test]
fn a_seven_that_the_second_of_two_networks_has_read() {
    let mut rig = Rig::new(&twice());
    rig.show();
    check("blank", &rig);
    rig.draw_seven();
    rig.show();
    check("second-network", &rig);
}

#[test]
fn a_seven_drawn_with_keys() {
    let mut rig = Rig::new(&likeness());
    rig.draw_seven();
    assert_eq!(rig.app.status().class, Some(7));
    check("seven", &rig);
}

#[test]
fn a_sample() {
    let mut rig = Rig::new(&likeness());
    rig.event(Event::Show(Mode::Samples));
    rig.press(Key::Right, 2);
    check("sample", &rig);
}

#[test]
fn a_long_label_is_broken_into_lines() {
    let clothes = [
        "T-shirt/top",
        "Trouser",
        "Ankle boot",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Pullöver",
    ];
    let mut rig = Rig::new(&named(clothes));
    rig.event(Event::Show(Mode::Samples));
    rig.press(Key::Right, 2);
    check("label", &rig);
    // Broken within a character, it would have been drawn whole and over its neighbours.
    rig.press(Key::Right, 7);
    check("label-not-ascii", &rig);
}

#[test]
fn an_image_from_the_line() {
    let mut rig = Rig::new(&likeness());
    let checks = |image: &mut [u8]| {
        for (index, pixel) in image.iter_mut().enumerate() {
            *pixel = (index % 28 / 4 * 36) as u8;
        }
        784
    };
    rig.app.classify(1234, &mut Steps(0), checks).unwrap();
    rig.show();
    check("link", &rig);
}

#[test]
fn no_model() {
    let mut rig = Rig::new(&[]);
    rig.show();
    check("no-model", &rig);
}

#[test]
fn after_a_reset_by_the_watchdog_the_display_says_so_until_a_key_is_pressed() {
    let board = Board { reset: Reset::Stuck { at: 0x1A2C }, ..BOARD };
    let mut rig = Rig::on(board, &likeness());
    rig.show();
    check("was-reset", &rig);
    rig.press(Key::Left, 1);
    rig.press(Key::Right, 1);
    check("blank", &rig);
    // That there is no model is what matters more.
    let mut rig = Rig::on(board, &[]);
    rig.show();
    check("no-model", &rig);
}

#[test]
fn nothing_is_drawn_when_nothing_has_changed() {
    let mut rig = Rig::new(&likeness());
    assert!(rig.show());
    assert!(!rig.show());
    rig.press(Key::Up, 1);
    assert!(!rig.show());
}

#[test]
fn a_touch_display() {
    let mut hand = Hand::new(&likeness());
    hand.draw_seven();
    check_touch("seven", &hand);
    hand.tap((275, 220));
    hand.tap((300, 183));
    check_touch("sample", &hand);
    let mut hand = Hand::new(&[]);
    hand.lift();
    check_touch("no-model", &hand);
}

#[test]
fn a_touch_takes_what_a_touch_display_says_of_a_reset_away_and_does_no_more() {
    let board = Board { reset: Reset::Stuck { at: 0x1A2C }, ..BOARD };
    let mut hand = Hand::on(board, &likeness());
    hand.lift();
    check_touch("was-reset", &hand);
    hand.tap((115, 120));
    check_touch("blank", &hand);
}

#[test]
fn five_by_five_lights_show_the_answer_upright() {
    let mut rig = Rig::new(&likeness());
    assert_eq!(Glyph::of(&rig.app.view()), Glyph::QUESTION);
    rig.draw_seven();
    let expected = "\
XXXXX
...X.
..X..
.X...
X....
";
    assert_eq!(format!("{:?}", Glyph::of(&rig.app.view())), expected);
    let glyphs = || (0..10).map(|class| Glyph::of_class(Some(class)));
    let mut all = glyphs().chain([Glyph::DARK, Glyph::QUESTION, Glyph::FAILURE]);
    assert!(all.all(|glyph| glyphs().filter(|&other| other == glyph).count() <= 1));
    assert_eq!(Glyph::of_class(Some(10)), Glyph::QUESTION);
}

#[test]
fn five_by_five_lights_show_that_there_is_no_model() {
    assert_eq!(Glyph::of(&Rig::new(&[]).app.view()), Glyph::FAILURE);
}
