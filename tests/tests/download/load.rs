//! MNIST, found or downloaded when it is loaded.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use inkbit::data::load;
use inkbit_tests::skipped;

use super::super::data::gzip;
use super::server::{Answer, Server};
use super::{folder, names};

/// Not a test by itself: loads MNIST and prints the result, for [`load_elsewhere`].
#[test]
fn child() {
    let Ok(mirror) = std::env::var("INKBIT_TEST_MIRROR") else { return };
    println!();
    match load("mnist", None, Some(&mirror)) {
        Ok(data) => println!("loaded {} images", data.train.len()),
        Err(error) => {
            let unavailable = error.is_unavailable();
            println!("unavailable {unavailable}: {:#}", anyhow::Error::from(error));
        }
    }
}

/// Loads MNIST in a process of its own, for which `home` is the user's and `begin` is run by the
/// shell before, and returns what [`child`] printed.
fn load_elsewhere(home: &Path, begin: &str, mirror: &str) -> String {
    let output: Output = Command::new("sh")
        .args(["-c", &format!("{begin}exec \"$0\" --exact download::load::child --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env_remove("INKBIT_DATA")
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("INKBIT_TEST_MIRROR", mirror)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    lines
        .find(|line| line.starts_with("loaded") || line.starts_with("unavailable"))
        .unwrap_or_else(|| panic!("{printed}{}", String::from_utf8_lossy(&output.stderr)))
        .replace(home.to_str().unwrap(), "HOME")
        .replace(mirror, "MIRROR")
}

/// What the user can do where there is no MNIST.
const REMEDY: &str = "; name a folder that has it by --data-dir or $INKBIT_DATA, a server by \
                      --mirror, or go on with --data synthetic";

#[test]
#[cfg(unix)]
fn no_server_is_noticed_soon() {
    let home = folder();
    let start = Instant::now();
    let said = load_elsewhere(home.path(), "", "http://127.0.0.1:1");
    let expected = "unavailable true: MNIST was not found and cannot be downloaded: no \
                    train-images-idx3-ubyte.gz from MIRROR (Connection refused (os error ";
    assert!(said.starts_with(expected) && said.ends_with(REMEDY), "{said}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
#[cfg(unix)]
fn a_variable_that_names_a_folder_without_mnist_is_no_reason_to_download() {
    let home = folder();
    let server = Server::start(&[Answer::Status("404 Not Found")]);
    let said = load_elsewhere(home.path(), "export INKBIT_DATA=\"$HOME/none\"; ", &server.address);
    assert_eq!(
        said,
        "unavailable false: $INKBIT_DATA should have MNIST: there is no folder HOME/none: \
         expected one with four IDX files"
    );
    assert!(server.requests().is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_and_given_back() {
    let home = folder();
    let server = Server::start(&[Answer::Whole(vec![0; 1_000_000])]);
    // No file may be longer than some hundred kilobytes, and a process may live to say so.
    let said = load_elsewhere(home.path(), "trap '' XFSZ; ulimit -f 200; ", &server.address);
    let begin = "unavailable true: MNIST was not found and cannot be downloaded: cannot write \
                 HOME/cache/inkbit/mnist/train-images-idx3-ubyte.gz.inkbit-part: File too large";
    assert!(said.starts_with(begin) && said.ends_with(REMEDY), "{said}");
    assert!(names(&home.path().join("cache/inkbit/mnist")).is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn genuine_mnist_is_downloaded_once_and_then_found() {
    let Some(folder_of) = std::env::var_os("INKBIT_DATA") else {
        skipped("download of genuine MNIST", "INKBIT_DATA names no folder with MNIST");
        return;
    };
    let home = folder();
    let server = Server::serve(move |_, path| {
        let packed = Path::new(&folder_of).join(path.trim_start_matches('/'));
        let content = fs::read(&packed)
            .or_else(|_| fs::read(packed.with_extension("")).map(|content| gzip(&content)));
        content.map_or(Answer::Status("404 Not Found"), Answer::Whole)
    });
    for _ in 0..2 {
        assert_eq!(load_elsewhere(home.path(), "", &server.address), "loaded 60000 images");
        assert_eq!(server.requests().len(), 4);
    }
    assert_eq!(names(&home.path().join("cache/inkbit/mnist")).len(), 4);
}
