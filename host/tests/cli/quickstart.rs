//! `inkbit quickstart` on small data.

use crate::place::{Place, bars};

#[test]
fn it_goes_all_the_way_and_a_second_one_replaces_the_first() {
    let place = Place::untrained();
    let text = place.succeed("quickstart --data digits --out first");
    for (number, step) in [
        (1, "Data\n\ndigits: 320 images of 8x8 pixels to train on, 80 to test on\n"),
        (2, "Train a 64-256-128-4 network with dropout 0.4 (burn)\n\nepoch   1/8  train loss "),
        (3, "Quantize its weights to 8 bits\n\n"),
        (4, "Evaluate it on the test images\n\naccuracy "),
        (5, "Verify: every integer by two implementations\n\nburn integer tensors "),
        (6, "Predict some test images\n\n┌────────┐ ┌────────┐ ┌────────┐\n"),
    ] {
        assert!(text.contains(&format!("\n== {number}. {step}")), "{step:?} is not in\n{text}");
    }
    assert_eq!(text.matches("┌────────┐").count(), 6, "{text}");
    assert_eq!(text.matches(", truly ").count(), 6, "{text}");
    let (_, end) = text.split_once("\n== Done\n\naccuracy ").unwrap();
    assert!(end.contains(" %, 0 mismatches, ") && end.contains("\n\nNow try\n"), "{end}");
    assert!(end.contains(" inspect first/model.inkbit\n"), "{end}");
    place.succeed("verify first/model.inkbit --data digits");

    let model = place.read("first/model.inkbit");
    place.succeed("quickstart --data digits --out first --seed 2");
    assert!(place.read("first/model.inkbit") != model, "the same model with another seed");
}

#[test]
fn data_that_were_asked_for_are_not_replaced_by_others() {
    let place = Place::new();
    let ended = place.run("quickstart --data nowhere --out new");
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.err,
        "error: there are no data `nowhere`: expected `mnist`, `synthetic`, `strangers`, a \
         folder, ZIP or file of images, or a mixture such as mnist+synthetic:0.2\n"
    );
    assert!(!place.path("new").exists());
}

#[test]
fn few_test_images_are_all_shown() {
    let place = Place::untrained();
    place.write_data("few", &bars(8, 4, 40), &bars(8, 4, 5));
    let text = place.succeed("quickstart --data few --out new");
    assert_eq!(text.matches(", truly ").count(), 5, "{text}");
}
