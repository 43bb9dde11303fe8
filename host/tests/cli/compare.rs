//! `inkbit compare`: models side by side.

use serde_json::Value;

use crate::place::{Place, TRAIN, bars};

/// A place with a briefly trained model in `weak.inkbit`.
fn two_models() -> Place {
    let place = Place::new();
    place.succeed(&format!("train --out weak {TRAIN} --epochs 1 --lr 0.0001 --no-report"));
    place.succeed("quantize weak -o weak.inkbit");
    place
}

#[test]
fn a_weaker_model_is_told_from_a_better_one() {
    let place = two_models();
    let text = place.succeed("compare model.inkbit weak.inkbit --data digits");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "model         accuracy     95 % interval  bytes  non-zero  multiplications"
    );
    assert!(lines[1].starts_with("model.inkbit  100.00 %  95.42 - 100.00 %  "), "{text}");
    assert!(lines[2].starts_with("weak.inkbit    "), "{text}");
    assert!(text.contains(
        "\nof 80 test images, numbered from 0, wrong for one model alone\nmodel.inkbit  0\nweak.inkbit   "
    ));
    assert!(
        lines[4].starts_with("instructions  b-l475e-iot01a  lm3s6965evb  microbit  "),
        "{text}"
    );
    assert!(lines[5].split_whitespace().skip(1).all(|count| count.starts_with('~')), "{text}");
    assert!(lines[7].starts_with("~ estimated for these images, within "), "{text}");
    assert!(text.contains("model.inkbit is right where weak.inkbit is wrong "), "{text}");
    assert!(
        text.contains(": a significant difference (McNemar's exact test, p < 0.0001)"),
        "{text}"
    );
    let text = place.succeed("compare model.inkbit model.inkbit --data digits");
    let verdict = " 0 times: no significant difference (McNemar's exact test, p = 1)\n";
    assert!(text.ends_with(verdict), "{text}");
}

#[test]
fn a_model_of_more_classes_than_the_data_is_noted() {
    let place = Place::new();
    place.write_data("more", &bars(8, 8, 320), &bars(8, 8, 80));
    place.succeed("train --out more-classes --data more --config quick.toml --no-report");
    place.succeed("quantize more-classes -o more.inkbit");
    let text = place.succeed("compare model.inkbit more.inkbit --data digits");
    let note = "note: more.inkbit has 8 classes, the data have 4: every image that it";
    let other = "note: more.inkbit was trained on other data than digits\n";
    assert_eq!(text.matches("note: ").count(), 2, "{text}");
    assert!(text.contains(note) && text.ends_with(other), "{text}");
}

#[test]
fn json_has_the_same_figures() {
    let place = two_models();
    let text = place.succeed("compare model.inkbit weak.inkbit model.inkbit --data digits --json");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["images"], 80);
    assert_eq!(json["models"][0]["accuracy"], 1.0);
    let weak = &json["models"][1];
    let wrong = 80 - weak["correct"].as_u64().unwrap();
    assert!(wrong > 10, "{text}");
    assert_eq!(weak["alone_wrong"].as_array().unwrap().len() as u64, wrong);
    let cost = &weak["costs"]["microbit"];
    assert!(cost["instructions"].as_f64().is_some_and(|count| count > 1000.0), "{text}");
    assert!(cost["error"].as_f64().is_some_and(|error| error < 0.05), "{text}");
    assert_eq!(json["pairs"].as_array().unwrap().len(), 3);
    assert_eq!(json["pairs"][0]["only_first"].as_u64(), Some(wrong));
    assert_eq!(json["pairs"][0]["only_second"], 0);
    // The first and the third are the same model.
    assert_eq!(json["pairs"][1]["pair"], serde_json::json!([0, 2]));
    assert_eq!(json["pairs"][1]["p"], 1.0);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let place = Place::new();
    assert_eq!(
        place.fail(2, "compare model.inkbit"),
        "there is one model: give at least two to compare"
    );
    assert!(place.fail(2, "compare").contains("not provided:\n  <MODEL>..."));
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/golden/one-layer.inkbit");
    std::fs::copy(golden, place.path("other.inkbit")).unwrap();
    assert_eq!(
        place.fail(1, "compare model.inkbit other.inkbit --data digits"),
        "other.inkbit: the samples are 8×8 pixels, the model takes 6×6 pixels; give the data that it was \
         trained on with --data"
    );
}

#[test]
fn without_images_what_the_models_record_is_shown() {
    let place = Place::new();
    let away = "--mirror http://127.0.0.1:1";
    let ended = place.run(&format!("models model.inkbit {away}"));
    let recorded = place.succeed("models model.inkbit --recorded");
    assert_eq!((ended.code, &ended.out), (Some(0), &recorded), "{}", ended.err);
    assert!(ended.err.starts_with("note: this is what the models record, for "), "{}", ended.err);
    std::fs::copy(place.path("model.inkbit"), place.path("other.inkbit")).unwrap();
    let ended = place.run(&format!("compare model.inkbit other.inkbit {away}"));
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains("model.inkbit") && ended.out.contains("other.inkbit"),
        "{}",
        ended.out
    );
    assert!(
        ended.err.starts_with("error: the models were not compared on images: "),
        "{}",
        ended.err
    );
}

#[test]
fn a_port_that_is_not_there_is_noticed_before_the_data_are_looked_for() {
    let message =
        Place::new().fail(1, "verify model.inkbit --port /dev/no-such-port --data nowhere");
    assert!(message.contains("/dev/no-such-port") && !message.contains("nowhere"), "{message}");
}
