//! `inkbit export`: a library in C, ONNX, safetensors, and vectors. What a graph computes is tested by an
//! evaluator in the tests' own package.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use inkbit::model::{Blob, int_logits};
use inkbit::run::Run;
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

/// Parameters of the network in `run`, and what a command made of them in `again`.
fn networks(place: &Place) -> [Vec<Vec<f32>>; 2] {
    ["run", "again"].map(|name| {
        let network = Run::open(&place.path(name)).unwrap().weights().unwrap();
        network.layers.iter().flat_map(|layer| [layer.weight.clone(), layer.bias.clone()]).collect()
    })
}

#[test]
fn a_runs_float_network_comes_back_by_import_bit_for_bit() {
    let place = Place::new();
    let said = place.succeed("export run --onnx run.onnx --safetensors run.safetensors");
    assert!(said.contains("run.onnx: an ONNX graph of floats\n"), "{said}");
    // The last is Inkbit's own.
    for name in ["run.onnx", "run.safetensors", "run/weights.safetensors"] {
        let said = place.succeed(&format!("import {name} -o again --data digits --force"));
        assert!(said.contains("layers               64-16-4\n"), "{said}");
        let [network, again] = networks(&place);
        assert_eq!(network, again, "{name}");
    }
}

#[test]
fn what_quantization_aware_training_averaging_and_cropping_made_of_a_run_comes_back_too() {
    let place = Place::new();
    place.succeed(
        "train --out run --data digits --config quick.toml --force --no-report --bits 4 \
         --qat-from 0.3 --input 3 --batch-norm --ema 0.9",
    );
    let said = place.succeed("export run --onnx run.onnx --safetensors run.safetensors");
    assert!(
        said.ends_with("activations were rounded in training, and are not by what was written\n")
    );
    let onnx = String::from_utf8_lossy(&place.read("run.onnx")).into_owned();
    assert!(onnx.contains("of 8×8 pixels, 1 are cut off the left and the right edge each"));
    for name in ["run.onnx", "run.safetensors"] {
        place.succeed(&format!("import {name} -o again --data digits --input 3 --force"));
        let [network, again] = networks(&place);
        assert_eq!(network, again, "{name}");
    }
}

#[test]
fn a_models_graph_is_written_whole_or_not_and_stays_without_force() {
    let place = Place::new();
    let said = place.succeed("export model.inkbit --onnx model.onnx");
    assert_eq!(said, "model.onnx: an ONNX graph of integers\n");
    let message = place.fail(1, "import model.onnx -o new --data digits");
    assert!(message.contains("the network is quantized already"), "{message}");
    let message = place.fail(2, "export model.inkbit --onnx model.onnx");
    assert!(message.contains("model.onnx exists: give another path, or --force"), "{message}");
    place.write("model.onnx", &place.read("model.onnx")[..20]);
    place.succeed("export run --onnx model.onnx --force");
    assert!(place.read("model.onnx").len() > 1000);
    for (name, kind) in [
        ("model.onnx", "an ONNX file that `inkbit export` wrote"),
        ("run.safetensors", "weights that `inkbit export` wrote"),
    ] {
        place.write(name, b"\x08\x07\x12\x07pytorch");
        let flag = name.split('.').nth(1).unwrap();
        let message = place.fail(1, &format!("export run --{flag} {name} --force"));
        assert!(message.contains(&format!("{name} exists and is not {kind}")), "{message}");
    }
}

#[test]
fn a_model_has_no_floats_and_a_run_no_integers() {
    let place = Place::new();
    let message = place.fail(2, "export model.inkbit --safetensors m.safetensors --onnx m.onnx");
    assert!(
        message.contains("model.inkbit is a model of integers: give the folder of"),
        "{message}"
    );
    for flags in ["--c lib", "--vectors 3 -o v.h --onnx m.onnx"] {
        let message = place.fail(2, &format!("export run {flags}"));
        assert!(message.contains("`inkbit quantize run -o model.inkbit`"), "{message}");
    }
    for command in ["run --onnx m --safetensors m", "model.inkbit --onnx m.h --vectors 3 -o m.h"] {
        let message = place.fail(2, &format!("export {command} --data digits"));
        assert!(message.starts_with("two files would be m"), "{message}");
    }
    for command in ["model.inkbit --onnx", "run --onnx", "run --safetensors"] {
        for (name, code, expected) in [
            ("weights", 1, "exists and is not"),
            ("checkpoint", 2, "run/checkpoint.safetensors is a file of a training run"),
        ] {
            let command = format!("export {command} run/{name}.safetensors --force");
            assert!(place.fail(code, &command).contains(expected), "{command}");
        }
    }
    assert!(place.fail(1, "export digits --onnx m.onnx").contains("digits"), "no run");
}

#[test]
fn a_folder_whose_files_cannot_all_be_written_is_left_as_it_is() {
    let place = Place::new();
    fs::create_dir(place.path("half")).unwrap();
    place.write("half/zephyr", "");
    let message = place.fail(1, "export model.inkbit --c half");
    assert!(
        message.contains("half/zephyr is a file, where a folder is to be written"),
        "{message}"
    );
    assert_eq!(fs::read_dir(place.path("half")).unwrap().count(), 1);
    // The name of a file of the library is none for vectors.
    let both = "export model.inkbit --c lib --vectors 3 -o lib/src/inkbit.h --data digits";
    assert!(place.fail(2, both).contains("two files would be lib/src/inkbit.h"));
    assert!(!place.path("lib").exists());
    place.succeed("export model.inkbit --c lib");
    let over = "export model.inkbit --vectors 3 -o lib/src/inkbit.h --data digits --force";
    assert!(place.fail(1, over).contains("is not a file of vectors"));
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    fs::create_dir(place.path("outside")).unwrap();
    fs::create_dir_all(place.path("two/src")).unwrap();
    fs::create_dir(place.path("one")).unwrap();
    place.write("outside/new", "/* Written by `inkbit export` elsewhere */");
    symlink("../outside", place.path("one/src")).unwrap();
    symlink("../../outside/new", place.path("two/src/inkbit.c")).unwrap();
    for folder in ["one", "two"] {
        for force in ["", " --force"] {
            let message = place.fail(1, &format!("export model.inkbit --c {folder}{force}"));
            assert!(message.contains("is a symbolic link"), "{message}");
        }
    }
    assert_eq!(fs::read_dir(place.path("outside")).unwrap().count(), 1);
    assert!(place.read("outside/new").ends_with(b"elsewhere */"));
}

#[test]
fn files_of_two_exports_do_not_compile_together() {
    let place = Place::new();
    place.succeed("export model.inkbit --c lib");
    let compile = ["-Ilib/src", "-c", "lib/src/inkbit_model.c", "-o", "model.o"];
    let around = place.path(".");
    if output(&around, "gcc", &compile).is_none() {
        return;
    }
    let header = String::from_utf8(place.read("lib/src/inkbit_model.h")).unwrap();
    let (start, crc) = header.split_once("INKBIT_MODEL_CRC 0x").unwrap();
    place.write("lib/src/inkbit_model.h", format!("{start}INKBIT_MODEL_CRC 0x1{}", &crc[1..]));
    let ended = Command::new("gcc").args(compile).current_dir(around).output().unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(error.contains("inkbit_model.h is of another model: export it again"), "{error}");
}
