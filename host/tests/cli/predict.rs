//! `inkbit predict`: pictures that it reads and refuses.

use std::path::Path;

use image::{GrayImage, Luma};
use serde_json::Value;

use crate::place::Place;

/// A dark stroke on light paper, or the other way round.
fn write_picture(path: &Path, paper: u8, ink: u8) {
    let stroke = |x, y| (30..50).contains(&x) && (10..70).contains(&y);
    let picture = GrayImage::from_fn(90, 80, |x, y| Luma([if stroke(x, y) { ink } else { paper }]));
    picture.save(path).unwrap();
}

fn place() -> Place {
    let place = Place::new();
    write_picture(&place.path("one.png"), 240, 20);
    write_picture(&place.path("light.pgm"), 20, 240);
    write_picture(&place.path("blank.png"), 240, 240);
    place
}

#[test]
fn a_line_for_each_picture_has_class_confidence_and_runner_up() {
    let text = place().succeed("predict model.inkbit one.png light.pgm");
    let lines: Vec<&str> = text.lines().collect();
    let [dark, light] = lines[..] else { panic!("{text}") };
    let answer = dark.strip_prefix("one.png: ").unwrap();
    assert_eq!(light.strip_prefix("light.pgm: "), Some(answer), "the same stroke");
    let (best, second) = answer.split_once(" %), then ").unwrap();
    let share = |text: &str| {
        let (class, share) = text.split_once(" (").unwrap();
        assert!(["0", "1", "2", "3"].contains(&class), "{text}");
        share.trim_end_matches(" %)").parse::<f32>().unwrap()
    };
    assert!(share(best) >= share(second), "{answer}");
}

#[test]
fn show_draws_what_the_model_sees() {
    let text = place().succeed("predict model.inkbit one.png --show");
    let drawn: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(drawn.len(), 6, "{text}");
    assert_eq!((drawn[0], drawn[5]), ("┌────────┐", "└────────┘"));
    assert!(drawn[1..5].iter().all(|row| row.chars().count() == 10), "{text}");
    assert!(drawn[2].contains('█'), "{text}");
}

#[test]
fn json_is_an_object_for_each_picture_readable_or_not() {
    let ended = place().run("predict model.inkbit --json one.png nowhere.png");
    assert_eq!(ended.code, Some(1));
    let lines: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [read, unread] = &lines[..] else { panic!("{}", ended.out) };
    assert_eq!(read["file"], "one.png");
    let logits: Vec<i64> =
        read["logits"].as_array().unwrap().iter().map(|logit| logit.as_i64().unwrap()).collect();
    let greatest = (0..4).max_by_key(|&class| (logits[class], -(class as i32))).unwrap();
    assert_eq!(read["class"], greatest.to_string());
    let confidence = read["confidence"].as_f64().unwrap();
    assert!((0.25..=1.0).contains(&confidence), "{read}");
    assert!(read["runner_up"]["confidence"].as_f64().unwrap() <= confidence);
    assert_eq!(unread["file"], "nowhere.png");
    assert!(unread["error"].as_str().unwrap().starts_with("cannot read nowhere.png: "));
}

#[test]
fn one_bad_picture_does_not_keep_the_others_from_being_read() {
    let place = place();
    let one = place.read("one.png");
    place.write("cut.png", &one[..60]);
    place.write("words.png", "hello");
    let ended =
        place.run("predict model.inkbit nowhere.png blank.png cut.png words.png digits one.png");
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.starts_with("one.png: ") && ended.out.lines().count() == 1, "{}", ended.out);
    let messages: Vec<&str> = ended.err.lines().collect();
    let expected = [
        "cannot read nowhere.png: No such file or directory (os error 2); give a file that exists",
        "blank.png shows no ink: found 90x80 pixels of even background, expected a digit",
        "cut.png is damaged or incomplete: ",
        "words.png is not a picture that can be read: expected PNG, JPEG or PGM, found a file",
        "cannot read digits: Is a directory (os error 21); give a file, not a folder",
        "5 of 6 pictures could not be classified",
    ];
    assert_eq!(messages.len(), expected.len(), "{}", ended.err);
    for (message, expected) in messages.into_iter().zip(expected) {
        assert!(message.starts_with(&format!("error: {expected}")), "{message}");
    }
}

#[test]
fn drawings_are_no_json() {
    let message = place().fail(2, "predict model.inkbit one.png --json --show");
    assert!(message.starts_with("the argument '--json' cannot be used with '--show'"), "{message}");
}
