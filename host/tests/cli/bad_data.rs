//! Messages about data that are missing, damaged or mislabelled.

use std::fs;

use crate::place::{Place, TRAIN, bars};

const TRAIN_IMAGES: &str = "digits/train-images-idx3-ubyte";
const TRAIN_LABELS: &str = "digits/train-labels-idx1-ubyte";
const TEST_IMAGES: &str = "digits/t10k-images-idx3-ubyte";
const TEST_LABELS: &str = "digits/t10k-labels-idx1-ubyte";

/// The message of every subcommand that reads the data; all must be the same.
fn refusal(place: &Place) -> String {
    let message = place.fail(1, &format!("train --out new {TRAIN}"));
    for command in [
        "evaluate model.inkbit --data digits",
        "evaluate run",
        "verify model.inkbit --data digits",
        "quantize run -o new.inkbit",
    ] {
        assert_eq!(place.fail(1, command), message, "{command}");
    }
    message
}

#[test]
fn a_missing_file_is_named() {
    let place = Place::new();
    fs::remove_file(place.path(TEST_LABELS)).unwrap();
    assert_eq!(
        refusal(&place),
        "digits has no t10k-labels-idx1-ubyte: expected under this name or with .gz at the end"
    );
}

#[test]
fn a_truncated_file_is_named_with_both_sizes() {
    let place = Place::new();
    let images = place.read(TRAIN_IMAGES);
    place.write(TRAIN_IMAGES, &images[..1000]);
    assert_eq!(
        refusal(&place),
        format!("{TRAIN_IMAGES} is truncated: 1000 bytes, expected {}; get it again", images.len())
    );
}

#[test]
fn swapped_files_are_recognized() {
    let place = Place::new();
    let (images, labels) = (place.read(TEST_IMAGES), place.read(TEST_LABELS));
    place.write(TEST_IMAGES, labels);
    place.write(TEST_LABELS, images);
    assert_eq!(
        refusal(&place),
        format!("{TEST_IMAGES} holds labels where images are expected: are the two files swapped?")
    );
}

#[test]
fn images_and_labels_of_different_counts_are_refused() {
    let place = Place::new();
    place.write(TRAIN_LABELS, place.read(TEST_LABELS));
    assert_eq!(
        refusal(&place),
        format!(
            "{TRAIN_IMAGES} has 320 images, but {TRAIN_LABELS} has 80 labels: expected as many; do \
             they belong together?"
        )
    );
}

#[test]
fn a_file_without_images_or_of_something_else_is_refused() {
    let place = Place::new();
    place.write_data("digits", &bars(8, 4, 320), &bars(8, 4, 0));
    assert_eq!(
        refusal(&place),
        format!("{TEST_IMAGES} is sound but holds 0 images, expected at least 1")
    );
    place.write(TRAIN_IMAGES, "<html>Not found</html>");
    let message = refusal(&place);
    assert!(
        message.starts_with(&format!("{TRAIN_IMAGES} is no IDX file of images: ")),
        "{message}"
    );
    assert!(message.contains("(a web page?)"), "{message}");
}

#[test]
fn a_folder_that_is_not_mnist_is_not_taken_for_it() {
    let place = Place::new();
    let message = place.fail(1, "train --out new --data-dir digits");
    let start = format!("{TRAIN_IMAGES} is not MNIST's: its content has the SHA-256 ");
    assert!(message.starts_with(&start), "{message}");
    assert!(message.ends_with("; get the genuine file, or load other data by --data DIR"));
}

#[test]
fn mnist_that_cannot_be_had_says_what_else_can_be_done() {
    // Nothing listens on port 1.
    let message = Place::new().fail(1, "train --out new --mirror http://127.0.0.1:1");
    assert!(message.starts_with("MNIST was not found and cannot be downloaded: "), "{message}");
    for way in ["http://127.0.0.1:1", "--data-dir", "$INKBIT_DATA", "--mirror", "--data synthetic"]
    {
        assert!(message.contains(way), "{message}");
    }
}

#[test]
fn flags_that_say_nothing_about_these_data_are_a_wrong_use() {
    let place = Place::new();
    for (flags, expected) in [
        (
            "--data digits --data-dir digits",
            "--data-dir is only for --data mnist, but --data is `digits`: leave it out",
        ),
        (
            "--data synthetic --mirror http://127.0.0.1:1",
            "--mirror is only for --data mnist, but --data is `synthetic`: leave it out",
        ),
        (
            "--mirror ftp://mirror",
            "--mirror is `ftp://mirror`: expected an address that begins with http:// or https://",
        ),
    ] {
        assert_eq!(place.fail(2, &format!("train --out new {flags}")), expected);
    }
}

#[test]
fn classes_without_a_training_image_are_named() {
    let place = Place::untrained();
    let (mut train, mut test) = (bars(8, 4, 320), bars(8, 4, 80));
    train.labels[0] = 9;
    test.labels[0] = 7;
    place.write_data("odd", &train, &test);
    let ended = place.run("train --out new --data odd --config quick.toml --epochs 1");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.out.starts_with("odd: 320 images of 8x8 pixels, 80 to test on, 10 classes\n"),
        "{ended:?}"
    );
    assert_eq!(
        ended.err,
        "warning: 5 of 10 classes have no training image: 4, 5, 6, 7, 8; the network has an output \
         for each all the same; check the labels, which count from 0\n\
         warning: 1 of 80 test images are of classes without a training image: they will be \
         mistakes\n\
         warning: the classes are uneven: 9 has 1 training image, 1 has 80; add images of the rare \
         ones\n"
    );
}
