//! A report in a real browser overflows at no width, light or dark, and cuts nothing off; nothing that
//! gets into it can run or ask the network.

use std::env;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use inkbit::device::emulator::which;

use crate::place::{Place, TRAIN, bars, unseen};
use crate::report::page;

/// Names of Chromium and its relatives.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// Lists what is wider than the page, text that its picture cuts off, and texts of a picture that
/// overlap. It reports to the page around it, because a browser's window has a minimum width.
const PROBE: &str = r"
const refused = [];
addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
const settled = () => new Promise(done => setTimeout(done, 100));
addEventListener('load', async () => {
  await settled();
  const faults = refused.splice(0).map(directive => 'refused by the policy: ' + directive), box = e => e.getBoundingClientRect();
  for (const e of document.querySelectorAll('body *')) {
    if (!e.closest('.scroll *, svg *') && box(e).right > innerWidth + 0.5)
      faults.push('too wide: ' + e.tagName + ' ' + e.className);
  }
  for (const svg of document.querySelectorAll('svg')) {
    const name = svg.getAttribute('aria-label').slice(0, 30), all = box(svg);
    const texts = [...svg.querySelectorAll('text')].map(e => [e.textContent.trim(), box(e)]);
    for (const [text, b] of texts) {
      if (b.left < all.left - 1 || b.right > all.right + 1 || b.top < all.top - 1 || b.bottom > all.bottom + 1)
        faults.push('cut off in ' + name + ': ' + text);
      for (const [other, o] of texts) {
        const x = Math.min(b.right, o.right) - Math.max(b.left, o.left);
        const y = Math.min(b.bottom, o.bottom) - Math.max(b.top, o.top);
        if (b !== o && x > 1 && y > b.height / 2)
          faults.push('covered in ' + name + ': ' + text + ' by ' + other);
      }
    }
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const ink = document.querySelector('svg text[fill=\'#1F2328\']');
  // What the policy is there to refuse: code that got in, and a request that tells of the reader.
  const code = document.createElement('script');
  code.textContent = 'document.title = 1';
  const request = document.createElement('img');
  request.src = 'http://127.0.0.1:1/';
  const handler = document.createElement('p');
  handler.setAttribute('onclick', 'document.title = 1');
  document.body.append(code, request, handler);
  handler.click();
  await settled();
  parent.postMessage(JSON.stringify({
    refused, title: document.title,
    width: innerWidth, page: document.documentElement.scrollWidth, dark,
    paper: getComputedStyle(document.body).backgroundColor,
    ink: ink && getComputedStyle(ink).fill,
    pictures: document.querySelectorAll('svg').length, faults,
  }), '*');
});";

/// Chromium. Without it nothing is tested, unless INKBIT_REQUIRE_BROWSER is set.
pub fn browser() -> Option<PathBuf> {
    let found = BROWSERS.iter().find_map(|name| which(name));
    if found.is_none() {
        let why = "no Chromium is installed; `cargo xtask setup` installs it where it can";
        assert!(env::var_os("INKBIT_REQUIRE_BROWSER").is_none(), "{why}");
        // Not eprintln!, whose output the harness hides while the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED pages in a browser: {why}");
    }
    found
}

/// Lays a page out at a width, light or dark, and returns what a probe in it finds, which is a message to
/// the page around it. The browser's time is virtual and does not wait for other threads, which inflate and
/// compile: the frame's timer makes it take real time, too.
pub fn look(
    browser: &PathBuf,
    place: &Place,
    probed: &str,
    width: u32,
    dark: bool,
) -> serde_json::Value {
    place.write("probed.html", probed);
    let write = "document.getElementById('said').textContent = 'SAID' + e.data + 'DIAS'";
    place.write("frame.html", frame(width, write));
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--virtual-time-budget=5000", "--window-size=1600,1000", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .arg(format!("--user-data-dir={}", place.path("browser").display()))
        .arg(format!("file://{}", place.path("frame.html").display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let dump = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = dump.rsplit_once("SAID{").and_then(|(_, said)| said.split_once("}DIAS"));
    let said = said.unwrap_or_else(|| panic!("the page has said nothing:\n{dump}")).0;
    let said = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&format!("{{{said}}}")).unwrap()
}

/// The page around a page, which does something with its message.
pub fn frame(width: u32, with_message: &str) -> String {
    format!(
        "<!DOCTYPE html><meta name=\"color-scheme\" content=\"light dark\"><iframe \
         src=\"probed.html\" style=\"width:{width}px;height:3000px;border:0\"></iframe>\
         <pre id=\"said\"></pre><script>setInterval(() => {{ for (let i = 0; i < 2e6; i += 1); }}, 10);\
         addEventListener('message', e => {with_message})</script>"
    )
}

fn check(browser: &PathBuf, place: &Place, page: &str, pictures: usize) {
    for width in [400, 1400] {
        for dark in [false, true] {
            // Before the page's policy, which would refuse it.
            let probed = page.replacen("<head>", &format!("<head><script>{PROBE}</script>"), 1);
            let said = look(browser, place, &probed, width, dark);
            let faults = said["faults"].as_array().unwrap();
            assert!(faults.is_empty(), "at {width} pixels: {faults:#?}");
            assert_eq!(said["width"], width);
            let refused = ["img-src", "script-src-attr", "script-src-elem"];
            let mut found: Vec<&str> =
                said["refused"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
            found.sort_unstable();
            assert_eq!(found, refused);
            assert!(said["title"].as_str().unwrap().ends_with(": Inkbit report"), "{said}");
            assert!(said["page"].as_u64().unwrap() <= width.into(), "{said}");
            assert_eq!((&said["dark"], &said["pictures"]), (&dark.into(), &pictures.into()));
            let (paper, ink) = match dark {
                false => ("rgb(255, 255, 255)", "rgb(31, 35, 40)"),
                true => ("rgb(13, 17, 23)", "rgb(230, 237, 243)"),
            };
            assert_eq!((&said["paper"], &said["ink"]), (&paper.into(), &ink.into()), "{said}");
        }
    }
}

/// Number of printed sheets of a page.
fn sheets(browser: &PathBuf, place: &Place, page: &str) -> usize {
    place.write("printed.html", page);
    let status = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", place.path("browser").display()))
        .arg(format!("--print-to-pdf={}", place.path("printed.pdf").display()))
        .arg(format!("file://{}", place.path("printed.html").display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let pdf = place.read("printed.pdf");
    pdf.split(|byte| *byte == b'\n').filter(|line| *line == b"<</Type /Page").count()
}

#[test]
fn a_report_of_digits_overflows_nowhere() {
    let Some(browser) = browser() else { return };
    let place = Place::new();
    // Trained briefly, so that there are mistakes to show.
    place.succeed(&format!("train --out weak {TRAIN} --epochs 2 --lr 0.001 --no-report"));
    let page = page(&place, "weak");
    check(&browser, &place, &page, 10);
    // Two pictures lie beside each other; one below the other they would take twice as many.
    let sheets = sheets(&browser, &place, &page);
    assert!((3..=6).contains(&sheets), "{sheets} sheets");
}

#[test]
fn a_report_of_62_long_names_overflows_nowhere() {
    let Some(browser) = browser() else { return };
    let place = Place::untrained();
    place.write_data("data", &bars(28, 62, 310), &unseen(28, 62, 124));
    let labels: String = (0..62).map(|class| format!("a rather long name {class}\n")).collect();
    place.write("labels.txt", labels);
    place.succeed(
        "train --out new --data data --labels labels.txt --config quick.toml --epochs 1 --no-report",
    );
    let page = page(&place, "new");
    check(&browser, &place, &page, 10);
    let _ = fs::remove_dir_all(place.path("browser"));
}
