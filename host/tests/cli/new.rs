//! `new`: the files of a project. `cargo xtask projects` builds them and proves their bits.

use std::fs;

use crate::place::Place;

#[test]
fn a_project_has_a_short_program_the_model_and_the_command_that_proves_its_bits() {
    let place = Place::new();
    let said = place.succeed("new mine --board nrf52840-dk --model model.inkbit");
    let verify = "inkbit verify model.inkbit --data synthetic --images 1000 --target \
                  thumbv7em-none-eabihf --firmware target/thumbv7em-none-eabihf/release/mine --flash ";
    assert!(said.starts_with("mine for Nordic nRF52840-DK (Cortex-M4F), with "), "{said}");
    assert!(said.contains(verify), "{said}");
    let text = |name: &str| String::from_utf8(place.read(&format!("mine/{name}"))).unwrap();
    for name in ["README.md", ".github/workflows/verify.yml"] {
        assert!(text(name).contains(verify), "{name}");
    }
    assert_eq!(place.read("mine/model.inkbit"), place.read("model.inkbit"));
    assert!(text("src/main.rs").lines().count() < 80);
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["package"]["name"].as_str(), Some("mine"));
    let core = manifest["dependencies"]["inkbit-core"]["path"].as_str().unwrap();
    assert!(fs::read_to_string(format!("{core}/src/lib.rs")).is_ok(), "{core}");
    // The board's memory, and that of the machine.
    assert!(text("memory/board.x").contains("RAM : ORIGIN = 0x20000000, LENGTH = 0x40000"));
    assert!(text("memory/verify.x").contains("The memory of Arm MPS2"));
    for name in ["README.md", "src/main.rs", "src/verify.rs", "build.rs", "Cargo.toml"] {
        assert!(!text(name).contains('@'), "{name} has a place that is not filled in");
    }
    // Nothing of an earlier one is replaced.
    let message = place.fail(1, "new mine --board microbit");
    assert!(message.starts_with("mine is there already"), "{message}");
}

#[test]
fn what_no_project_can_be_made_of_is_refused_and_nothing_is_written() {
    let place = Place::new();
    let target = "expected one of riscv32imc-unknown-none-elf, thumbv6m-none-eabi,";
    for (code, flags, expected) in [
        (2, "2digits --board microbit", "`2digits` is no name for a program"),
        (2, "mine --board nothing", "nothing"),
        (2, "mine --target x86_64", target),
        (1, "mine --board pico2", "there is no project for the board pico2"),
        (1, "mine --board pico --model missing.inkbit", "missing.inkbit"),
        (2, "mine --board pico --core run", "run is not the folder of inkbit-core"),
        (2, "mine", "--board <NAME>"),
    ] {
        let message = place.fail(code, &format!("new {flags}"));
        assert!(message.contains(expected), "{flags}: {message}");
    }
    assert!(!place.path("mine").exists());
}

#[test]
fn a_program_for_another_processor_or_beside_the_machines_memory_is_refused() {
    let place = Place::new();
    place.write("text", "no program");
    let verify = "verify model.inkbit --data digits --target thumbv7m-none-eabi --firmware";
    let message = place.fail(1, &format!("{verify} text"));
    let expected = "text cannot run in QEMU's machine for thumbv7m-none-eabi, lm3s6965evb: ";
    assert!(message.starts_with(expected), "{message}");
    assert!(place.fail(2, "verify model.inkbit --firmware text").contains("--firmware is for"));
    let message = place.fail(2, "verify model.inkbit --target thumbv7m-none-eabi");
    assert!(message.contains("--firmware <FILE>"), "{message}");
}
