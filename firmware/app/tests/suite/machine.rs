use inkbit_app::{Event, SIDE, samples};
use inkbit_core::link::{Key, Mode};

use super::rig::{Rig, likeness};

fn ink(rig: &Rig) -> usize {
    rig.app.view().image.iter().filter(|&&pixel| pixel > 0).count()
}

#[test]
fn nothing_drawn_has_no_class() {
    let mut rig = Rig::new(&likeness());
    rig.show();
    let status = rig.app.status();
    assert_eq!((status.class, status.permille), (None, 0));
}

#[test]
fn every_sample_is_what_it_says() {
    let mut rig = Rig::new(&likeness());
    rig.event(Event::Show(Mode::Samples));
    for number in 0..samples().count() {
        let truth = rig.app.view().truth.map(u16::from);
        assert_eq!(rig.app.status().class, truth, "sample {number}");
        rig.press(Key::Right, 1);
    }
    // Behind the last comes the first.
    assert_eq!(rig.app.view().truth, Some(0));
    rig.press(Key::Left, 1);
    assert_eq!(rig.app.view().truth, Some(9));
}

#[test]
fn samples_change_by_themselves_until_select_stops_them() {
    let mut rig = Rig::new(&likeness());
    rig.event(Event::Show(Mode::Samples));
    rig.wait(2600);
    assert_eq!(rig.app.view().truth, Some(1));
    rig.press(Key::Select, 1);
    rig.wait(9000);
    assert_eq!(rig.app.view().truth, Some(1));
}

#[test]
fn the_pen_stays_on_the_paper() {
    let mut rig = Rig::new(&likeness());
    for key in [Key::Up, Key::Left] {
        rig.press(key, 40);
    }
    assert_eq!(rig.app.view().pen, Some(((0, 0), false)));
    rig.press(Key::Select, 1);
    for key in [Key::Down, Key::Right] {
        rig.press(key, 40);
    }
    let last = SIDE as u8 - 1;
    assert_eq!(rig.app.view().pen, Some(((last, last), true)));
}

#[test]
fn a_key_that_is_held_goes_on() {
    let mut rig = Rig::new(&likeness());
    let ((x, y), _) = rig.app.view().pen.unwrap();
    rig.event(Event::Key(Key::Right, true));
    rig.wait(200);
    assert_eq!(rig.app.view().pen.unwrap().0, (x + 1, y));
    rig.wait(200);
    rig.event(Event::Key(Key::Right, false));
    let (moved, _) = rig.app.view().pen.unwrap().0;
    assert!((x + 4..x + 8).contains(&moved), "from {x} to {moved}");
    rig.wait(2000);
    assert_eq!(rig.app.view().pen.unwrap().0, (moved, y));
}

#[test]
fn holding_select_wipes_the_canvas_and_lifts_the_pen() {
    let mut rig = Rig::new(&likeness());
    rig.draw_seven();
    assert!(ink(&rig) > 50);
    rig.event(Event::Key(Key::Select, true));
    rig.wait(600);
    assert!(ink(&rig) > 50);
    rig.wait(200);
    assert_eq!(ink(&rig), 0);
    rig.event(Event::Key(Key::Select, false));
    assert!(!rig.app.view().pen.unwrap().1);
    assert_eq!(rig.app.status().class, None);
}

#[test]
fn select_with_an_arrow_leafs_through_the_screens() {
    let mut rig = Rig::new(&likeness());
    let mut seen = vec![];
    for _ in 0..3 {
        rig.event(Event::Key(Key::Select, true));
        rig.press(Key::Right, 1);
        rig.event(Event::Key(Key::Select, false));
        seen.push(rig.app.view().mode);
    }
    assert_eq!(seen, [Mode::Samples, Mode::Link, Mode::Draw]);
    // Letting go of select did not lower the pen.
    assert!(!rig.app.view().pen.unwrap().1);
}

#[test]
fn the_hosts_pen_draws_like_a_finger() {
    let mut rig = Rig::new(&likeness());
    for (x, y, down) in [(8, 8, true), (20, 8, true), (13, 23, true), (0, 0, false)] {
        rig.event(Event::Pen(x, y, down));
    }
    assert_eq!(rig.app.status().class, Some(7));
    rig.event(Event::Clear);
    assert_eq!(ink(&rig), 0);
}

#[test]
fn whatever_happens_the_display_is_as_if_drawn_anew() {
    let mut rig = Rig::new(&likeness());
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let keys = [Key::Up, Key::Down, Key::Left, Key::Right, Key::Select];
    for step in 0..1500 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let key = keys[(chance >> 8) as usize % keys.len()];
        match chance % 8 {
            0..5 => rig.event(Event::Key(key, chance & 1 << 20 == 0)),
            5 => rig.wait((chance >> 30) as u32 % 900),
            6 => rig.app.stroke(Some(((chance >> 24) as i32 % 300, (chance >> 40) as i32 % 300))),
            _ => rig.event(Event::Pen((chance >> 16) as u8, (chance >> 32) as u8, true)),
        }
        rig.show();
        assert!(
            rig.picture.text() == rig.drawn_anew().text(),
            "step {step}:\n{}",
            rig.picture.text()
        );
    }
}
