//! Standard output and pipes that nobody reads, or that take no more.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::thread;

use crate::place::{Place, TRAIN};

#[test]
fn a_command_whose_output_nobody_reads_does_its_work_and_ends_by_its_result() {
    let place = Place::new();
    let run = |arguments: &str| {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        place.command(arguments).stdout(writer).stderr(Stdio::null()).status().unwrap().code()
    };
    assert_eq!(run("evaluate model.inkbit --data digits"), Some(0));
    assert_eq!(run("--help"), Some(0));
    assert_eq!(run(&format!("train --out new {TRAIN}")), Some(0));
    assert!(place.path("new/weights.safetensors").exists());
    assert_eq!(run("quantize new -o new.inkbit"), Some(0));
    assert!(place.path("new.inkbit").exists());
    // The second picture cannot be read.
    place.write("a.pgm", [&b"P5 8 8 255\n"[..], &[255; 30], &[0; 34]].concat());
    assert_eq!(run("predict model.inkbit a.pgm no.pgm"), Some(1));
    assert_eq!(run("evaluate no.inkbit"), Some(1));
    // A disk that is full is not somebody who has read enough.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = place.command("evaluate model.inkbit --data digits").stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
}

#[test]
fn a_pipe_that_nobody_reads_is_not_waited_for_and_one_that_is_read_gets_the_file() {
    let place = Place::new();
    let made = Command::new("mkfifo").arg(place.path("pipe.bin")).status().unwrap();
    assert!(made.success());
    let command = "image --board microbit model.inkbit -o pipe.bin";
    let ended = place.run(&format!("{command} --quiet"));
    let expected =
        "error: cannot write pipe.bin: within 2 s nobody has opened its other end; start";
    assert!(ended.code == Some(1) && ended.err.starts_with(expected), "{ended:?}");
    let pipe = place.path("pipe.bin");
    let reader = thread::spawn(move || fs::read(pipe).unwrap());
    place.succeed(command);
    assert!(reader.join().unwrap() == place.read("model.inkbit"));
}
