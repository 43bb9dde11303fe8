//! What is dropped on the page, and a page that is opened by a link.

use std::process::Command;
use std::{env, fs};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::browser::browser;
use crate::firefox::in_each;
use crate::place::Place;

/// Draws a seven by a finger, all of it in one event, and tells the link to it.
const FINGER: &str = r"
(async () => {
  await started;
  const spot = ([x, y]) => {
    const { left, top, width, height } = at('glass').getBoundingClientRect();
    return { clientX: left + (x + 0.5) * width / 320, clientY: top + (y + 0.5) * height / 240 };
  };
  const event = (type, point, more) => new PointerEvent(type, { pointerId: 3, pointerType: 'touch', button: 0, bubbles: true, ...spot(point), ...more });
  const points = [[50, 50], [100, 48], [150, 52], [130, 110], [110, 150], [100, 190]];
  const send = event => at('glass').dispatchEvent(event);
  send(event('pointerdown', points[0]));
  send(event('pointermove', points[5], { coalescedEvents: points.map(point => event('pointermove', point)) }));
  send(event('pointerup', points[5]));
  await new Promise(done => setTimeout(done, 100));
  paint();
  at('link').click();
  await new Promise(done => setTimeout(done, 100));
  const answer = devices[0].card.children[1].textContent;
  parent.postMessage(JSON.stringify({ answer, hash: location.hash, action: getComputedStyle(at('glass')).touchAction }), '*');
})();
";

/// Tells what was read of the drawing in the link.
const LINKED: &str = r"
(async () => {
  await started;
  paint();
  parent.postMessage(JSON.stringify({ answer: devices[0].card.children[1].textContent, strokes: strokes.length }), '*');
})();
";

/// Drops files on the page, one after another, and tells what it says of each, and what it still shows.
const DROPS: &str = r"
(async () => {
  await started;
  const seen = [];
  const drop = async (name, parts, type = '') => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(parts, name, { type }));
    tell('waits');
    dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    for (let wait = 0; wait < 60 && at('message').textContent === 'waits'; wait++) {
      await new Promise(done => setTimeout(done, 50));
    }
    seen.push([at('message').textContent, devices.length, shown.name]);
  };
  const model = bytes(MODEL_FILE);
  const old = new Uint8Array(model);
  old[6] = 1;
  await drop('old.inkbit', [old]);
  await drop('none.zip', [new Uint8Array([80, 75, 3, 4, 9, 9, 9, 9, 9, 9])]);
  await drop('half.inkbit', [model.subarray(0, 1000)]);
  await drop('text.png', ['no picture'], 'image/png');
  await drop('vector.svg', ['<svg/>'], 'image/svg+xml');
  await drop('huge.bin', Array(100).fill(new Uint8Array(1 << 20).fill(7)));
  await drop('nano.inkbit', [model]);
  parent.postMessage(JSON.stringify({ seen }), '*');
})();
";

fn page(place: &Place, flags: &str) -> String {
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed(&format!("play tiny.inkbit -o page.html{flags}"));
    String::from_utf8(place.read("page.html")).unwrap()
}

#[test]
fn in_a_browser_a_link_opens_the_drawing_that_a_finger_made() {
    let place = Place::untrained();
    let page = page(&place, "");
    for said in in_each(&place, &format!("{page}<script>{FINGER}</script>"), 360, false) {
        assert_eq!((&said["answer"], &said["action"]), (&"7".into(), &"none".into()), "{said}");
        let hash = said["hash"].as_str().unwrap();
        assert!(hash.starts_with("#d="), "{said}");
        let opened =
            page.replacen("<main>", &format!("<script>location.hash = '{hash}'</script><main>"), 1);
        assert!(opened.len() > page.len());
        for said in in_each(&place, &format!("{opened}<script>{LINKED}</script>"), 1600, true) {
            assert_eq!(said, serde_json::json!({ "answer": "7", "strokes": 1 }));
        }
    }
}

#[test]
fn in_a_browser_what_is_dropped_and_is_no_model_is_named_and_the_page_stays() {
    let place = Place::untrained();
    let page = page(&place, " --with-tests");
    let model = BASE64_STANDARD.encode(include_bytes!("../../models/nano.inkbit"));
    let script = format!("<script>const MODEL_FILE = \"{model}\";{DROPS}</script>");
    for said in in_each(&place, &format!("{page}{script}"), 1600, false) {
        let kept = |message: &str| serde_json::json!([message, 1, "tiny"]);
        assert_eq!(
            said["seen"],
            serde_json::json!([
                kept(
                    "old.inkbit: model has format version 1, this firmware reads 3; quantize it again"
                ),
                kept("none.zip: not an Inkbit model; check file and address"),
                kept("half.inkbit: model is damaged (wrong CRC-32); flash it again"),
                kept("text.png is no picture that this browser reads"),
                kept(
                    "vector.svg is of the type image/svg+xml, expected one of PNG, JPEG, GIF, WebP, BMP: \
                 convert it"
                ),
                kept("huge.bin is too long for a model: 104,857,600 bytes"),
                serde_json::json!(["", 2, "nano"]),
            ])
        );
    }
}

/// Draws a seven and shows what the last model makes of it.
const SHOWN: &str = r"
started.then(() => {
  strokes = [[[50, 50], [75, 49], [100, 48], [125, 50], [150, 52], [140, 82], [130, 110], [120, 130], [110, 150], [105, 170], [100, 190]]];
  redraw();
  setTimeout(paint, 200);
});
";

#[test]
fn in_a_browser_the_picture_that_the_readme_shows_is_drawn() {
    let Some(browser) = browser() else { return };
    let place = Place::untrained();
    let names = ["nano", "tiny", "accurate"];
    for name in names {
        let blob = inkbit::model::builtin::find(name).unwrap();
        blob.save(&place.path(format!("{name}.inkbit"))).unwrap();
    }
    place.succeed("play nano.inkbit tiny.inkbit accurate.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    place.write("shown.html", format!("{page}<script>{SHOWN}</script>"));
    let picture = place.path("play.png");
    let ended = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--virtual-time-budget=4000", "--window-size=1180,1000"])
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("--user-data-dir={}", place.path("browser").display()))
        .arg(format!("file://{}", place.path("shown.html").display()))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let found = image::open(&picture).unwrap().to_luma8();
    assert_eq!(found.dimensions(), (1180, 1000));
    // The glass is black, and white where the seven is.
    let grey = |x, y| found.get_pixel(x, y).0[0];
    assert_eq!([grey(80, 600), grey(300, 245)], [0, 255]);
    // How letters look depends on the machine's fonts: `INKBIT_BLESS=1` writes the picture anew.
    if env::var_os("INKBIT_BLESS").is_some() {
        let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/pictures/play.png");
        fs::copy(&picture, shown).unwrap();
    }
}
