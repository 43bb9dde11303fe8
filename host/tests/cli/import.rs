//! Networks of other frameworks, `inkbit import`. What each file gives is tested beside the readers.

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use inkbit::data::{Images, Shape};
use serde_json::Value;

use crate::book::root;
use crate::place::Place;

/// A file of tests/frameworks, unpacked if it is gzipped.
pub fn framework(name: &str) -> Vec<u8> {
    let bytes = fs::read(root().join("tests/frameworks").join(name)).unwrap();
    if !name.ends_with(".gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
    unpacked
}

/// A place with files of frameworks, and in `shapes` the images that they were tested with, with the
/// classes that this record's network sees in them.
fn place(record: &str) -> Place {
    let place = Place::untrained();
    for name in
        ["keras/sequential.h5.gz", "keras/batchnorm.keras.gz", "keras/refused-tanh.keras.gz"]
    {
        let short = name.trim_start_matches("keras/").trim_end_matches(".gz");
        place.write(short, framework(name));
    }
    for name in ["torch/batchnorm.pt", "torch/refused-whole-module.pt", "onnx/gemm.onnx"] {
        place.write(name.rsplit('/').next().unwrap(), framework(name));
    }
    let record: Value = serde_json::from_slice(&framework(record)).unwrap();
    let class = |row: &Value| {
        let row: Vec<f64> = row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as u8
    };
    let pixels = framework("images-8x8.idx3-ubyte")[16..].to_vec();
    let mut labels: Vec<u8> = record["logits"].as_array().unwrap().iter().map(class).collect();
    let test = Images { shape: Shape::square(8), pixels: pixels.clone(), labels: labels.clone() };
    // Not the same pictures: a check of the data would warn of these.
    let lighter = pixels.iter().map(|pixel| pixel.saturating_sub(1)).collect::<Vec<u8>>();
    labels = labels.repeat(2);
    let train = Images {
        shape: Shape::square(8),
        pixels: [lighter.clone(), lighter.iter().map(|pixel| pixel.saturating_sub(1)).collect()]
            .concat(),
        labels,
    };
    place.write_data("shapes", &train, &test);
    place.write_data("mine", &train, &test);
    place
}

/// Runs the command, which must succeed; returns its standard output.
fn done(place: &Place, arguments: &str) -> String {
    let ended = place.run(arguments);
    assert_eq!(ended.code, Some(0), "inkbit {arguments}\n{ended:?}");
    ended.out
}

#[test]
fn a_network_of_keras_goes_the_whole_way_of_one_that_was_trained_here() {
    let place = place("keras/sequential.json");
    let out = done(&place, "import sequential.h5 -o run --data shapes");
    for expected in [
        "written by           Keras 3.15.1\n",
        "layers               64-6-10\n",
        "parameters           460\n",
        "test accuracy        100.00 % of 32 shapes images\n",
        "next                 inkbit quantize run -o model.inkbit\n",
        "taken as pixels from 0 to 255",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    let data = String::from_utf8(place.read("run/data.toml")).unwrap();
    assert!(data.contains("[imported]\nfile = \"sequential.h5\"\ndigest = \""), "{data}");
    assert!(data.contains("framework = \"Keras 3.15.1\""), "{data}");
    assert!(done(&place, "evaluate run").contains("100.00 %"));
    done(&place, "quantize run -o model.inkbit");
    done(&place, "verify model.inkbit --data shapes");
    let inspected = done(&place, "inspect model.inkbit");
    assert!(inspected.contains("inkbit import sequential.h5 --data shapes"), "{inspected}");
    done(&place, "report run -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    assert!(
        page.contains("it was imported from <code>sequential.h5</code>, written by Keras 3.15.1")
    );
    assert!(!page.contains("epochs in"), "a training that was none");
    for (from, to) in [("run", "further"), ("model.inkbit", "from-model")] {
        done(&place, &format!("-q train --from {from} --data mine --epochs 1 --out {to}"));
    }
    let message = place.fail(1, "train --resume --out run");
    assert!(message.contains("holds a finished run: there is nothing to resume"), "{message}");
}

#[test]
fn pixels_are_scaled_as_the_flags_say_and_the_model_records_them() {
    let place = place("torch/batchnorm.json");
    let flags = "--mean 0.1307 --std 0.3081 --epsilon 0.00001,0.001";
    let out = done(&place, &format!("import batchnorm.pt -o run --data shapes {flags}"));
    assert!(out.contains("test accuracy        100.00 %"), "{out}");
    assert!(out.contains("batch normalization (`bn1` and others) was assumed to come before ReLU"));
    done(&place, "quantize run -o model.inkbit");
    let inspected = done(&place, "inspect model.inkbit");
    let expected = format!("inkbit import batchnorm.pt {flags} --data shapes");
    assert!(inspected.contains(&expected), "{inspected}");
}

#[test]
fn a_range_that_is_wrong_is_noticed() {
    let place = place("keras/sequential.json");
    let ended = place.run("import sequential.h5 -o run --data shapes --range 255..0");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.err.contains("of the test images are classified correctly: does the network expect")
    );
}

#[test]
fn what_cannot_be_imported_says_why_and_leaves_nothing() {
    let place = place("keras/sequential.json");
    place.write("cut.h5", &framework("keras/sequential.h5.gz")[..9_000]);
    place.write("text.txt", "no network");
    for (code, arguments, expected) in [
        (1, "nothing.h5 --data shapes", "cannot read nothing.h5"),
        (1, "shapes --data shapes", "shapes is a folder; save the network as one file"),
        (
            1,
            "text.txt --data shapes",
            "text.txt: no framework whose files are read writes such a file",
        ),
        (1, "cut.h5 --data shapes", "cut.h5: it is damaged, or not whole"),
        (1, "refused-tanh.keras --data shapes", "its activation is `tanh`; Inkbit has ReLU"),
        (1, "refused-whole-module.pt --data shapes", "nothing in it is executed; save its weights"),
        (2, "sequential.h5", "the network has 64 inputs and 10 classes, and MNIST has 784 and 10"),
        (2, "sequential.h5 --data digits", "but digits gives 64 and 4"),
        (
            2,
            "sequential.h5 --data shapes --hidden 8,8",
            "--hidden is [8, 8], but the hidden layers",
        ),
        (2, "sequential.h5 --data shapes --mean 0.1", "--std <STD>"),
        (2, "sequential.h5 --data shapes --range 1", "expected two numbers, such as 0..255"),
    ] {
        let message = place.fail(code, &format!("import {arguments} -o new"));
        assert!(message.contains(expected), "{arguments}: {message}");
        assert!(!place.path("new").exists(), "{arguments}");
    }
}

#[test]
fn a_run_is_replaced_only_by_force_and_one_that_was_trained_never() {
    let place = place("keras/sequential.json");
    done(&place, "import sequential.h5 -o run --data shapes");
    let message = place.fail(1, "import batchnorm.keras -o run --data shapes");
    assert!(
        message.contains("run holds an imported run; quantize it, give another folder"),
        "{message}"
    );
    done(&place, "import batchnorm.keras -o run --data shapes --force");
    let data = String::from_utf8(place.read("run/data.toml")).unwrap();
    assert!(data.contains("file = \"batchnorm.keras\""), "{data}");
    done(&place, &format!("-q train --out trained {}", crate::place::TRAIN));
    let message = place.fail(1, "import sequential.h5 -o trained --data shapes --force");
    assert!(message.contains("is a run of another command than import"), "{message}");
}

#[test]
fn what_a_killed_import_has_left_is_not_gone_on_with_as_a_training() {
    let place = place("keras/sequential.json");
    done(&place, "import sequential.h5 -o run --data shapes");
    fs::remove_file(place.path("run/history.json")).unwrap();
    for with_weights in [true, false] {
        if !with_weights {
            fs::remove_file(place.path("run/weights.safetensors")).unwrap();
            assert!(place.fail(1, "evaluate run").contains("an interrupted import has left"));
        }
        for again in ["train --resume --out run", "import sequential.h5 -o run --data shapes"] {
            let message = place.fail(1, again);
            assert!(message.contains("import the network again, with --force"), "{message}");
        }
    }
    done(&place, "import sequential.h5 -o run --data shapes --force");
    assert!(done(&place, "evaluate run").contains("100.00 %"));
}
