//! `inkbit export`: a library in C, and vectors.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use inkbit::model::{Blob, int_logits};
use serde_json::Value;

use crate::place::{Place, bars};

const C: &[&str] = &[
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-pedantic",
    "-Wconversion",
    "-Werror",
    "-fsanitize=undefined",
];
/// Arduino's sketches are C++; its functions are `tests/c/Arduino.h`.
const SKETCH: &[&str] = &["-Wall", "-Wextra", "-Werror", "-x", "c++", "-include", "Arduino.h"];

/// Runs a program in a folder, and returns what it prints; none if it is not installed.
fn output(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(ended) = Command::new(program).args(arguments).current_dir(folder).output() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED exported sources: no {program} is installed");
        return None;
    };
    let [out, err] = [&ended.stdout, &ended.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(ended.status.success(), "{program} {arguments:?}\n{out}{err}");
    Some(out.into_owned())
}

/// The logits of the first test images, by core.
fn logits(place: &Place, count: usize) -> Vec<i32> {
    let blob = Blob::load(&place.path("model.inkbit")).unwrap();
    let mut images = bars(8, 4, 80);
    images.truncate(count);
    int_logits(&blob.model().unwrap(), &images).unwrap()
}

#[test]
fn the_exported_folder_compiles_and_gives_every_logit_of_its_vectors() {
    let place = Place::new();
    let said = place
        .succeed("export model.inkbit --c lib --vectors 80 -o lib/src/vectors.h --data digits");
    assert!(said.starts_with("lib: 13 files, "), "{said}");
    assert!(said.contains("lib/src/vectors.h: 80 samples of digits and their logits"), "{said}");
    let folder = place.path("lib");
    for compiler in ["gcc", "clang"] {
        for (program, expected) in [("verify", "80 samples, 320 logits, 0 differ\n"), ("main", "")]
        {
            let source = format!("examples/{program}/{program}.c");
            let sources = ["-Isrc", "src/inkbit.c", "src/inkbit_model.c", &source, "-o", program];
            if output(&folder, compiler, &[C, &sources].concat()).is_some() {
                fs::write(folder.join("sample"), bars(8, 4, 1).pixels).unwrap();
                let arguments: &[&str] = if program == "main" { &["sample"] } else { &[] };
                let printed = output(&folder, &format!("./{program}"), arguments).unwrap();
                let first: Vec<String> = logits(&place, 1).iter().map(i32::to_string).collect();
                let first = format!(": {}\n", first.join(" "));
                let expected = if program == "main" { &first } else { expected };
                assert!(printed.ends_with(expected), "{compiler}: {printed}");
            }
        }
    }
}

#[test]
fn the_sketch_compiles_and_cmake_builds_the_library() {
    let place = Place::new();
    place.succeed("export model.inkbit --c lib");
    let folder = place.path("lib");
    let stub = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/c");
    let stub = stub.to_str().unwrap();
    let sketch = ["-Isrc", "-I", stub, "-c", "examples/Digits/Digits.ino", "-o", "sketch.o"];
    output(&folder, "g++", &[SKETCH, &sketch].concat());
    if output(&folder, "cmake", &["-S", ".", "-B", "build"]).is_some() {
        output(&folder, "cmake", &["--build", "build"]);
        assert!(folder.join("build/libinkbit_model.a").exists());
    }
    let json: Value = serde_json::from_slice(&place.read("lib/library.json")).unwrap();
    assert_eq!(json["name"], "InkbitModel");
}

#[test]
fn vectors_are_the_first_test_samples_with_the_logits_that_core_computes() {
    let place = Place::new();
    let expected = logits(&place, 7);
    let pixels = &bars(8, 4, 7).pixels;
    place.succeed("export model.inkbit --vectors 7 -o v.json --data digits");
    let json: Value = serde_json::from_slice(&place.read("v.json")).unwrap();
    let vectors = json["vectors"].as_array().unwrap();
    for (number, vector) in vectors.iter().enumerate() {
        let numbers = |key: &str| -> Vec<i64> {
            vector[key].as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).collect()
        };
        let logits: Vec<i64> = expected[number * 4..][..4].iter().copied().map(i64::from).collect();
        let sample: Vec<i64> = pixels[number * 64..][..64].iter().copied().map(i64::from).collect();
        assert_eq!((numbers("sample"), numbers("logits")), (sample, logits));
    }
    assert_eq!((vectors.len(), json["signed"].as_bool()), (7, Some(false)));

    place.succeed("export model.inkbit --vectors 7 -o v.npy --data digits");
    let npy = place.read("v.npy");
    let length = usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let (header, records) = npy[10..].split_at(length);
    let header = String::from_utf8(header.to_vec()).unwrap();
    let expected_header = "{'descr': [('inkbit_sample', '|u1', (64,)), ('logits', '<i4', (4,))], \
                           'fortran_order': False, 'shape': (7,), }";
    assert_eq!((header.trim_end(), (10 + length) % 64), (expected_header, 0));
    for (number, record) in records.chunks(64 + 16).enumerate() {
        assert_eq!(record[..64], pixels[number * 64..][..64]);
        let logits = record[64..].as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
        assert!(logits.eq(expected[number * 4..][..4].iter().copied()));
    }
    assert_eq!(records.len(), 7 * 80);
}

#[test]
fn files_that_are_there_stay_and_force_replaces_only_those_that_it_wrote() {
    let place = Place::new();
    place.succeed("export model.inkbit --c lib");
    let message = place.fail(2, "export model.inkbit --c lib");
    assert!(message.contains("exists: give another path, or --force"), "{message}");
    place.write("lib/src/inkbit_model.c", "/* Written by `inkbit export`. */ old");
    place.succeed("export model.inkbit --c lib --force");
    assert!(place.read("lib/src/inkbit_model.c").len() > 1000);
    place.write("lib/CMakeLists.txt", "mine");
    let message = place.fail(1, "export model.inkbit --c lib --force");
    assert!(message.contains("CMakeLists.txt exists and is not a file of"), "{message}");
    // Nor is anything written if one of two names is taken.
    place.write("v.json", "{}");
    let both = "export model.inkbit --c new --vectors 3 -o v.json --data digits --force";
    assert!(place.fail(1, both).contains("v.json exists and is not a file of vectors"));
    for format in ["h", "json", "npy"] {
        let command = format!("export model.inkbit --vectors 2 -o own.{format} --data digits");
        place.succeed(&command);
        assert!(place.fail(2, &command).contains("exists: give another path, or --force"));
        place.succeed(&format!("{command} --force"));
    }
}

#[test]
fn wrong_use_is_told() {
    let place = Place::new();
    place.fail(2, "export model.inkbit");
    place.fail(2, "export model.inkbit --vectors 3");
    let message = place.fail(2, "export model.inkbit --vectors 3 -o v.txt --data digits");
    assert!(message.contains("v.txt has none of the extensions .h, .json and .npy"), "{message}");
    let message = place.fail(2, "export model.inkbit --vectors 81 -o v.h --data digits");
    assert_eq!(message, "--vectors is 81, but digits has 80 test samples: ask for fewer");
    place.succeed("export model.inkbit --vectors 3 -o v.txt --format c --data digits");
}
