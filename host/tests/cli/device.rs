//! `image`, `run`, `send` and `verify --device`. What needs an emulator is skipped with a line
//! where there is none, but not where INKBIT_REQUIRE_DEVICES is set.

use std::io::{self, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use inkbit::device::emulator;
use inkbit::device::{Board, Firmware};
use inkbit::model::Blob;

use crate::place::{Place, TRAIN, bars};
use crate::stand_in::StandIn;

const BOARD: &str = "lm3s6965evb";

/// Whether all these boards can be emulated here.
pub fn can_emulate<'a>(boards: impl IntoIterator<Item = &'a str>) -> bool {
    let missing = boards.into_iter().find_map(|name| {
        let board = Board::find(name).unwrap();
        let missing = match (emulator::check(&board), Firmware::find(&board, None)) {
            (Ok(()), Ok(_)) => return None,
            (Err(error), _) => error.to_string(),
            (_, Err(error)) => error.to_string(),
        };
        let required = match board.emulator {
            emulator::Kind::Qemu { .. } => "INKBIT_REQUIRE_DEVICES",
            emulator::Kind::Rp2040js { .. } => "INKBIT_REQUIRE_PICO",
            emulator::Kind::None => panic!("{missing}"),
        };
        assert!(env::var_os(required).is_none(), "{name}: {missing}");
        Some(format!("{name}: {missing}"))
    });
    let Some(missing) = missing else { return true };
    // Not eprintln!, whose output the harness hides while the test passes.
    let _ = writeln!(io::stderr(), "SKIPPED {missing}; `cargo xtask test` sets it up");
    false
}

#[test]
fn image_writes_the_model_raw_and_as_intel_hex_and_names_its_address() {
    let place = Place::new();
    let said = place.succeed("image --board lm3s6965evb model.inkbit -o model.bin");
    assert!(said.contains("from address 0x00006000"), "{said}");
    let model = place.read("model.inkbit");
    assert_eq!(place.read("model.bin"), model);
    place.succeed("image --board lm3s6965evb model.inkbit -o model.hex");
    let text = String::from_utf8(place.read("model.hex")).unwrap();
    let mut bytes = Vec::new();
    for record in ihex::Reader::new(&text) {
        if let ihex::Record::Data { offset, value } = record.unwrap() {
            assert_eq!(usize::from(offset), 0x6000 + bytes.len());
            bytes.extend(value);
        }
    }
    assert_eq!(bytes, model);
    // Whatever is in it, it is known again.
    let same = "image --board lm3s6965evb model.inkbit -o model.hex";
    for flags in ["", " --parts both", ""] {
        place.succeed(&format!("{same}{flags}"));
    }
    let said = place.succeed("image --board microbit model.inkbit -o model.bin");
    let flash = "probe-rs download --chip nRF51822_xxAA --binary-format bin --base-address 0x00006000 model.bin";
    assert_eq!(said.lines().last(), Some(flash));
    let pico = "image --board pico --parts firmware -o pico.hex";
    place.succeed(pico);
    place.succeed(pico);
}

#[test]
fn image_and_run_refuse_what_cannot_be() {
    let place = Place::new();
    for (name, kind) in [("own.bin", "an Inkbit model"), ("own.hex", "Intel HEX of Inkbit's")] {
        place.write(name, ":020000040000FA\n");
        let message = place.fail(1, &format!("image --board microbit model.inkbit -o {name}"));
        let expected = format!("{name} exists and is not {kind}; it was not replaced: give ");
        assert!(message.starts_with(&expected), "{message}");
    }
    let message = place.fail(2, "send a.pgm --port /dev/no-such-port --baud 0");
    assert!(message.contains("invalid value '0' for '--baud <BAUD>'"), "{message}");
    let message = place.fail(2, "image --board lm3s6965evb model.inkbit -o model.uf2");
    assert!(message.contains("no boot loader that takes UF2 files; write .hex"), "{message}");
    for (flags, expected) in [
        ("model.inkbit --parts firmware", "leaves the model out"),
        ("--parts model --firmware model.inkbit", "leaves --firmware out"),
    ] {
        let message = place.fail(2, &format!("image --board pico -o pico.uf2 {flags}"));
        assert!(message.contains(expected), "{message}");
    }
    let message = place.fail(2, "image --board lm3s6965evb model.inkbit -o model.txt");
    assert!(message.contains("model.txt") && message.contains(".uf2"), "{message}");
    let message = place.fail(2, "image --board pico model.inkbit -o model.bin --parts both");
    assert!(message.contains("a .bin file holds the model alone"), "{message}");
    let message = place.fail(2, "image --board lm3s model.inkbit -o model.bin");
    assert!(message.contains("'lm3s'") && message.contains("lm3s6965evb"), "{message}");
    let message =
        place.fail(2, "image --board microbit model.inkbit -o model.bin --firmware quick.toml");
    assert!(message.contains("--firmware"), "{message}");
    let message =
        place.fail(1, "image --board microbit model.inkbit -o all.elf --firmware quick.toml");
    assert!(message.contains("quick.toml is not a firmware for the board microbit"), "{message}");
    let message = place.fail(1, "run --board microbit model.inkbit");
    assert!(message.contains("microbit has no display"), "{message}");
}

#[test]
fn a_model_too_large_for_a_board_is_refused_with_its_name_and_numbers() {
    let place = Place::untrained();
    place.succeed(&format!("train --out wide {TRAIN} --hidden 1200 --epochs 1"));
    place.succeed("quantize wide -o wide.inkbit --keep-dead");
    for command in ["image -o wide.bin --board", "run --board", "verify --data digits --device"] {
        let message = place.fail(1, &format!("{command} lm3s6965evb wide.inkbit"));
        assert!(message.contains("the board lm3s6965evb"), "{message}");
        assert!(message.contains("1264 cells") && message.contains("1040"), "{message}");
    }
    let page = crate::report::page(&place, "wide.inkbit --data digits");
    let reason = "and riscv32-virt, but not lm3s6965evb, microbit, pico and pico-touch: it has 1,264 cells of \
                  working memory, the limit is 1,040. Zeros";
    assert!(crate::report::text(&page).contains(reason), "{page}");
}

#[test]
fn a_board_that_nothing_emulates_is_a_wrong_use_that_says_how_to_reach_a_real_one() {
    let place = Place::untrained();
    for command in ["run --board", "verify --data nowhere --device", "send a.pgm --device"] {
        let message = place.fail(2, &format!("{command} black-pill"));
        let reason = "no emulator runs the board black-pill: flash a real one, for which `inkbit image \
                      --board black-pill -o black-pill.elf` writes a file, and name its serial port \
                      with --port";
        assert!(message.contains(reason), "{message}");
    }
    // With a boot loader that takes other files.
    let message = place.fail(2, "run --board pico2");
    assert!(
        message.contains("`inkbit image --board pico2 --parts both -o pico2.uf2`"),
        "{message}"
    );
    // Neither what can be named nor `all` has it.
    let help = place.succeed("verify --help");
    assert!(help.contains("microbit") && !help.contains("black-pill"), "{help}");
}

#[test]
fn send_says_what_it_lacks() {
    let place = Place::new();
    place.write("a.pgm", "P2 1 1 255 0");
    let message = place.fail(2, "send model.inkbit --device lm3s6965evb");
    assert!(message.contains("no picture"), "{message}");
    let message = place.fail(2, "send model.inkbit a.pgm");
    assert!(message.contains("--device") && message.contains("--port"), "{message}");
    let message = place.fail(1, "send a.pgm --port /dev/no-such-port");
    assert!(message.contains("/dev/no-such-port"), "{message}");
    assert!(place.fail(2, "verify --data digits").contains("not provided:\n  <MODEL>"));
    assert!(place.fail(2, "verify --port /dev/ttyACM0").contains("not provided:\n  <MODEL>"));
    let message = place.fail(2, "run --board pico --display gtk");
    assert!(message.contains("pico opens in the browser"), "{message}");
    // Before the data, which are not there.
    let message = place.fail(2, "verify model.inkbit --data nowhere --device lm3s");
    assert!(message.contains("'lm3s'"), "{message}");
}

#[test]
fn a_board_that_is_unplugged_during_verify_is_a_failure_that_says_what_was_answered() {
    let place = Place::new();
    let blob = Blob::load(&place.path("model.inkbit")).unwrap();
    let port = StandIn { answers: 30, ..StandIn::new("any", blob) }.plug_in();
    let message = place.fail(1, &format!("verify model.inkbit --data digits --port {port}"));
    let expected = "30 of 80 images were answered, all of them right, and then no more: ";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn verify_compares_every_image_on_every_board() {
    let boards = inkbit::device::board::emulated();
    let names: Vec<String> = boards.into_iter().map(|board| board.name).collect();
    if !can_emulate(names.iter().map(String::as_str)) {
        return;
    }
    let place = Place::new();
    let said = place.succeed("verify model.inkbit --data digits --device all");
    for name in names {
        let line =
            said.lines().find(|line| line.starts_with(&name)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("80 images, 320 logits, 0 mismatches"), "{line}");
        // The emulator's clock is not the chip's.
        assert!(line.contains(" images/s, an inference about "), "{line}");
        assert!(line.contains(" instructions (estimated)") && !line.contains("device's clock"));
    }
}

#[test]
fn send_says_what_predict_says() {
    if !can_emulate([BOARD]) {
        return;
    }
    let place = Place::new();
    let mut picture = b"P5 40 40 255\n".to_vec();
    picture.extend((0..1600).map(|n| if (12..18).contains(&(n / 40)) { 10 } else { 240 }));
    place.write("bar.pgm", picture);
    let predicted = place.succeed("predict model.inkbit bar.pgm");
    let sent = place.succeed("send model.inkbit bar.pgm --device lm3s6965evb");
    assert!(sent.starts_with(predicted.trim_end()), "{predicted}{sent}");
    assert!(sent.contains("by lm3s6965evb (emulated): about "), "{sent}");
    assert!(sent.contains(" instructions (estimated), at least "), "{sent}");
    // Without a model, the best of the reference models.
    let sent = place.succeed("send bar.pgm --device lm3s6965evb");
    let (named, line) = sent.split_once('\n').unwrap();
    assert!(named.starts_with("reference model ") && named.contains(", the best that fits"));
    assert!(line.starts_with("bar.pgm") && line.contains("by lm3s6965evb (emulated)"), "{sent}");
}

#[test]
fn a_self_test_measures_a_board_and_writes_a_file_and_replaces_no_other() {
    let place = Place::untrained();
    place.write("own.toml", "own = 1\n");
    let message = place.fail(1, "selftest --device microbit -o own.toml");
    assert!(
        message.starts_with("own.toml exists and is not the result of a self-test"),
        "{message}"
    );
    place.fail(2, "selftest");
    place.fail(2, "selftest --device all");
    if !can_emulate(["microbit"]) {
        return;
    }
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    for _ in 0..2 {
        let said =
            place.succeed("selftest tiny.inkbit --device microbit --images 10 -o board.toml");
        assert!(said.starts_with("microbit (emulated), firmware "), "{said}");
        assert!(said.contains(" 100, 0 of them differ\n"), "{said}");
        assert!(said.ends_with("wrote board.toml\n"), "{said}");
    }
    let text = String::from_utf8(place.read("board.toml")).unwrap();
    assert!(text.contains("emulated = true\n") && text.contains("differing = 0\n"), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_emulator_does_not_outlive_the_command_that_is_killed() {
    if !can_emulate([BOARD]) {
        return;
    }
    let place = Place::untrained();
    place.write("classic.inkbit", include_bytes!("../../models/classic.inkbit"));
    // As many as the emulator needs seconds for.
    place.write_data("many", &bars(28, 10, 10), &bars(28, 10, 10_000));
    let mut command = place.command("verify classic.inkbit --data many --device lm3s6965evb");
    let folder = place.path("tmp");
    fs::create_dir(&folder).unwrap();
    command.env("TMPDIR", &folder).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let emulators = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let mark = folder.to_str().unwrap();
        lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .filter(|line| line.starts_with("qemu-system-arm") && line.contains(mark))
            .count()
    };
    let wait = |count: usize| {
        let start = Instant::now();
        while emulators() != count && start.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(emulators(), count);
    };
    wait(1);
    child.kill().unwrap();
    child.wait().unwrap();
    wait(0);
}

#[test]
fn nothing_in_the_current_folder_is_executed_or_taken_for_firmware() {
    if !can_emulate(["pico"]) {
        return;
    }
    let place = Place::new();
    let emulator = place.path("firmware/emulator");
    fs::create_dir_all(emulator.join("node_modules/rp2040js")).unwrap();
    fs::write(emulator.join("pico.mjs"), "import 'node:fs'; throw new Error('foreign');").unwrap();
    let built = place.path("firmware/target/thumbv6m-none-eabi/release");
    fs::create_dir_all(&built).unwrap();
    fs::write(built.join("inkbit-pico"), "foreign").unwrap();
    let mut picture = b"P5 40 40 255\n".to_vec();
    picture.extend((0..1600).map(|at| if at % 40 == 20 { 255 } else { 0 }));
    fs::write(place.path("one.pgm"), picture).unwrap();
    place.succeed("send model.inkbit one.pgm --device pico");
}
