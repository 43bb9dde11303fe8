//! Classes with names: data other than digits through all subcommands.

use crate::device::can_emulate;
use crate::place::{Place, bars, unseen};
use crate::report;

const BOARD: &str = "lm3s6965evb";

const CLOTHES: &str = "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\n\
                       Ankle boot\n";

/// Trains, quantizes, verifies, evaluates, compares and reports on data of that size, classifies a
/// picture on the host and on an emulated board, and makes the board's image; gives the evaluation
/// and the page.
fn whole_way(place: &Place, side: usize, classes: usize, labels: &str) -> (String, String) {
    let (train, test) = (bars(side, classes, 8 * classes), unseen(side, classes, 2 * classes));
    place.write_data("data", &train, &test);
    place.write("labels.txt", labels);
    place.succeed("train --out new --data data --labels labels.txt --config quick.toml");
    place.succeed("quantize new -o new.inkbit --data data");
    place.succeed("verify new.inkbit --data data");
    let compared = place.succeed("compare new.inkbit new.inkbit --data data");
    assert!(compared.contains("no significant difference"), "{compared}");
    let mut picture = b"P5 40 40 255\n".to_vec();
    picture.extend((0..1600).map(|n| if (12..18).contains(&(n / 40)) { 10 } else { 240 }));
    place.write("bar.pgm", picture);
    let predicted = place.succeed("predict new.inkbit bar.pgm");
    let class = predicted.strip_prefix("bar.pgm: ").and_then(|rest| rest.split_once(" ("));
    assert!(class.is_some_and(|(class, _)| labels.lines().any(|l| l == class)), "{predicted}");
    if can_emulate([BOARD]) {
        let sent = place.succeed(&format!("send new.inkbit bar.pgm --device {BOARD}"));
        assert!(sent.starts_with(predicted.trim_end()), "{predicted}{sent}");
    }
    place.succeed(&format!("image --board {BOARD} new.inkbit -o new.hex"));
    // The model knows its labels.
    let evaluation = place.succeed("evaluate new.inkbit --data data");
    (evaluation, report::page(place, "new.inkbit --data data"))
}

#[test]
fn clothes_are_named_everywhere() {
    let place = Place::untrained();
    let (evaluation, page) = whole_way(&place, 28, 10, CLOTHES);
    assert!(evaluation.contains("\nAnkle boot   "), "{evaluation}");
    assert!(evaluation.contains("confusion matrix"), "{evaluation}");
    let words = report::text(&page);
    for label in CLOTHES.lines() {
        assert!(words.contains(label), "{label} is not in\n{words}");
    }
    assert!(!words.contains("true: 1"), "{words}");
    assert!(place.succeed("evaluate new").contains("\nAnkle boot   "));
    let inspected = place.succeed("inspect new.inkbit");
    assert!(inspected.contains("classes      10: T-shirt/top Trouser Pullover "), "{inspected}");
}

#[test]
fn digits_of_8x8_pixels_and_sets_of_62_characters_go_the_whole_way() {
    let place = Place::untrained();
    let ten: String = (0..10).map(|digit| format!("digit {digit}\n")).collect();
    let (evaluation, page) = whole_way(&place, 8, 10, &ten);
    assert!(evaluation.contains("\ndigit 9  "), "{evaluation}");
    assert!(page.contains("samples of 8×8 pixels"));

    let place = Place::untrained();
    let characters = ('0'..='9').chain('A'..='Z').chain('a'..='z');
    let labels: String = characters.map(|character| format!("{character}\n")).collect();
    let (evaluation, page) = whole_way(&place, 28, 62, &labels);
    assert!(evaluation.contains("matrix of 62 classes is too wide for a terminal"), "{evaluation}");
    assert!(page.contains("Inkbit report: 62 classes"));
}

#[test]
fn markup_in_labels_stays_text() {
    let place = Place::untrained();
    let (_, page) = whole_way(&place, 8, 2, "<script>&\"'\n{{ facts }}\n");
    let words = report::text(&page);
    assert!(words.contains("<script>&\"'") && words.contains("{{ facts }}"), "{words}");
}

#[test]
fn labels_that_do_not_fit_are_refused_before_anything_is_written() {
    let place = Place::new();
    let refusal = |labels: &str| {
        place.write("labels.txt", labels);
        place.fail(1, "train --out new --data digits --labels labels.txt")
    };
    assert_eq!(
        refusal("a\nb\nc\n"),
        "labels.txt has 3 labels, but the data digits have 4 classes: give one line for each class, \
         in order from class 0"
    );
    assert_eq!(
        refusal("a\nb\nc\nd\ne\n"),
        "labels.txt has 5 labels, but the data digits have 4 classes: give one line for each class, \
         in order from class 0"
    );
    assert_eq!(
        refusal("a\nb\tb\nc\nd\n"),
        "labels.txt, line 2: the label \"b\\tb\" has a control character: remove it"
    );
    assert!(
        place.fail(1, "evaluate model.inkbit --data digits --labels none.txt").contains("none.txt")
    );
}

#[test]
fn data_of_one_class_are_refused_by_name() {
    let place = Place::untrained();
    let mut images = bars(8, 1, 40);
    images.labels.fill(3);
    place.write_data("data", &images, &bars(8, 4, 8));
    assert_eq!(
        place.fail(1, "train --out new --data data"),
        "the data data have images of one class only, 3: expected at least two classes; give other \
         data, or add images of what is not 3"
    );
}

#[test]
fn names_that_are_given_are_shown_instead_of_the_models() {
    let place = Place::new();
    place.write("names.txt", "north\neast\nsouth\nwest\n");
    for subject in ["model.inkbit", "run"] {
        let evaluation =
            place.succeed(&format!("evaluate {subject} --data digits --labels names.txt"));
        assert!(evaluation.contains("\nnorth  "), "{evaluation}");
        assert!(!evaluation.contains("\n0  "), "{evaluation}");
        let words = report::text(&report::page(
            &place,
            &format!("{subject} --data digits --labels names.txt"),
        ));
        assert!(words.contains("north") && !words.contains("true: 0"), "{words}");
    }
    place.write("names.txt", "north\neast\n");
    assert_eq!(
        place.fail(1, "evaluate model.inkbit --data digits --labels names.txt"),
        "names.txt has 2 labels, but the model has 4 classes: give one line for each class, in \
         order from class 0"
    );
}

#[test]
fn a_trained_network_gets_names_when_it_is_quantized() {
    let place = Place::new();
    place.write("names.txt", "north\neast\nsouth\nwest\n");
    place.succeed("quantize run -o named.inkbit --labels names.txt");
    let inspected = place.succeed("inspect named.inkbit");
    assert!(inspected.contains("classes      4: north east south west"), "{inspected}");
    // The data are those it was trained on, whatever their classes are called.
    let evaluation = place.succeed("evaluate named.inkbit --data digits");
    assert!(evaluation.contains("\nwest   "), "{evaluation}");
}
