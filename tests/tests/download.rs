//! Downloads from a server on this machine that fails in the ways of real ones.

mod load;
mod server;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use inkbit::data::download::{Download, Wanted};
use inkbit::data::idx::{Idx, Kind};
use tempfile::TempDir;

use self::server::{Answer, Server};
use super::data::{gzip, idx};

const NAME: &str = "labels.gz";

/// A gzipped file of labels that does not compress well.
fn file() -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(7);
    let labels: Vec<u8> = (0..20_000).map(|_| rng.u8(..)).collect();
    gzip(&idx(8, &[20_000], &labels))
}

/// The file under its content's checksum.
fn wanted() -> Wanted {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    fs::write(&path, file()).unwrap();
    let digest = Idx::read(&path, Kind::Labels).unwrap().digest();
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Wanted { name: NAME.to_owned(), kind: Kind::Labels, values: 20_000, sha256: sha256.leak() }
}

/// The server is near, so pauses may be short, but a busy machine may be silent for a while.
fn download(servers: &[&Server]) -> Download {
    let mirrors: Vec<&str> = servers.iter().map(|server| &*server.address).collect();
    Download {
        silence: Duration::from_secs(10),
        pause: Duration::from_millis(1),
        ..Download::from_mirrors(&mirrors)
    }
}

/// Downloads into the folder; an error's text has `A`, `B` for the servers.
fn fetch(folder: &Path, servers: &[&Server]) -> Result<(), String> {
    fetch_by(&download(servers), folder, servers)
}

fn fetch_by(options: &Download, folder: &Path, servers: &[&Server]) -> Result<(), String> {
    options.fetch(&[wanted()], folder).map_err(|error| {
        let names = servers.iter().zip(["A", "B"]);
        let text = error.to_string().replace(folder.to_str().unwrap(), "DIR");
        names.fold(text, |text, (server, name)| text.replace(&server.address, name))
    })
}

/// The files in a folder, except the one that a download locks.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

/// Asserts that the folder holds the whole file and nothing else.
fn assert_complete(folder: &Path) {
    assert_eq!(names(folder), [NAME]);
    assert_eq!(fs::read(folder.join(NAME)).unwrap(), file());
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_file_comes_once() {
    let server = Server::start(&[Answer::Whole(file())]);
    let folder = folder();
    let below = folder.path().join("a/b");
    fetch(&below, &[&server]).unwrap();
    fetch(&below, &[&server]).unwrap();
    assert_complete(&below);
    assert_eq!(server.requests(), ["/labels.gz"]);
}

#[test]
fn a_broken_connection_is_resumed() {
    let answers = [Answer::Break(file(), 5_000), Answer::Status("503 Busy"), Answer::Whole(file())];
    let server = Server::start(&answers);
    let folder = folder();
    fetch(folder.path(), &[&server]).unwrap();
    assert_complete(folder.path());
    let expected = ["/labels.gz", "/labels.gz from 5000", "/labels.gz from 5000"];
    assert_eq!(server.requests(), expected);
}

#[test]
fn what_came_is_kept_for_the_next_mirror_and_the_next_time() {
    let folder = folder();
    let broken = Server::start(&[Answer::Break(file(), 3_000), Answer::Status("404 Not Found")]);
    assert_eq!(
        fetch(folder.path(), &[&broken]).unwrap_err(),
        "no labels.gz from A (it answers 404 Not Found)"
    );
    assert_eq!(names(folder.path()), ["labels.gz.inkbit-part"]);
    assert_eq!(fs::read(folder.path().join("labels.gz.inkbit-part")).unwrap(), file()[..3_000]);

    let gone = Server::start(&[Answer::Status("404 Not Found")]);
    let whole = Server::start(&[Answer::Whole(file())]);
    fetch(folder.path(), &[&gone, &whole]).unwrap();
    assert_complete(folder.path());
    assert_eq!(whole.requests(), ["/labels.gz from 3000"]);
}

#[test]
fn a_server_that_cannot_resume_starts_over() {
    let folder = folder();
    let server = Server::start(&[Answer::Break(file(), 5_000), Answer::FromStart(file())]);
    fetch(folder.path(), &[&server]).unwrap();
    assert_complete(folder.path());
}

#[test]
fn a_stale_part_is_thrown_away() {
    let whole = file().len();
    // Another file's beginning, another file's whole, and the very file, not yet renamed.
    for (part, requests) in [
        (vec![1; 100], vec!["/labels.gz from 100".to_owned(), "/labels.gz".to_owned()]),
        (vec![1; whole], vec![format!("/labels.gz from {whole}"), "/labels.gz".to_owned()]),
        (file(), vec![]),
    ] {
        let folder = folder();
        fs::write(folder.path().join("labels.gz.inkbit-part"), part).unwrap();
        let server = Server::start(&[Answer::Whole(file())]);
        fetch(folder.path(), &[&server]).unwrap();
        assert_complete(folder.path());
        assert_eq!(server.requests(), requests);
    }
}

#[test]
fn a_link_is_not_written_through_and_a_users_file_is_not_replaced() {
    let folder = folder();
    let [own, part, cached] =
        ["own", "labels.gz.inkbit-part", NAME].map(|name| folder.path().join(name));
    fs::write(&own, "a user's").unwrap();
    symlink(&own, &part).unwrap();
    let message = fetch(folder.path(), &[]).unwrap_err();
    assert!(
        message.contains("labels.gz.inkbit-part is a symbolic link, where a part of"),
        "{message}"
    );
    fs::remove_file(&part).unwrap();
    fs::write(&cached, "a user's, too").unwrap();
    let message = fetch(folder.path(), &[]).unwrap_err();
    assert!(message.contains("labels.gz exists and is not an IDX file; it was not"), "{message}");
    assert_eq!(fs::read(&own).unwrap(), b"a user's");
    assert_eq!(fs::read(&cached).unwrap(), b"a user's, too");
}

#[test]
fn a_file_of_a_user_that_a_part_is_another_name_of_stays() {
    let folder = folder();
    let [own, part] = ["own", "labels.gz.inkbit-part"].map(|name| folder.path().join(name));
    // What a download would resume, replace, and find too long.
    for content in [file()[..3_000].to_vec(), b"a user's".to_vec(), vec![7; 1_000_000]] {
        fs::write(&own, &content).unwrap();
        fs::hard_link(&own, &part).unwrap();
        let server = Server::start(&[Answer::Whole(file())]);
        fetch(folder.path(), &[&server]).unwrap();
        assert!(fs::read(&own).unwrap() == content);
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap(), file());
        fs::remove_file(folder.path().join(NAME)).unwrap();
    }
}

#[test]
fn a_file_of_the_same_name_with_another_content_is_kept_under_a_new_name() {
    let folder = folder();
    let own: &[u8] = b"\x1F\x8Bown data of that name";
    fs::write(folder.path().join(NAME), own).unwrap();
    fetch(folder.path(), &[&Server::start(&[Answer::Whole(file())])]).unwrap();
    let kept = folder.path().join(format!("{NAME}.other-1"));
    assert_eq!(fs::read(&kept).unwrap(), own);
    fs::remove_file(kept).unwrap();
    assert_complete(folder.path());
}

#[test]
fn wrong_content_is_thrown_away_and_the_next_mirror_asked() {
    let wrong = Server::start(&[Answer::Whole(gzip(&idx(8, &[3], &[1, 2, 3])))]);
    let page = Server::start(&[Answer::Whole(b"<html>Log in first</html>".to_vec())]);
    let right = Server::start(&[Answer::Whole(file())]);
    let there = folder();
    fetch(there.path(), &[&wrong, &right]).unwrap();
    assert_complete(there.path());

    let none = folder();
    let message = fetch(none.path(), &[&wrong, &page]).unwrap_err();
    let expected = wanted().sha256;
    let begin = "no labels.gz from A (wrong content: its SHA-256 is ";
    let end = format!(
        ", expected {expected}), nor from B (wrong content: DIR/labels.gz.inkbit-part is no IDX file of \
         labels: it starts with 0x3c68746d (a web page?), expected 0x00000801; only unsigned bytes \
         are read)"
    );
    assert!(message.starts_with(begin) && message.ends_with(&end), "{message}");
    assert!(names(none.path()).is_empty());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn every_mirror_and_what_is_wrong_with_it_is_named() {
    let folder = folder();
    let gone = Server::start(&[Answer::Status("404 Not Found")]);
    let busy = Server::start(&[Answer::Status("503 Service Unavailable")]);
    assert_eq!(
        fetch(folder.path(), &[&gone, &busy]).unwrap_err(),
        "no labels.gz from A (it answers 404 Not Found), \
         nor from B (it answers 503 Service Unavailable)"
    );
    assert_eq!(gone.requests().len(), 1, "another try would not help");
    assert_eq!(busy.requests().len(), 2, "another try might help");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_silent_server_is_given_up() {
    let folder = folder();
    let mute = Server::start(&[Answer::Stall(file(), 1_000), Answer::Stall(file(), 0)]);
    let right = Server::start(&[Answer::Whole(file())]);
    let impatient = |milliseconds, servers: &[&Server]| {
        let silence = Duration::from_millis(milliseconds);
        fetch_by(&Download { silence, ..download(servers) }, folder.path(), servers)
    };
    assert_eq!(impatient(200, &[&mute]).unwrap_err(), "no labels.gz from A (silent for 200ms)");
    // Longer: the right server has to answer within it.
    impatient(1_000, &[&mute, &right]).unwrap();
    assert_complete(folder.path());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn a_server_that_never_ends_is_stopped() {
    let folder = folder();
    let server = Server::start(&[Answer::Whole(vec![0x1f; 3_000_000])]);
    let message = fetch(folder.path(), &[&server]).unwrap_err();
    // The file's 20,000 values, and what gzip may add to them.
    assert!(message.ends_with("(it sends over 85556 bytes, too many)"), "{message}");
    assert!(names(folder.path()).is_empty());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn a_bomb_is_not_unpacked_beyond_what_the_file_has() {
    let folder = folder();
    // Unpacked, the labels would be 10 MB.
    let bomb = Server::start(&[Answer::Whole(gzip(&idx(8, &[10_000_000], &vec![0; 10_000_000])))]);
    let right = Server::start(&[Answer::Whole(file())]);
    let message = fetch(folder.path(), &[&bomb]).unwrap_err();
    let expected = "promises 10000000 bytes by its header, the limit is 20000: ";
    assert!(message.contains(expected), "{message}");
    fetch(folder.path(), &[&bomb, &right]).unwrap();
    assert_complete(folder.path());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn a_server_that_sends_a_byte_now_and_then_is_left_for_the_next() {
    let folder = folder();
    let slow = Server::start(&[Answer::Drip(file(), Duration::from_millis(50))]);
    let right = Server::start(&[Answer::Whole(file())]);
    let begin = Instant::now();
    let options =
        |servers: &[&Server]| Download { silence: Duration::from_millis(500), ..download(servers) };
    let message = fetch_by(&options(&[&slow]), folder.path(), &[&slow]).unwrap_err();
    assert_eq!(message, "no labels.gz from A (it sends fewer than 1024 bytes a second)");
    let servers = [&slow, &right];
    fetch_by(&options(&servers), folder.path(), &servers).unwrap();
    assert_complete(folder.path());
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn a_server_that_breaks_off_after_each_byte_is_left_for_the_next() {
    let folder = folder();
    let crumbs = Server::start(&[Answer::Crumb(file())]);
    let right = Server::start(&[Answer::Whole(file())]);
    let patience = Duration::from_millis(500);
    let servers = [&crumbs, &right];
    let options = |servers: &[&Server]| Download { patience, ..download(servers) };
    let message = fetch_by(&options(&[&crumbs]), folder.path(), &[&crumbs]).unwrap_err();
    assert_eq!(message, "no labels.gz from A (not done within 500ms)");
    // The right server has to answer within it, too.
    let longer = Download { patience: Duration::from_secs(5), ..options(&servers) };
    fetch_by(&longer, folder.path(), &servers).unwrap();
    assert_complete(folder.path());
    println!("tried: 1 hostile mirrors");
}

#[test]
fn a_part_that_nobody_asked_for_is_left_for_the_next() {
    let folder = folder();
    let part = Server::start(&[Answer::Part(file())]);
    let right = Server::start(&[Answer::Whole(file())]);
    let message = fetch(folder.path(), &[&part]).unwrap_err();
    assert_eq!(message, "no labels.gz from A (it answers 206 Partial Content)");
    assert!(names(folder.path()).is_empty());
    fetch(folder.path(), &[&part, &right]).unwrap();
    assert_complete(folder.path());
    println!("tried: 1 hostile mirrors");
}
