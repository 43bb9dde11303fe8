//! `inkbit evaluate` and `inkbit verify`, on runs and models.

use serde_json::Value;

use crate::place::{Place, bars};

#[test]
fn a_model_and_its_run_are_measured_in_words() {
    let place = Place::new();
    for what in ["model.inkbit --data digits", "run"] {
        let text = place.succeed(&format!("evaluate {what}"));
        assert!(text.starts_with("accuracy "), "{text}");
        for part in [
            " of 80 images, ",
            "\nloss     ",
            "\nclass  precision  ",
            "\nconfusion matrix: rows are true classes, columns are predicted classes\n",
            "|  0  1  2  3\n----+------------\n  0 | ",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }
}

#[test]
fn json_is_one_object_with_the_same_measures() {
    let place = Place::new();
    for what in ["model.inkbit --data digits", "run"] {
        let text = place.succeed(&format!("evaluate {what} --json"));
        let json: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["images"], 80);
        let accuracy = json["accuracy"].as_f64().unwrap();
        assert!((0.9..=1.0).contains(&accuracy), "{text}");
        assert_eq!(json["correct"].as_f64().unwrap() / 80.0, accuracy);
        assert!(json["loss"].as_f64().unwrap() >= 0.0);
        assert_eq!(json["classes"], serde_json::json!(["0", "1", "2", "3"]));
        let rows = json["confusion"].as_array().unwrap();
        let row = |row: &Value| row.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(rows.iter().map(row).collect::<Vec<u64>>(), [20; 4]);
        let classes = json["per_class"].as_array().unwrap();
        assert_eq!(classes.len(), 4);
        for class in classes {
            assert_eq!(class["support"], 20);
            for score in ["precision", "recall", "f1"] {
                assert!((0.0..=1.0).contains(&class[score].as_f64().unwrap()), "{class}");
            }
        }
    }
}

#[test]
fn every_integer_is_verified() {
    assert_eq!(
        Place::new().succeed("verify model.inkbit --data digits"),
        "\
burn integer tensors against inkbit-core, digits test images
images compared             80
logits compared            320
activations compared      1280
0 mismatches
"
    );
}

#[test]
fn data_that_do_not_fit_are_refused() {
    let place = Place::new();
    place.write_data("wide", &bars(9, 4, 20), &bars(9, 4, 20));
    place.write_data("many", &bars(8, 6, 20), &bars(8, 6, 20));
    for command in ["evaluate model.inkbit", "evaluate run", "verify model.inkbit"] {
        assert_eq!(
            place.fail(1, &format!("{command} --data wide")),
            "the samples are 9×9 pixels, the model takes 8×8 pixels; give the data that it was trained on \
             with --data"
        );
        assert_eq!(
            place.fail(1, &format!("{command} --data many")),
            "the data have a label 4, the model has 4 classes, counted from 0; give the data that \
             it was trained on with --data"
        );
    }
}
