//! `flash`: what it finds and says, with folders as disks; and the whole way in the emulator, where a
//! pseudo-terminal is the board's port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use inkbit::device::selftest::{SelfTest, Times};
use inkbit::support::numbers::grouped;
use inkbit_core::link::Mode;

use crate::device::can_emulate;
use crate::pico::Pico;
use crate::place::Place;

/// The file that tells a boot loader's disk from other folders.
const INFO: &str = "INFO_UF2.TXT";
const NANO: &[u8] = include_bytes!("../../models/nano.inkbit");
const TINY: &[u8] = include_bytes!("../../models/tiny.inkbit");

/// The disk of a board with this ID, in this place.
pub fn disk(place: &Place, name: &str, id: &str) -> PathBuf {
    let folder = place.path(name);
    fs::create_dir(&folder).unwrap();
    place.write(&format!("{name}/{INFO}"), format!("UF2 Bootloader v3.0\r\nBoard-ID: {id}\r\n"));
    folder
}

/// A place with the models `nano` and `tiny`.
pub fn place() -> Place {
    let place = Place::untrained();
    place.write("nano.inkbit", NANO);
    place.write("tiny.inkbit", TINY);
    place
}

#[test]
fn what_cannot_be_flashed_is_named_with_what_to_do() {
    let place = place();
    let message = place.fail(1, "flash nano.inkbit --board microbit");
    assert!(message.contains("`inkbit image --board microbit`"), "{message}");
    let ended = place.run("flash nano.inkbit --dry-run");
    // Unless there is a board at this machine.
    if ended.code == Some(1) {
        assert!(ended.err.contains("no disk RPI-RP2 in /media"), "{ended:?}");
        assert!(ended.err.contains("hold the board's button BOOTSEL"), "{ended:?}");
    }
    let message = place.fail(1, "flash nano.inkbit --disk digits");
    assert!(message.starts_with("digits is not the disk RPI-RP2: it has no INFO_UF2"), "{message}");
    let message = place.fail(1, "flash nano.inkbit --port /dev/no-such-port --dry-run");
    assert!(message.contains("no board answers at /dev/no-such-port"), "{message}");
    disk(&place, "other", "RP2350");
    let message = place.fail(1, "flash nano.inkbit --disk other");
    assert!(message.contains("that of a board RP2350, not RPI-RP2"), "{message}");
    disk(&place, "disk", "RPI-RP2");
    let message = place.fail(1, "flash nano.inkbit --disk disk --firmware quick.toml");
    assert!(message.contains("quick.toml is not a firmware for the board pico"), "{message}");
    let said = place.succeed("flash nano.inkbit --disk disk --parts model --dry-run");
    assert_eq!(said, "found the disk disk\nwould write the model, 24,576 bytes of UF2\n");
}

#[test]
fn a_model_is_written_whole_and_without_a_port_it_is_said_to_be_unverified() {
    let place = place();
    let folder = disk(&place, "disk", "RPI-RP2");
    place.succeed("image nano.inkbit --board pico -o expected.uf2");
    let expected = place.read("expected.uf2");
    let whole = expected.len() as u64;
    let board = thread::spawn(move || {
        let path = folder.join("inkbit.uf2");
        while fs::metadata(&path).map_or(0, |file| file.len()) < whole {
            thread::sleep(Duration::from_millis(5));
        }
        let taken = fs::read(&path).unwrap();
        fs::remove_dir_all(folder).unwrap();
        taken
    });
    let said = place.succeed("flash nano.inkbit --disk disk --parts model");
    assert!(said.contains("wrote the model, ") && said.contains("unverified: "), "{said}");
    assert!(board.join().unwrap() == expected);
}

#[test]
fn the_firmware_of_a_release_lies_beside_the_program() {
    let place = place();
    disk(&place, "disk", "RPI-RP2");
    fs::create_dir(place.path("firmware")).unwrap();
    place.write("firmware/inkbit-pico.elf", "found");
    let program = place.path("inkbit");
    fs::copy(env!("CARGO_BIN_EXE_inkbit"), &program).unwrap();
    let mut command = Command::new(program);
    let ended = command.current_dir(place.path("")).args(["flash", "--disk", "disk"]).output();
    let message = String::from_utf8(ended.unwrap().stderr).unwrap();
    assert!(
        message.contains("firmware/inkbit-pico.elf is not a firmware for the board"),
        "{message}"
    );
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_new_pico_is_flashed_reads_a_drawn_seven_and_gets_another_model_without_a_button() {
    if !can_emulate(["pico"]) {
        return;
    }
    let place = place();
    let mut pico = Pico::blank(&place);
    let flags = format!("--disk disk --port {}", pico.port);
    let said = place.succeed(&format!("flash nano.inkbit {flags}"));
    assert!(said.starts_with("found the disk disk\nwrote firmware and model, "), "{said}");
    assert!(said.contains("running: pico, firmware 0.1.0, the model nano at "), "{said}");
    assert!(said.contains("\nten test digits "), "{said}");
    assert!(said.ends_with("0 of 100 logits differ from this computer's\n"), "{said}");
    assert_eq!(names(&place.path("disk")), [""; 0]);

    let mut client = pico.client();
    client.show(Mode::Draw).unwrap();
    for (x, y, down) in [(6, 6, true), (20, 6, true), (12, 24, true), (0, 0, false)] {
        client.pen(x, y, down).unwrap();
    }
    assert_eq!(client.status().unwrap().class, Some(7));
    // No reset is reported: the boot ROM's own is an ordinary one.
    assert_eq!(client.hello().unwrap().warning(), None);
    drop(client);

    let said = place.succeed(&format!("flash tiny.inkbit {flags} --dry-run"));
    assert!(said.contains("found pico, firmware 0.1.0, the model nano at "), "{said}");
    assert!(said.contains("\nwould ask it to become a disk, and write the model, "), "{said}");
    let said = place.succeed(&format!("flash tiny.inkbit {flags}"));
    assert!(said.contains("wrote the model, ") && said.contains("the model tiny at"), "{said}");
    let said = place.succeed(&format!("flash tiny.inkbit {flags}"));
    assert!(said.contains("nothing to write") && said.contains("0 of 100 logits"), "{said}");

    // Without a disk, over the line.
    let port = format!("--port {}", pico.port);
    let said = place.succeed(&format!("flash nano.inkbit {port} --dry-run"));
    let what = format!("the model, {} bytes, over the line\n", grouped(NANO.len()));
    assert!(said.ends_with(&format!("\nwould send {what}")), "{said}");
    let said = place.succeed(&format!("flash nano.inkbit {port}"));
    assert!(said.contains(&format!("sent {what}")) && said.contains("the model nano at"), "{said}");
    assert!(said.ends_with("0 of 100 logits differ from this computer's\n"), "{said}");

    // It names the model by its CRC, and asks for several images at once.
    let said = place.succeed(&format!("selftest {port} --images 30 -o pico.toml"));
    assert!(said.starts_with("pico, firmware 0.1.0, model nano"), "{said}");
    assert!(said.contains(" 300, 0 of them differ\n"), "{said}");
    let result = String::from_utf8(place.read("pico.toml")).unwrap();
    let result = SelfTest::from_toml(&result).unwrap();
    assert_eq!((result.images, result.logits, result.differing), (30, 300, 0));
    let Times { fastest, mean, slowest } = result.microseconds;
    assert!(0.0 < fastest && fastest <= mean && mean <= slowest, "{result:?}");
    assert!((1_000..2_560).contains(&result.stack), "{result:?}");
    assert!((10_000..16_000).contains(&result.variables.unwrap()), "{result:?}");

    // Held in the hand, it waits as a disk, whatever is in it; and a file puts the first slot in use.
    pico.wiring.hold_bootsel().unwrap();
    let said = place.succeed(&format!("flash tiny.inkbit {flags} --parts model"));
    assert!(said.contains("found the disk disk") && said.contains("0 of 100 logits"), "{said}");
    assert!(said.contains("the model tiny at"), "{said}");
}
