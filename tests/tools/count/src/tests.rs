//! Counts of a program of known length and of a real firmware, and what is said where QEMU cannot
//! count.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{self, Counts, Sample};
use crate::trace::{self, Call};
use inkbit::device::emulator::qemu::in_option;
use inkbit::device::emulator::{Kind, which};
use inkbit_tests::devices::{classic, digits, emulated};
use inkbit_tests::oracle::Oracle;
use tempfile::TempDir;

/// Builds the plugin beside this test and returns its path.
fn plugin() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--package", "inkbit-count-plugin", "--target-dir"])
        .arg(target);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success());
    measure::plugin().expect("built just now")
}

/// Kills QEMU when the test ends.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Calls of `root` in a Cortex-M3 program, which begins at address 0.
fn run(program: &[u32], root: u64, mark: u64) -> Option<Vec<(Call, Vec<u64>)>> {
    const QEMU: &str = "qemu-system-arm";
    if which(QEMU).is_none() {
        assert!(std::env::var_os("INKBIT_REQUIRE_DEVICES").is_none(), "{QEMU} is not installed");
        inkbit_tests::skipped("counting", &format!("{QEMU} is not installed"));
        return None;
    }
    let folder = TempDir::new().unwrap();
    let (image, log) = (folder.path().join("image"), folder.path().join("log"));
    let bytes: Vec<u8> = program.iter().flat_map(|word| word.to_le_bytes()).collect();
    fs::write(&image, bytes).unwrap();
    let options = format!(
        "file={},root={root:x},marks={mark:x},stack=20000000-20001000,out={}",
        in_option(&plugin()),
        in_option(&log)
    );
    let mut qemu = Command::new(QEMU);
    qemu.args(["-M", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial", "none"]);
    qemu.arg("-kernel").arg(&image).args(["-plugin", &options]).stdin(Stdio::null());
    let _guard = Guard(qemu.spawn().unwrap());
    let start = Instant::now();
    while !fs::read_to_string(&log).is_ok_and(|text| text.contains("return")) {
        assert!(start.elapsed() < Duration::from_secs(60), "QEMU has not counted");
        thread::sleep(Duration::from_millis(20));
    }
    let mut found = Vec::new();
    trace::read(BufReader::new(fs::File::open(&log).unwrap()), |blocks, call| {
        let count = |segment: &Vec<trace::Runs>| {
            segment.iter().map(|runs| blocks[runs.block].instructions * runs.runs).sum()
        };
        let counts = call.segments.iter().map(count).collect();
        found.push((call, counts));
        Ok(())
    })
    .unwrap();
    Some(found)
}

#[test]
fn a_program_of_known_length_is_counted_to_the_instruction() {
    let program = [
        0x2000_1000, // the stack's end
        0x0000_0009, // the program's beginning
        0xF801_F000, // 08  start: bl root
        0xB510_E7FE, // 0c  idle: b idle      0e  root: push {r4, lr}
        0xF000_2403, // 10  movs r4, #3       12  again: bl leaf
        0x3C01_F803, // 16  subs r4, #1
        0xBD10_D1FB, // 18  bne again         1a  pop {r4, pc}
        0x2064_B508, // 1c  leaf: push {r3, lr}; movs r0, #100
        0xD1FD_3801, // 20  count: subs r0, #1; bne count
        0x0000_BD08, // 24  pop {r3, pc}
    ];
    let Some(calls) = run(&program, 0x0E, 0x1C) else { return };
    let [(call, counts)] = calls.as_slice() else { panic!("{} calls", calls.len()) };
    // Before the first call of `leaf`: push, movs, bl. In it and up to the next: push, movs, 100
    // rounds of two, pop, subs, bne, bl. At the end pop instead of bl.
    assert_eq!(counts, &[3, 206, 206, 206]);
    // Two registers of `root` and two of `leaf`.
    assert_eq!(call.stack, 16);
    let jumps: u64 = call.segments[1].iter().map(|runs| runs.jumps).sum();
    // 99 of the loop, the return, bne and bl.
    assert_eq!(jumps, 102);
}

fn count(samples: &[Sample<'_>]) -> Option<Counts> {
    let (board, firmware) = emulated("mps2-an386")?;
    let counts = measure::count(&board, &firmware, &plugin(), &classic(), samples, || ());
    Some(counts.unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn the_firmwares_counts_repeat_and_its_parts_and_layers_add_up() {
    let oracle = Oracle::read(classic().bytes()).unwrap();
    let mut images: Vec<Vec<u8>> = digits(3).iter().map(|(pixels, _)| pixels.to_vec()).collect();
    images.push(images[0].clone());
    images.push(vec![0; 28 * 28]);
    let mut logits: Vec<Vec<i64>> =
        images.iter().map(|image| oracle.layers(image).pop().unwrap()).collect();
    // One wrong expectation.
    logits[1][4] += 1;
    let samples: Vec<Sample<'_>> =
        images.iter().zip(&logits).map(|(image, logits)| (&image[..], &logits[..])).collect();
    let Some(Counts { images, code, .. }) = count(&samples) else { return };

    assert_eq!(images[0], images[3], "the same image takes the same instructions");
    assert_eq!(images.iter().map(|count| count.differing).collect::<Vec<_>>(), [0, 1, 0, 0, 0]);
    for count in &images {
        assert_eq!(count.layers.iter().sum::<u64>(), count.total());
        assert_eq!(count.layers.len(), 1 + oracle.stages[0].layers.len());
        assert!(count.parts.iter().all(|part| *part > 0), "{count:?}");
        assert!((1..2000).contains(&count.stack), "{count:?}");
    }
    assert!(images[4].total() < images[0].total(), "an image without ink is quicker");
    assert!((1000..10_000).contains(&code));
}

/// A program that answers `--help` with `help` and otherwise fails with `complaint`.
fn fake_qemu(folder: &Path, help: &str, complaint: &str) -> String {
    let file = folder.join("qemu");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = --help ]; then echo '{help}'; exit; fi\n\
         echo '{complaint}' >&2\nexit 1\n"
    );
    fs::write(&file, script).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file.to_str().unwrap().to_owned()
}

fn refused(help: &str, complaint: &str) -> Option<anyhow::Error> {
    let (mut board, firmware) = emulated("mps2-an386")?;
    let folder = TempDir::new().unwrap();
    let Kind::Qemu { program, .. } = &mut board.emulator else { return None };
    *program = fake_qemu(folder.path(), help, complaint);
    let plugin = Path::new("libinkbit_count_plugin.so");
    measure::count(&board, &firmware, plugin, &classic(), &[], || ()).err()
}

#[test]
fn a_qemu_without_plugins_is_said_to_be_one() {
    let complaint = "qemu-system-arm: -plugin: invalid option";
    let Some(error) = refused("-machine [type=]name", complaint) else { return };
    assert!(error.to_string().contains("without plugins"), "{error}");
}

#[test]
fn what_qemu_says_of_the_plugin_is_in_the_error() {
    let complaint = "plugin requires API version 2, but this QEMU supports only a minimum of 7";
    let Some(error) = refused("-plugin [file=]<file>", complaint) else { return };
    assert!(error.to_string().contains("a minimum of 7"), "{error}");
}
