//! `flash` on disks with what no boot loader's disk has, and with other boards at the port.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use inkbit::model::Blob;
use inkbit_core::link::Reset;

use crate::device::can_emulate;
use crate::flash::{disk, place};
use crate::place::{Ended, Place};
use crate::stand_in::StandIn;

/// A board with the model of this file.
fn board(name: &'static str, place: &Place, model: &str) -> StandIn {
    StandIn::new(name, Blob::load(&place.path(model)).unwrap())
}

/// Writes the model to the disk `disk`, which must be refused before long; returns the message.
fn refused(place: &Place) -> String {
    let arguments = "flash nano.inkbit --disk disk --parts model";
    let mut command = place.command(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(15);
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    ended.err
}

/// Puts something at a path.
type Make<'a> = &'a dyn Fn(&Path);

#[test]
fn what_stands_in_place_of_the_file_is_neither_written_nor_removed() {
    let place = place();
    disk(&place, "disk", "RPI-RP2");
    let (mine, path) = (place.path("mine"), place.path("disk/inkbit.uf2"));
    fs::write(&mine, "mine").unwrap();
    let hard = |path: &Path| fs::hard_link(&mine, path).unwrap();
    let link = |path: &Path| symlink(&mine, path).unwrap();
    let dangling = |path: &Path| symlink(place.path("nowhere"), path).unwrap();
    let own = |path: &Path| fs::write(path, "a user's own").unwrap();
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let cases: [(Make<'_>, _); 5] = [
        (&pipe, "inkbit.uf2 is a device or a pipe, where a UF2 file of Inkbit's"),
        (&link, "inkbit.uf2 is a symbolic link, where a UF2 file of Inkbit's"),
        (&dangling, "inkbit.uf2 is a symbolic link, where"),
        (&hard, "inkbit.uf2 exists and is not a UF2 file of Inkbit's"),
        (&own, "inkbit.uf2 exists and is not a UF2 file of Inkbit's"),
    ];
    for (make, expected) in cases {
        make(&path);
        let found = fs::symlink_metadata(&path).unwrap();
        let message = refused(&place);
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("remove it, or name the board's disk with --disk"), "{message}");
        let kept = fs::symlink_metadata(&path).unwrap();
        assert_eq!((kept.file_type(), kept.len()), (found.file_type(), found.len()));
        assert_eq!(place.read("mine"), b"mine");
        assert!(!place.path("nowhere").exists());
        fs::remove_file(&path).unwrap();
    }
    // A model in another name of a file.
    place.succeed("image nano.inkbit --board pico -o made.uf2");
    fs::hard_link(place.path("made.uf2"), &path).unwrap();
    let message = refused(&place);
    assert!(message.contains("inkbit.uf2 has another name"), "{message}");
    assert!(path.exists());
}

#[test]
fn the_name_of_a_folder_forges_no_line() {
    let place = place();
    let name = "disk\nrunning: pico\x1b[2J";
    disk(&place, name, "RPI-RP2");
    let mut command = place.command("flash nano.inkbit --parts model --dry-run --disk");
    let ended = Ended::from(command.arg(name).output().unwrap());
    assert!(ended.out.starts_with("found the disk disk\u{fffd}running: pico\u{fffd}[2J\n"));
    let mut command = place.command("flash nano.inkbit --parts model --dry-run --disk");
    let ended = Ended::from(command.arg("none\nwrote it").output().unwrap());
    assert!(ended.err.starts_with("error: none\u{fffd}wrote it is not the disk"), "{ended:?}");
}

#[test]
fn what_is_named_and_not_to_be_written_is_a_wrong_use() {
    let place = place();
    disk(&place, "disk", "RPI-RP2");
    let message = place.fail(2, "flash nano.inkbit --disk disk --parts firmware --dry-run");
    assert!(message.contains("leaves the model out: drop it"), "{message}");
    let flags = "--disk disk --parts model --firmware quick.toml --dry-run";
    let message = place.fail(2, &format!("flash nano.inkbit {flags}"));
    assert!(message.contains("leaves --firmware out: drop it"), "{message}");
    if can_emulate(["pico"]) {
        let said = place.succeed("flash --disk disk --parts firmware --dry-run");
        assert!(said.starts_with("found the disk disk\nwould write the firmware, "), "{said}");
    }
}

#[test]
fn another_board_at_the_port_is_refused_by_its_name() {
    let place = place();
    let port = board("microbit", &place, "nano.inkbit").plug_in();
    disk(&place, "disk", "RPI-RP2");
    let firmware = "--parts both --firmware quick.toml";
    for flags in ["", "--dry-run", firmware, "--disk disk --dry-run"] {
        let message = place.fail(1, &format!("flash nano.inkbit --port {port} {flags}"));
        assert!(message.contains(&format!("at {port} is microbit, firmware ")), "{message}");
        assert!(message.contains(", expected pico; "), "{message}");
    }
}

#[test]
fn each_digit_is_sent_once_and_an_unusual_start_is_told_of() {
    let place = place();
    let reset = Reset::Stuck { at: 0x1234 };
    let port = StandIn { reset, answers: 10, ..board("pico", &place, "nano.inkbit") }.plug_in();
    let ended = place.run(&format!("flash nano.inkbit --port {port}"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("nothing to write"), "{ended:?}");
    assert!(ended.out.ends_with("0 of 100 logits differ from this computer's\n"), "{ended:?}");
    assert!(ended.err.starts_with("warning: pico has started anew"), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{ended:?}");
}

/// Takes tens of seconds, for which it only waits.
#[test]
fn a_board_that_was_there_before_proves_nothing_of_the_one_that_was_written_to() {
    let place = place();
    let plug_in = || board("pico", &place, "nano.inkbit").plug_in();
    let flash = |disk: &str| {
        place.run(&format!("flash nano.inkbit --parts model --disk {disk} --port {}", plug_in()))
    };
    disk(&place, "kept", "RPI-RP2");
    let taken = disk(&place, "taken", "RPI-RP2");
    fs::create_dir(place.path("none")).unwrap();
    disk(&place, "alone", "RPI-RP2");
    let later = place.path("later");
    thread::scope(|scope| {
        let kept = scope.spawn(|| flash("kept"));
        // Another board of that name, with that model, is plugged in while the disk has the file.
        let alone = scope.spawn(|| {
            let port = later.display();
            place.run(&format!("flash nano.inkbit --parts model --disk alone --port {port}"))
        });
        scope.spawn(|| {
            while !place.path("alone/inkbit.uf2").exists() {
                thread::sleep(Duration::from_millis(5));
            }
            symlink(plug_in(), &later).unwrap();
        });
        let stays = scope.spawn(|| flash("none"));
        scope.spawn(|| {
            while !taken.join("inkbit.uf2").exists() {
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(Duration::from_millis(500));
            fs::remove_dir_all(&taken).unwrap();
        });
        let unverified = flash("taken");
        assert_eq!(unverified.code, Some(0), "{unverified:?}");
        assert!(unverified.out.contains("has taken it; unverified: "), "{unverified:?}");
        assert!(!unverified.out.contains("running: "), "{unverified:?}");
        let kept = kept.join().unwrap();
        assert_eq!(kept.code, Some(1), "{kept:?}");
        assert!(kept.err.contains("the board has not taken the file"), "{kept:?}");
        assert!(!place.path("kept/inkbit.uf2").exists());
        let alone = alone.join().unwrap();
        assert_eq!(alone.code, Some(1), "{alone:?}");
        assert!(alone.err.contains("the board has not taken the file"), "{alone:?}");
        let stays = stays.join().unwrap();
        assert_eq!(stays.code, Some(1), "{stays:?}");
        assert!(stays.err.contains(" still runs its firmware"), "{stays:?}");
    });
}
