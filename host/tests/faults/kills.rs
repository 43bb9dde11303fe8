//! Processes that are killed at random moments, 50 of each kind (500 if `INKBIT_LONG` is set), and
//! started again each time, as often as it takes.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use inkbit::data::download::{Download, Wanted};
use inkbit::data::idx::{Idx, Kind};

use crate::place::{Place, TRAIN};
use crate::{assert_same, content, count};

/// Some epochs, with a checkpoint after each.
const EPOCHS: &str = "--epochs 6 --batch 8";

/// Numbers that look random, the same ones in every test.
struct Random(u64);

impl Random {
    fn fraction(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 24)
    }
}

/// Starts what `start` gives and kills it at a random moment, until so many were killed.
/// `after` is called after each end; the process may have ended by itself.
fn kill(what: &str, mut start: impl FnMut() -> Command, mut after: impl FnMut(Option<ExitStatus>)) {
    // One kind at a time, so that the moments are those of the process and not of the others.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let kills = count(50, 500);
    let (mut random, mut killed) = (Random(kills as u64), 0);
    // How long it takes, of which the first one that ends tells.
    let mut whole = Duration::from_millis(400);
    while killed < kills {
        let begun = Instant::now();
        let mut child = start().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = whole.mul_f64(random.fraction());
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if begun.elapsed() >= moment => break None,
                None => thread::sleep(Duration::from_millis(1)),
            }
        };
        if ended.is_some() {
            whole = begun.elapsed();
        } else {
            child.kill().unwrap();
            // It may just have ended.
            killed += usize::from(child.wait().unwrap().code().is_none());
        }
        after(ended);
    }
    println!("tried: {killed} kills of {what}");
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn trainings_and_sweeps_that_are_killed_end_in_the_same_files() {
    let seeds = format!("--seeds 3 {TRAIN} {EPOCHS}");
    let flags = "--widths 8,16 --depths 1,2 --set epochs=3 --set batch=16 --data digits";
    for (what, begin, resume) in [
        ("train", format!("{TRAIN} {EPOCHS}"), "--resume"),
        ("train", seeds, "--seeds 3 --resume"),
        ("sweep", flags.to_owned(), flags),
    ] {
        let place = Place::untrained();
        // By the same name, which is in the report.
        place.succeed(&format!("{what} --out killed {begin}"));
        fs::rename(place.path("killed"), place.path("whole")).unwrap();
        let next = || {
            let configurations = ["config.toml", "seed-1/config.toml", "base.toml"];
            let is_begun = configurations.map(|name| place.path("killed").join(name).exists());
            let flags = if is_begun.contains(&true) { resume } else { &begin };
            format!("{what} --out killed {flags}")
        };
        let end = || {
            let ended = place.run(&next());
            // If it was killed when all was written, there is nothing to do.
            let done = ended.err.contains("holds a finished run: there is nothing to resume");
            assert!(ended.code == Some(0) || done, "{ended:?}");
            assert_same(&place, "killed", "whole");
            fs::remove_dir_all(place.path("killed")).unwrap();
        };
        let name = if resume.starts_with("--seeds") { "train --seeds" } else { what };
        let after = |ended: Option<_>| {
            if ended.is_some() {
                end();
            }
        };
        kill(name, || place.command(&next()), after);
        end();
    }
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_quantization_that_is_killed_leaves_a_whole_model_or_none() {
    let place = Place::new();
    fs::remove_file(place.path("model.inkbit")).unwrap();
    fs::create_dir(place.path("models")).unwrap();
    let command = "quantize run -o models/model.inkbit";
    place.succeed(command);
    let (models, run) = (content(&place.path("models")), content(&place.path("run")));
    let whole = place.read("models/model.inkbit");
    let mut undone = 0;
    kill(
        "quantize",
        || place.command(command),
        |_| {
            // Once from nothing and once over the model that is there.
            match fs::read(place.path("models/model.inkbit")) {
                Ok(model) => {
                    assert!(model == whole, "half a model");
                    fs::remove_file(place.path("models/model.inkbit")).unwrap();
                }
                Err(_) => undone += 1,
            }
        },
    );
    assert!(undone > 0, "none was killed before its end");
    place.succeed(command);
    assert_eq!(content(&place.path("models")), models);
    assert_eq!(content(&place.path("run")), run);
}

/// The file that the mirror has, and how many labels it holds.
const NAME: &str = "labels";
const LABELS: usize = 400_000;

/// A mirror of one file, which it sends in pieces over a tenth of a second; returns its address.
/// The thread ends with the process.
fn mirror(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let from = lines
                .take_while(|line| !line.is_empty())
                .filter_map(|line| {
                    Some(line.to_lowercase().strip_prefix("range: bytes=")?.to_owned())
                })
                .find_map(|range| range.trim_end_matches('-').parse::<usize>().ok());
            let (rest, all, last) = (&file[from.unwrap_or(0)..], file.len(), file.len() - 1);
            let status = from.map_or("200 OK\r\n".to_owned(), |from| {
                format!("206 Partial Content\r\nContent-Range: bytes {from}-{last}/{all}\r\n")
            });
            let length = rest.len();
            let header =
                format!("HTTP/1.1 {status}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            // The process that asks may be killed at any time.
            let mut sent = stream.write_all(header.as_bytes());
            for piece in rest.chunks(LABELS / 50) {
                sent = sent.and_then(|()| stream.write_all(piece));
                if sent.is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(2));
            }
        }
    });
    address
}

fn labels() -> Vec<u8> {
    let mut random = Random(1);
    let header = [0x801, LABELS as u32].into_iter().flat_map(u32::to_be_bytes);
    header.chain((0..LABELS).map(|_| (256.0 * random.fraction()) as u8)).collect()
}

#[test]
#[ignore = "run by cargo xtask trust"]
fn a_download_that_is_killed_goes_on_and_ends_in_the_same_file() {
    let place = Place::untrained();
    let file = labels();
    place.write("whole", &file);
    let digest = Idx::read(&place.path("whole"), Kind::Labels).unwrap().digest();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mirror = mirror(file.clone());
    let child = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "kills::a_process_downloads_for_the_test_above", "--ignored"])
            .env(CHILD, format!("{} {} {digest}", mirror, place.path("cache").display()));
        command
    };
    let check = |ended: bool| {
        let path = place.path("cache").join(NAME);
        match fs::read(&path) {
            Ok(found) => {
                assert!(found == file, "half a file");
                fs::remove_dir_all(place.path("cache")).unwrap();
            }
            Err(_) => assert!(!ended, "no file"),
        }
    };
    kill("download", child, |ended| check(ended.is_some()));
    assert!(child().stdout(Stdio::null()).status().unwrap().success());
    assert_eq!(content(&place.path("cache")).len(), 1);
    check(true);
}

/// Tells a process of this test what to download.
const CHILD: &str = "INKBIT_FAULTS_DOWNLOAD";

#[test]
#[ignore = "a part of the test above"]
fn a_process_downloads_for_the_test_above() {
    let Ok(wanted) = env::var(CHILD) else { return };
    let [mirror, folder, digest] = wanted.split(' ').collect::<Vec<_>>()[..] else { panic!() };
    let sha256 = digest.to_owned().leak();
    let (name, values) = (NAME.to_owned(), LABELS as u64);
    let wanted = Wanted { name, kind: Kind::Labels, values, sha256 };
    let pause = Duration::from_millis(1);
    let download = Download { pause, ..Download::from_mirrors(&[mirror]) };
    download.fetch(&[wanted], Path::new(folder)).unwrap();
}
