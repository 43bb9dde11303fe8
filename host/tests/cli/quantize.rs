//! `inkbit quantize`: what it prints, and runs and paths that it refuses.

use std::fs;

use crate::place::{Place, bars};

#[test]
fn float_and_int8_stand_side_by_side_above_the_sizes() {
    let place = Place::new();
    let text = place.succeed("quantize run -o new.inkbit --keep-dead");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["float", "int8", "difference"]);
    assert!(lines[1].starts_with("accuracy ") && lines[1].ends_with(" points"), "{text}");
    assert!(lines[2].starts_with("loss "), "{text}");
    let expected = "
layer                    inputs  outputs  bits  multipliers  bias  weights   bytes
0                            64       16     8         32 B  32 B   1024 B  1088 B
1                            16        4     8          0 B   8 B    128 B   136 B
";
    assert!(text.contains(expected), "{text}");
    let size = place.read("new.inkbit").len();
    assert!(text.contains(&format!("whole blob {size:69} B\n")), "{text}");
    let end = "\nsaved in new.inkbit\nnext     inkbit verify new.inkbit --data digits\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn units_that_never_fire_are_removed_and_what_quantization_cost_is_kept() {
    let place = Place::new();
    let text = place.succeed("quantize run -o new.inkbit");
    assert!(text.contains(" of 16 units removed: "), "{text}");
    assert!(text.contains(" this changes the logits of 0 of 80 test images\n"), "{text}");
    place.succeed("quantize run -o whole.inkbit --keep-dead");
    assert!(place.read("whole.inkbit") == place.read("model.inkbit"), "not the same twice");
    assert!(place.read("new.inkbit").len() < place.read("whole.inkbit").len());
    let report = place.read("run/quantized.json");
    place.succeed("quantize run -o new.inkbit");
    assert!(place.read("run/quantized.json") != report);
}

#[test]
fn weights_have_as_many_bits_as_asked_for_and_the_integers_are_proved() {
    let place = Place::new();
    for (bits, label, table) in [
        ("4", "int4", ["4", "4"]),
        ("2", "int2", ["2", "2"]),
        ("8,4 --scales layer", "int8/4", ["8", "4"]),
    ] {
        let text = place.succeed(&format!("quantize run -o few.inkbit --bits {bits}"));
        assert!(text.lines().next().unwrap().contains(label), "{text}");
        assert!(text.contains("logits     differ by "), "{text}");
        assert!(text.contains("\n  inkbit train --preset "), "{text}");
        assert!(text.contains(" --qat-from 0.45 ") && text.contains(" --out run-qat\n"), "{text}");
        let start = text.lines().position(|line| line.starts_with("layer   ")).unwrap();
        for (line, bits) in text.lines().skip(start + 1).zip(table) {
            assert_eq!(line.split_whitespace().nth(3), Some(bits), "{text}");
        }
        let text = place.succeed("verify few.inkbit --data digits");
        assert!(text.contains("0 mismatches"), "{text}");
        assert!(place.path("run/quantized.json").exists());
    }
}

#[test]
fn other_widths_or_as_many_as_there_are_no_layers_are_refused_before_data_are_read() {
    let place = Place::new();
    fs::remove_dir_all(place.path("digits")).unwrap();
    let message = place.fail(2, "quantize run -o new.inkbit --bits 3");
    assert!(
        message.starts_with(
            "invalid value '3' for '--bits <BITS>': weights have 8, 4 or 2 bits, but bits is 3: \
             give 8, 4, 2, or one of them per layer"
        ),
        "{message}"
    );
    assert_eq!(
        place.fail(2, "quantize run -o new.inkbit --bits 8,4,4"),
        "--bits lists 3 layers, but the network has 2 with the output: give one number for all, or \
         2, such as 8,4"
    );
    let message = place.fail(2, "quantize run -o new.inkbit --scales image");
    assert!(message.contains("[possible values: layer, output]"), "{message}");
}

#[test]
fn the_name_is_the_runs_folder_or_what_is_asked_for() {
    let place = Place::new();
    place.succeed("quantize run -o named.inkbit --name tiny-digits");
    let name =
        |model: &str| place.succeed(&format!("inspect {model}")).lines().next().map(str::to_owned);
    assert_eq!(name("named.inkbit").unwrap(), "name         tiny-digits");
    assert_eq!(name("model.inkbit").unwrap(), "name         run");

    let long = "n".repeat(33);
    assert_eq!(
        place.fail(2, &format!("quantize run -o new.inkbit --name {long}")),
        format!(
            "--name is \"{long}\", 33 bytes long, but must be from 1 to 32 bytes, without line breaks"
        )
    );
    // Folders may have longer names than models.
    fs::rename(place.path("run"), place.path(&long)).unwrap();
    place.succeed(&format!("quantize {long} -o long.inkbit"));
    assert_eq!(name("long.inkbit").unwrap(), format!("name         {}", &long[1..]));
}

#[test]
fn data_with_a_path_beyond_the_formats_room_are_quantized_all_the_same() {
    let place = Place::untrained();
    let deep = ["d".repeat(200), "e".repeat(200), "f".repeat(200)].join("/");
    place.write_data(&deep, &bars(4, 2, 40), &bars(4, 2, 10));
    place.succeed(&format!("train --out run --data {deep} --hidden 4 --epochs 1"));
    place.succeed("quantize run -o model.inkbit");
}

#[test]
fn a_path_that_cannot_be_written_is_named_and_nothing_is_left_there() {
    let place = Place::new();
    let message = place.fail(1, "quantize run -o digits");
    let expected = "digits is a folder, where an Inkbit model is to be written: give another path";
    assert_eq!(message, expected);
    for (path, expected) in [
        (
            "no/folder.inkbit",
            "No such file or directory (os error 2); give a path in a folder that exists",
        ),
        (
            "model.inkbit/x",
            "Not a directory (os error 20); a file is in the way, give another path",
        ),
    ] {
        let message = place.fail(1, &format!("quantize run -o {path}"));
        assert_eq!(message, format!("cannot write {path}: {expected}"));
    }
}

#[test]
fn what_is_no_whole_run_is_refused() {
    let place = Place::new();
    for folder in ["digits", "nowhere", "model.inkbit"] {
        assert_eq!(
            place.fail(1, &format!("quantize {folder} -o new.inkbit")),
            format!(
                "{folder} is not a training run: it has no config.toml; give the folder that \
                 `inkbit train --out` wrote"
            )
        );
    }
    let weights = place.read("run/weights.safetensors");
    place.write("run/weights.safetensors", &weights[..100]);
    let message = place.fail(1, "quantize run -o new.inkbit");
    assert!(message.starts_with("run/weights.safetensors: "), "{message}");
    assert!(message.ends_with("; train again with --force"), "{message}");

    fs::remove_file(place.path("run/weights.safetensors")).unwrap();
    assert_eq!(
        place.fail(1, "quantize run -o new.inkbit"),
        "run has no weights yet: not one epoch was finished; go on with `inkbit train --resume \
         --out run`"
    );
}

#[test]
fn other_data_than_the_runs_are_refused() {
    let place = Place::new();
    place.write_data("other", &bars(8, 4, 40), &bars(8, 4, 20));
    let message = place.fail(1, "quantize run -o new.inkbit --data other");
    assert!(message.starts_with("the run was trained on the data `digits` (digest "), "{message}");
    let end = "); give the data of the run with --data, or train anew with --force";
    assert!(message.contains(", but these are `other` (") && message.ends_with(end), "{message}");

    fs::rename(place.path("digits"), place.path("moved")).unwrap();
    assert_eq!(
        place.fail(1, "quantize run -o new.inkbit"),
        "the data `digits`, which run/data.toml names as they were given to `inkbit train`, are not \
         here: say where they are with --data DIR"
    );
    place.succeed("quantize run -o new.inkbit --data moved");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let place = Place::new();
    let mut weights = place.read("run/weights.safetensors");
    let last = weights.len() - 4;
    weights[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    place.write("run/weights.safetensors", &weights);
    let message = place.fail(1, "quantize run -o new.inkbit");
    assert!(
        message.starts_with("run/weights.safetensors: it is damaged: its CRC-32 is "),
        "{message}"
    );
    // A file without a checksum, as they were before.
    let start = weights.windows(6).position(|bytes| bytes == b"crc32 ").unwrap();
    weights[start] = b'C';
    place.write("run/weights.safetensors", &weights);
    for command in ["quantize run -o new.inkbit", "evaluate run"] {
        assert_eq!(
            place.fail(1, command),
            "layer 1 has a weight of NaN, which is not a finite number; train again with a lower \
             learning rate"
        );
    }
}

#[test]
fn the_recorded_command_is_one_that_a_shell_runs() {
    let place = Place::untrained();
    let images = super::place::bars(8, 2, 40);
    place.write_data("it's", &images, &images);
    place.write("names.txt", "lying\nstanding\n");
    place.succeed("train --out new --data it's --labels names.txt --hidden none --epochs 1");
    let text = place.succeed("quantize new -o it's.inkbit");
    assert!(text.ends_with("next     inkbit verify \"it's.inkbit\" --data \"it's\"\n"), "{text}");
    let inspected = place.succeed("inspect it's.inkbit");
    let command = inspected.lines().find_map(|line| line.split_once("inkbit train ")).unwrap().1;
    assert_eq!(
        command,
        "--preset classic --epochs 1 --hidden none --data \"it's\" --labels names.txt --out RUN"
    );
}
