//! The same in Firefox, where it is installed: pages come by HTTP, and what a probe finds goes back.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use inkbit::device::emulator::which;

use crate::browser::{self, frame};
use crate::place::Place;

/// Firefox starts in a few seconds; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What [`look`](browser::look) gives in Chromium, and in Firefox if it is installed.
pub fn in_each(place: &Place, probed: &str, width: u32, dark: bool) -> Vec<serde_json::Value> {
    let chromium = browser::browser().map(|path| browser::look(&path, place, probed, width, dark));
    let firefox = ["firefox", "firefox-esr"].iter().find_map(|name| which(name));
    if firefox.is_none() {
        // Not eprintln!, whose output the harness hides while the test passes.
        let _ = writeln!(io::stderr(), "SKIPPED a page in Firefox, which is not installed");
    }
    let firefox = firefox.map(|path| look(&path, probed, width, dark));
    chromium.into_iter().chain(firefox).collect()
}

/// What Firefox gives.
fn look(firefox: &Path, probed: &str, width: u32, dark: bool) -> serde_json::Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let said =
        serve(listener, frame(width, "fetch('/said', { method: 'POST', body: e.data })"), probed);
    // It goes on to write into it for a moment after it was killed.
    let profile = tempfile::tempdir().unwrap();
    // No first page, no updates, nothing to tell home.
    let preferences = [
        ("ui.systemUsesDarkTheme", u8::from(dark).to_string()),
        ("layout.css.prefers-color-scheme.content-override", u8::from(!dark).to_string()),
        ("browser.shell.checkDefaultBrowser", "false".to_owned()),
        ("datareporting.policy.dataSubmissionEnabled", "false".to_owned()),
        ("app.normandy.enabled", "false".to_owned()),
        ("network.captive-portal-service.enabled", "false".to_owned()),
        ("network.connectivity-service.enabled", "false".to_owned()),
    ];
    let line = |(name, value): (&str, String)| format!("user_pref(\"{name}\", {value});\n");
    fs::write(profile.path().join("user.js"), preferences.map(line).concat()).unwrap();
    let _firefox = Ended(
        Command::new(firefox)
            .args(["--headless", "--no-remote", "--profile"])
            .arg(profile.path())
            .arg(format!("http://{address}/frame.html"))
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let said = said.recv_timeout(PATIENCE).expect("the page says what its probe finds");
    serde_json::from_str(&said).unwrap()
}

/// Serves the page and the one around it until the test ends; the body of what is posted comes out.
fn serve(listener: TcpListener, frame: String, probed: &str) -> mpsc::Receiver<String> {
    let (sender, said) = mpsc::channel();
    let probed = probed.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some((path, body)) = request(&stream) else { continue };
            let answer = match path.as_str() {
                "/frame.html" => &frame,
                "/probed.html" => &probed,
                "/said" if sender.send(body).is_err() => return,
                _ => "",
            };
            let _ = write!(
                &stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: \
                 {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    said
}

/// The path and the body of a request.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let (name, value) = match header.trim_end() {
            "" => break,
            header => header.split_once(':')?,
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).ok()?))
}
