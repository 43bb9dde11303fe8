//! `inkbit evaluate --robust` and `inkbit models`.

use std::fs;

use serde_json::Value;

use crate::place::Place;

#[test]
fn distorted_images_are_measured_the_same_every_time() {
    let place = Place::new();
    let command = "evaluate model.inkbit --data digits --robust";
    let text = place.succeed(command);
    assert!(text.starts_with("80 images, distorted at random\n\ncondition  "), "{text}");
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
    // The height of the bar is the class: moved by up to three pixels it is another one.
    assert!(conditions[1]["accuracy"].as_f64() < conditions[0]["accuracy"].as_f64());
}

#[test]
fn models_are_listed_with_what_they_record_and_reach() {
    let place = Place::new();
    fs::create_dir(place.path("models")).unwrap();
    place.write("models/a.inkbit", place.read("model.inkbit"));
    place.write("models/not-a-model", "");
    let text = place.succeed("models models model.inkbit --data digits");
    let (models, boards) = text.split_once("\n\n").unwrap();
    let lines: Vec<&str> = models.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].starts_with("| model           | network "), "{text}");
    // Both have the name `run`.
    let rest = lines[2].strip_prefix("| models/a.inkbit | 64-").unwrap();
    assert!(rest.contains(" | 8    | 1,"), "{text}");
    assert_eq!(lines[3].strip_prefix("| model.inkbit    | 64-"), Some(rest));
    let cells: Vec<&str> = lines[2].split('|').map(str::trim).collect();
    assert_eq!(cells[5], cells[6], "recorded and measured: {text}");
    assert_eq!(cells[8], "all boards", "{text}");
    let boards: Vec<&str> = boards.lines().skip(2).collect();
    assert!(boards.iter().all(|board| board.ends_with(" | model.inkbit   |")), "{text}");
    assert!(boards.iter().any(|row| row.starts_with("| microbit ")), "{text}");
    assert!(boards.iter().any(|row| row.starts_with("| black-pill (not run in CI) ")), "{text}");

    let json = place.succeed("models models --data digits --json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["bytes"], place.read("model.inkbit").len());
    assert_eq!(json[0]["recorded_accuracy"], json[0]["measured"]["accuracy"]);

    let text = place.succeed("models models --recorded");
    assert!(text.contains("| –          | –               | all boards |\n"), "{text}");
    let message = place.fail(1, "models models --recorded --instructions nowhere.toml");
    assert!(message.contains("nowhere.toml"), "{message}");
    fs::create_dir(place.path("none")).unwrap();
    assert_eq!(
        place.fail(1, "models none"),
        "there is no .inkbit file in none; give models, or folders of them"
    );
}

#[test]
fn reference_models_are_listed_anywhere_with_what_their_presets_ask_of_them() {
    let place = Place::untrained();
    let text = place.succeed("models --recorded");
    let row = text.lines().find(|line| line.starts_with("| classic ")).unwrap();
    assert!(row.contains(" | 240,000 ") && row.contains(" | 98.10 "), "{text}");
    let json: Value = serde_json::from_str(&place.succeed("models --recorded --json")).unwrap();
    let models = json.as_array().unwrap();
    for board in inkbit::device::board::names() {
        let is_in = |model: &&Value, key: &str| {
            model[key].as_array().unwrap().contains(&Value::from(board.as_str()))
        };
        let best: Vec<&Value> = models.iter().filter(|model| is_in(model, "best_on")).collect();
        assert_eq!(best.len(), 1, "{board}: {text}");
        assert!(is_in(&best[0], "fits"));
        let accuracy = |model: &Value| model["recorded_accuracy"].as_f64().unwrap();
        let fitting = models.iter().filter(|model| is_in(model, "fits"));
        assert!(fitting.into_iter().all(|other| accuracy(other) <= accuracy(best[0])), "{text}");
        // What an image is made of unless a model is named.
        let said = place.succeed(&format!("image --board {board} -o {board}.bin"));
        let name = best[0]["name"].as_str().unwrap();
        let expected = format!("reference model {name}, the best that fits {board}: accuracy ");
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(place.read(&format!("{board}.bin")).len(), best[0]["bytes"]);
    }
}
