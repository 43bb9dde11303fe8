//! `inkbit evaluate --robust` and `inkbit models`.

use std::fs;

use serde_json::Value;

use crate::place::Place;

#[test]
fn changed_images_are_told_from_clean_ones_and_always_the_same() {
    let place = Place::new();
    let command = "evaluate model.inkbit --data digits --robust";
    let text = place.succeed(command);
    assert!(text.starts_with("80 images, changed at random\n\ncondition  "), "{text}");
    assert!(text.contains("\nclean      as they are  "), "{text}");
    assert!(text.contains("\ncombined   all three  "), "{text}");
    assert_eq!(place.succeed(command), text);
    // The integers' float network is measured likewise.
    assert_eq!(place.succeed("evaluate run --robust").lines().count(), text.lines().count());

    let json: Value = serde_json::from_str(&place.succeed(&format!("{command} --json"))).unwrap();
    let conditions = json["conditions"].as_array().unwrap();
    assert_eq!((conditions.len(), &json["images"]), (8, &Value::from(80)));
    let clean = place.succeed("evaluate model.inkbit --data digits --json");
    let clean: Value = serde_json::from_str(&clean).unwrap();
    assert_eq!(conditions[0]["accuracy"], clean["accuracy"]);
    // How far down the bar is, is the class: moved by up to three pixels it is another one.
    assert!(conditions[1]["accuracy"].as_f64() < conditions[0]["accuracy"].as_f64());
}

#[test]
fn models_are_listed_with_what_they_record_and_reach() {
    let place = Place::new();
    fs::create_dir(place.path("models")).unwrap();
    place.write("models/a.inkbit", place.read("model.inkbit"));
    place.write("models/not-a-model", "");
    let text = place.succeed("models models model.inkbit --data digits");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("| model | network "), "{text}");
    assert!(lines[2].starts_with("| run   | 64-") && lines[2].contains(" | 8    | 1,"), "{text}");
    assert_eq!(lines[2], lines[3]);
    let cells: Vec<&str> = lines[2].split('|').map(str::trim).collect();
    assert_eq!(cells[5], cells[6], "recorded and measured: {text}");

    let json = place.succeed("models models --data digits --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["bytes"], place.read("model.inkbit").len());
    assert_eq!(json[0]["recorded_accuracy"], json[0]["measured"]["accuracy"]);

    let text = place.succeed("models models --recorded");
    assert!(text.ends_with("| –          | –               |\n"), "{text}");
    assert!(place.fail(1, "models").starts_with("there is no folder firmware/models here"));
    fs::create_dir(place.path("none")).unwrap();
    assert_eq!(
        place.fail(1, "models none"),
        "there is no .inkbit file in none; give models, or folders of them"
    );
}
