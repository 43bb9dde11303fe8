//! `inkbit inspect`, and files that are not models, for every subcommand.

use std::fs;
use std::path::Path;

use crate::place::Place;

/// Renew it with the golden blobs.
const GOLDEN: &str = "\
name         random
format       version 3
input        28x28 pixels, 0 = background, 255 = ink, cropped by 0, pooled by 2 to 14x14
classes      3: c0 c1 c2
logit scale  0.85353464 (display only)
accuracy     not measured
trained by   \n\
seed         9
data         sha256 15244a92b1180fc380d6754f65fcad974e46e5b0bc6426debcfdcbc534693b51
written by   inkbit-tests 0.1.0
crc-32       419023b3
memory       Scratch<204>: 816 bytes of working memory

layer                    inputs  outputs  bits  multipliers  bias  weights   bytes
0                           196        8     8         32 B  32 B   1568 B  1632 B
1                             8        3     8          0 B  12 B     64 B    76 B
header, padding and CRC                                                      124 B
whole blob                                                                  1832 B
(outputs are stored in blocks of 8, those with 2-bit weights in blocks of 16)
";

#[test]
fn inspect_shows_all_of_a_golden_model() {
    let place = Place::untrained();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden");
    fs::copy(golden.join("int8-14x14-inputs.inkbit"), place.path("golden.inkbit")).unwrap();
    assert_eq!(place.succeed("inspect golden.inkbit"), GOLDEN);
}

#[test]
fn weights_are_drawn_in_half_blocks() {
    let place = Place::new();
    let text = place.succeed("inspect model.inkbit --weights");
    let (_, drawn) = text.split_once("the 8 of the first layer's ").unwrap();
    assert_eq!(drawn.matches("┌────────┐").count(), 8, "{text}");
    assert_eq!(drawn.matches("unit ").count(), 8, "{text}");
    assert!(drawn.contains('█') || drawn.contains('▀'), "{text}");
    // Within 80 columns.
    assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn every_golden_model_can_be_inspected() {
    let place = Place::untrained();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden");
    for entry in fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "inkbit") {
            fs::copy(&path, place.path("golden.inkbit")).unwrap();
            let text = place.succeed("inspect golden.inkbit");
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(text.contains("\nformat       version 3\n"), "{name}: {text}");
            assert_eq!(text.contains("stages are asked in turn"), name == "two-stages", "{text}");
        }
    }
}

#[test]
fn what_is_no_model_is_refused_by_all_that_take_one() {
    let place = Place::new();
    let model = place.read("model.inkbit");
    let size = model.len();
    let changed = |index: usize, byte: u8| {
        let mut bytes = model.clone();
        bytes[index] = byte;
        bytes
    };
    place.write("cut", &model[..size - 100]);
    place.write("stub", &model[..5]);
    place.write("empty", "");
    place.write("long", [&model[..], b"xy"].concat());
    place.write("version", changed(6, 9));
    place.write("damaged", changed(size / 2, !model[size / 2]));
    place.write("blank", vec![0xff; 64]);
    place.write("seven.png", b"\x89PNG\r\n\x1a\n and so on");
    let again = "copy or flash it again";
    for (file, expected) in [
        ("cut", format!("cut: model is cut off: {} bytes of {size}; {again}", size - 100)),
        ("stub", format!("stub: model is cut off: 5 bytes of 12; {again}")),
        ("empty", format!("empty: model is cut off: 0 bytes of 12; {again}")),
        ("long", format!("long: model of {size} bytes is followed by 2 more; copy it again")),
        ("version", "version: ".to_owned()),
        ("damaged", "damaged: model is damaged: CRC 0x".to_owned()),
        ("blank", "blank: ".to_owned()),
        (
            "seven.png",
            "seven.png: not an Inkbit model: it begins with [89, 50, 4e, 47, 0d, 0a], not with \
             \"INKBIT\"; check the file or address"
                .to_owned(),
        ),
        (
            "digits",
            "cannot read digits: Is a directory (os error 21); give a file, not a folder"
                .to_owned(),
        ),
        (
            "nowhere",
            "cannot read nowhere: No such file or directory (os error 2); give a file that exists"
                .to_owned(),
        ),
    ] {
        for command in ["inspect", "verify --data digits", "predict seven.png"] {
            let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
            let message = place.fail(1, &format!("{name} {file} {rest}"));
            assert!(message.starts_with(&expected), "{message}");
        }
        if file != "digits" {
            let message = place.fail(1, &format!("evaluate {file} --data digits"));
            assert!(message.starts_with(&expected), "{message}");
        }
    }
    // It also takes runs.
    let message = place.fail(1, "evaluate digits");
    assert!(
        message.starts_with("digits is not a training run: it has no config.toml"),
        "{message}"
    );
}

#[test]
fn models_of_one_name_are_told_apart_by_their_files() {
    let place = Place::new();
    fs::create_dir(place.path("q")).unwrap();
    for name in ["q/a.inkbit", "q/b.inkbit"] {
        fs::copy(place.path("model.inkbit"), place.path(name)).unwrap();
    }
    let text = place.succeed("models q --recorded");
    assert!(text.contains("| q/a.inkbit |") && text.contains("| q/b.inkbit |"), "{text}");
    let text = place.succeed("models q/a.inkbit --recorded");
    assert!(text.contains("| run "), "{text}");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/golden/one-layer.inkbit");
    fs::copy(golden, place.path("q/c.inkbit")).unwrap();
    assert_eq!(
        place.fail(1, "models q --data digits"),
        "q/c.inkbit: the samples are 8×8 pixels, the model takes 6×6 pixels; give the data that it was \
         trained on with --data; or skip measuring with --recorded"
    );
}
