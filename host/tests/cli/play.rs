//! `play`: the page's file, and its server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::browser::{browser, look};
use crate::place::Place;

const TINY: &[u8] = include_bytes!("../../models/tiny.inkbit");

fn place() -> Place {
    let place = Place::untrained();
    place.write("tiny.inkbit", TINY);
    place
}

#[test]
fn a_page_is_one_small_file_that_asks_for_nothing_from_outside() {
    let place = place();
    let said = place.succeed("play tiny.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    assert_eq!(said, format!("saved in page.html, {} bytes\n", page.len()));
    assert!(page.len() <= 90_000, "{} bytes", page.len());
    // The one that the README shows; `INKBIT_BLESS=1` writes it anew.
    let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/play.html");
    if std::env::var_os("INKBIT_BLESS").is_some() {
        std::fs::write(shown, &page).unwrap();
    }
    assert!(std::fs::read_to_string(shown).unwrap() == page, "{shown} is another page");
    assert!(
        page.contains(
            "content=\"default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'"
        )
    );
    for outside in ["http:", "https:", "//cdn", "src=\"/", "import(", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for place in ["@SCRIPT@", "@MODULE@", "@MODELS@"] {
        assert!(!page.contains(place), "{place} is not filled in");
    }
    // Again, in place of the page that is there; without a name all reference models are in it.
    place.succeed("play -o page.html");
    assert!(place.read("page.html").len() > 400_000);
}

#[test]
fn what_is_no_page_or_no_model_is_refused_and_nothing_is_written() {
    let place = place();
    place.write("mine.html", "<!DOCTYPE html>\n<title>mine</title>");
    let message = place.fail(1, "play tiny.inkbit -o mine.html");
    assert!(message.contains("is not a page of `inkbit play`"), "{message}");
    let message = place.fail(2, "play tiny.inkbit -o page.txt");
    assert!(message.contains("give one that ends in .html"), "{message}");
    let mut damaged = TINY.to_vec();
    damaged[5_000] ^= 1;
    place.write("damaged.inkbit", damaged);
    let message = place.fail(1, "play damaged.inkbit -o page.html");
    assert!(message.contains("damaged.inkbit"), "{message}");
}

#[test]
fn the_page_is_served_until_the_command_is_ended() {
    let place = place();
    let mut command = place.command("play tiny.inkbit --no-open");
    let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut address).unwrap();
    let host = address.trim().strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    place.succeed("play tiny.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&page),
        "{}",
        answer.len()
    );
}

/// Draws a seven with a mouse, takes it back, opens what is no model, and tells what the page shows.
const PROBE: &str = r"
const refused = [], seen = {}, spot = ([x, y]) => {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  return { clientX: left + (x + 0.5) * width / 320, clientY: top + (y + 0.5) * height / 240 };
};
addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
const mouse = (type, point) => at('glass').dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, bubbles: true, ...spot(point) }));
// A browser without a window has hardly any frames, at which the page paints by itself.
const settled = () => new Promise(done => setTimeout(done, 100)).then(paint);
const cards = () => devices.map(device => device.card.children[1].textContent);
(async () => {
  await started;
  await settled();
  seen.blank = [at('said').textContent, ...cards()];
  const points = [[50, 50], [100, 48], [150, 52], [130, 110], [110, 150], [100, 190]];
  mouse('pointerdown', points[0]);
  points.forEach(point => mouse('pointermove', point));
  mouse('pointerup', points[5]);
  await settled();
  seen.seven = [at('said').textContent, ...cards()];
  at('link').click();
  await settled();
  seen.link = drawing(location.hash).length;
  at('undo').click();
  await settled();
  seen.undone = [at('said').textContent, ...cards()];
  add('picture.png', new Uint8Array([137, 80, 78, 71]));
  seen.models = devices.length;
  seen.message = at('message').textContent;
  seen.links = ['#d=AgAC', '#d=AAAB', '#d=' + 'A'.repeat(70000), '#d=%%'].map(hash => {
    try { return drawing(hash).length; } catch { return -1; }
  });
  seen.plain = plain('a\u202eb\u0007c');
  await fetch('http://127.0.0.1:1/').catch(() => 0);
  await settled();
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5);
  const small = [...document.querySelectorAll('button, label.file')].filter(e => e.getBoundingClientRect().height < 44);
  parent.postMessage(JSON.stringify({ ...seen, refused, wide: wide.map(e => e.id || e.tagName), small: small.length,
    paper: getComputedStyle(document.body).backgroundColor }), '*');
})();
";

#[test]
fn in_a_browser_a_seven_is_drawn_read_linked_and_taken_back() {
    let Some(browser) = browser() else { return };
    let place = place();
    place.write("nano.inkbit", include_bytes!("../../models/nano.inkbit"));
    place.succeed("play tiny.inkbit nano.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let probed = format!("{page}<script>{PROBE}</script>");
    for (width, dark) in [(360, false), (1600, true)] {
        let said = look(&browser, &place, &probed, width, dark);
        assert_eq!(said["blank"], serde_json::json!(["", "?", "?"]), "{said}");
        assert_eq!(said["seven"], serde_json::json!(["nano reads 7", "7", "7"]), "{said}");
        assert_eq!(said["undone"], serde_json::json!(["", "?", "?"]), "{said}");
        assert_eq!((&said["link"], &said["models"]), (&1.into(), &2.into()), "{said}");
        assert_eq!(said["message"], "picture.png is not a model that this device can run");
        assert_eq!(said["links"], serde_json::json!([-1, 0, -1, -1]), "{said}");
        assert_eq!(said["plain"], "a\u{fffd}b\u{fffd}c");
        assert_eq!(said["refused"], serde_json::json!(["connect-src"]), "{said}");
        assert_eq!((&said["wide"], &said["small"]), (&serde_json::json!([]), &0.into()), "{said}");
        let paper = if dark { "rgb(13, 17, 23)" } else { "rgb(255, 255, 255)" };
        assert_eq!(said["paper"], paper);
    }
}
