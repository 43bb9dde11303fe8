//! Pages are for people who cannot see, too: axe-core finds nothing against the rules of WCAG 2.2.

use std::env;
use std::fs;
use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{GrayImage, Luma};

use crate::browser::{browser, look};
use crate::place::Place;
use crate::report::page;

const AXE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/node_modules/axe-core/axe.min.js");

/// What looks at a page, or none, unless INKBIT_REQUIRE_AXE is set.
fn axe() -> Option<String> {
    let found = fs::read_to_string(AXE).ok();
    if found.is_none() {
        let why = "axe-core is not installed; `npm ci` in host/tests/browser installs it";
        assert!(env::var_os("INKBIT_REQUIRE_AXE").is_none(), "{why}");
        let _ = writeln!(std::io::stderr(), "SKIPPED pages for people who cannot see: {why}");
    }
    found
}

/// Waits for the page's script, if it has one, and names the rules that it violates, and by what.
const PROBE: &str = r"
addEventListener('load', async () => {
  if (typeof started !== 'undefined') await started;
  if (typeof busy !== 'undefined') await busy();
  const { violations, passes } = await axe.run(document, { resultTypes: ['violations'] });
  const faults = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html));
  parent.postMessage(JSON.stringify({ faults, passes: passes.length }), '*');
});";

fn check(place: &Place, page: &str, rules: u64) {
    let (Some(browser), Some(axe)) = (browser(), axe()) else { return };
    // Before the page's policy, which would refuse it.
    let script = format!("<script>{axe}</script><script>{PROBE}</script><meta charset=\"utf-8\"");
    let at = page.find("<meta charset=\"utf-8\"").unwrap();
    let (before, after) = page.split_at(at);
    let after = after.strip_prefix("<meta charset=\"utf-8\"").unwrap();
    let probed = [before, &script, after].concat();
    for (width, dark) in [(360, true), (360, false), (1400, true), (1400, false)] {
        let said = look(&browser, place, &probed, width, dark);
        assert_eq!(said["faults"], serde_json::json!([]), "at {width} pixels, dark: {dark}");
        assert!(said["passes"].as_u64().unwrap() >= rules, "{said}");
    }
}

#[test]
fn the_page_to_draw_on_breaks_no_rule_for_people_who_cannot_see() {
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed("play tiny.inkbit -o page.html");
    check(&place, &String::from_utf8(place.read("page.html")).unwrap(), 25);
}

#[test]
fn the_page_at_work_breaks_none_either() {
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed("play tiny.inkbit -o page.html --with-tests");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let inked = |x, y| (20..80).contains(&y) && (x / 10 == 3 || x / 10 == 9);
    let row = GrayImage::from_fn(130, 100, |x, y| Luma([if inked(x, y) { 20 } else { 240 }]));
    row.save(place.path("row.png")).unwrap();
    let row = BASE64_STANDARD.encode(place.read("row.png"));
    // Asked for drawings, with a picture's digits, and with what is there while a board is.
    let busy = format!(
        "const busy = async () => {{
  at('ask').closest('details').open = true;
  at('ask').requestSubmit();
  await open([new File([bytes('{row}')], 'row.png', {{ type: 'image/png' }})]);
  at('give').hidden = false;
  say('Connected: a board', 'wired');
  say('Its logits differ.', 'differs');
}};"
    );
    check(&place, &format!("{page}<script>{busy}</script>"), 25);
}

#[test]
fn a_report_breaks_no_rule_for_people_who_cannot_see() {
    let place = Place::new();
    check(&place, &page(&place, "run"), 15);
}
