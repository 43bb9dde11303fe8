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

/// With a model that looks for digits, as it was trained on such.
fn place() -> Place {
    let place = Place::untrained();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    std::fs::copy(models.join("nano.inkbit"), place.path("model.inkbit")).unwrap();
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
    let best = best.strip_prefix("none of the classes; most like ").unwrap_or(best);
    let share = |text: &str| {
        let (class, share) = text.split_once(" (").unwrap();
        assert!((0..10).any(|digit| class == digit.to_string()), "{text}");
        share.trim_end_matches(" %)").parse::<f32>().unwrap()
    };
    assert!(share(best) >= share(second), "{answer}");
}

#[test]
fn show_draws_what_the_model_sees() {
    let text = place().succeed("predict model.inkbit one.png --show");
    let drawn: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(drawn.len(), 16, "{text}");
    let edge = "─".repeat(28);
    assert_eq!((drawn[0], drawn[15]), (&*format!("┌{edge}┐"), &*format!("└{edge}┘")));
    assert!(drawn[1..15].iter().all(|row| row.chars().count() == 30), "{text}");
    assert!(drawn[7].contains('█'), "{text}");
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
    let greatest = (0..10).max_by_key(|&class| (logits[class], -(class as i32))).unwrap();
    assert_eq!(read["class"], greatest.to_string());
    let confidence = read["confidence"].as_f64().unwrap();
    assert!((0.1..=1.0).contains(&confidence) && read["accepted"].is_boolean(), "{read}");
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
        "words.png is not a picture that can be read: expected PNG, JPEG, WebP, TIFF,",
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

#[test]
fn every_digit_of_a_picture_has_a_line_or_an_object_with_its_box() {
    let place = place();
    // Two rows: three strokes, and one.
    let strokes = [(10, 10), (70, 12), (130, 8), (40, 110)];
    let inked = |x: u32, y: u32| {
        strokes
            .iter()
            .any(|&(left, top)| (left..left + 14).contains(&x) && (top..top + 60).contains(&y))
    };
    let picture = GrayImage::from_fn(200, 200, |x, y| Luma([if inked(x, y) { 20 } else { 240 }]));
    picture.save(place.path("row.png")).unwrap();
    let text = place.succeed("predict model.inkbit row.png");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("row.png, digit 1 of 4 at 10,10 (14x60): "), "{text}");
    assert!(lines[3].starts_with("row.png, digit 4 of 4 at 40,110 (14x60): "), "{text}");
    let json = place.succeed("predict model.inkbit --json row.png");
    let digits: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (digit, number) in digits.iter().zip(1..) {
        let (left, top) = strokes[number - 1];
        assert_eq!((&digit["file"], &digit["digits"]), (&"row.png".into(), &4.into()));
        assert_eq!(
            (&digit["digit"], &digit["box"]),
            (&number.into(), &serde_json::json!([left, top, 14, 60]))
        );
    }
    let one = place.succeed("predict model.inkbit --one row.png");
    assert!(one.starts_with("row.png: ") && one.lines().count() == 1, "{one}");
}

#[test]
fn what_is_no_picture_is_called_by_its_name() {
    let place = place();
    for (file, content, name) in [
        ("photo.heic", &b"\0\0\0\x18ftypheic"[..], "a HEIC picture"),
        ("photo.avif", b"\0\0\0\x18ftypavif", "an AVIF picture"),
        ("page.pdf", b"%PDF-1.7", "a PDF"),
        ("seven.svg", b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
        ("model.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("x.npy", b"\x93NUMPY\x01\0", "a NumPy array"),
        ("images.idx", &[0, 0, 8, 3, 0, 0, 0, 1], "an IDX file"),
        ("empty.png", b"", "an empty file"),
    ] {
        place.write(file, content);
        let ended = place.run(&format!("predict model.inkbit {file}"));
        let expected = format!(
            "error: {file} is not a picture that can be read: expected PNG, JPEG, WebP, TIFF, GIF, BMP or \
             PGM, found {name}; convert it to PNG\n"
        );
        assert!(ended.err.starts_with(&expected), "{}", ended.err);
    }
}

/// A model whose images lie anyhow takes the whole picture.
#[test]
fn a_picture_is_laid_out_as_the_training_images_were() {
    let place = Place::new();
    write_picture(&place.path("one.png"), 240, 20);
    let drawn = place.succeed("predict model.inkbit one.png --show");
    // The stroke is at its place: neither scaled to the frame nor centred.
    assert!(drawn.contains("\n│  ░▄▄   │\n│  ░██   │\n│  ░██   │\n│  ░▀▀   │\n"), "{drawn}");
    let text = place.succeed("predict model.inkbit one.png --as-is");
    assert_ne!(text, place.succeed("predict model.inkbit one.png"), "nothing is inverted");
    assert!(
        place.fail(2, "predict model.inkbit one.png --as-is --one").contains("cannot be used with")
    );
}

#[test]
fn what_looks_like_no_digit_is_none_of_the_classes() {
    let place = place();
    // A lattice.
    let inked = |x: u32, y: u32| (x / 9 + y / 9).is_multiple_of(2) && x.min(y) > 9 && x.max(y) < 81;
    let picture = GrayImage::from_fn(90, 90, |x, y| Luma([if inked(x, y) { 20 } else { 240 }]));
    picture.save(place.path("lattice.png")).unwrap();
    let text = place.succeed("predict model.inkbit lattice.png --one");
    assert!(text.starts_with("lattice.png: none of the classes; most like "), "{text}");
    let json = place.succeed("predict model.inkbit lattice.png --one --json");
    let said: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(said["accepted"], false, "{said}");
}
