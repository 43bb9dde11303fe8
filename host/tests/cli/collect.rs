//! The page of `play` by keys alone, and the drawings that it collects, to train on.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::firefox::in_each;
use crate::place::Place;

/// What both probes use.
const TOOLS: &str = r"
const told = {};
// A browser without a window has hardly any frames, at which the page paints by itself.
const settled = () => new Promise(done => setTimeout(done, 100)).then(paint);
const tell_all = () => parent.postMessage(JSON.stringify(told), '*');
";

/// Draws a seven by keys, takes it back, and draws again until it is wiped.
const KEYS: &str = r"
(async () => {
  await started;
  const scrolled = [];
  const key = (key, times = 1, more = {}) => {
    for (; times > 0; times -= 1) {
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
      if (document.activeElement.dispatchEvent(event) && key.length > 1 && key !== 'Escape') scrolled.push(key);
    }
  };
  at('glass').focus();
  pen = [115, 120];
  key('ArrowLeft', 8), key('ArrowUp', 9);
  told.up = strokes.length;
  key(' '), key('ArrowRight', 14), key('ArrowDown', 5);
  for (let step = 0; step < 7; step += 1) key('ArrowLeft'), key('ArrowDown', 2);
  await settled();
  told.pen = [...at('glass').getContext('2d').getImageData(...pen, 1, 1).data];
  key('Enter'), key('ArrowRight', 3);
  await settled();
  told.seven = [at('said').textContent, strokes.length, strokes[0].length];
  at('link').click();
  await settled();
  told.link = drawing(location.hash)[0].length;
  document.querySelector('details').open = true;
  at('labels').focus(), key('Escape'), key('z', 1, { ctrlKey: true });
  told.typed = strokes.length;
  at('glass').focus(), key('z', 1, { ctrlKey: true });
  await settled();
  told.undone = [at('said').textContent, strokes.length];
  key(' '), key('ArrowDown', 3), key('Escape'), key('ArrowDown', 3);
  told.wiped = [strokes.length, pointer];
  // The device's own button.
  pen = [270, 220], key(' ');
  told.screen = [shown.device.mode(), pointer, strokes.length];
  told.scrolled = scrolled;
  tell_all();
})();
";

#[test]
fn in_a_browser_a_seven_is_drawn_by_keys_alone() {
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed("play tiny.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let probed = format!("{page}<script>{TOOLS}{KEYS}</script>");
    for said in in_each(&place, &probed, 360, false) {
        assert_eq!(said["up"], 0, "{said}");
        assert_eq!(said["pen"], json!([0x44, 0x93, 0xF8, 0xFF]), "{said}");
        assert_eq!(said["seven"], json!(["tiny reads 7", 1, 41]), "{said}");
        assert_eq!((&said["link"], &said["typed"]), (&json!(41), &json!(1)), "{said}");
        assert_eq!(said["undone"], json!(["", 0]), "{said}");
        assert_eq!(said["wiped"], json!([0, null]), "{said}");
        assert_eq!(said["screen"], json!([1, null, 0]), "{said}");
        assert_eq!(said["scrolled"], json!([]), "{said}");
    }
}

/// Draws 20 lines upright and 20 that lie, one with a label that has nothing else, and saves them.
const COLLECT: &str = r"
const refused = [];
addEventListener('securitypolicyviolation', e => refused.push(e.effectiveDirective));
const mouse = (type, [x, y]) => {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  at('glass').dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, bubbles: true,
    clientX: left + (x + 0.5) * width / 320, clientY: top + (y + 0.5) * height / 240 }));
};
const line = (from, to) => (mouse('pointerdown', from), mouse('pointermove', to), mouse('pointerup', to));
const leaves = () => dispatchEvent(new Event('beforeunload', { cancelable: true }));
let given = null;
URL.createObjectURL = blob => ((given = blob), 'blob:given');
HTMLAnchorElement.prototype.click = function () { told.link = [this.download, this.href]; };
const ask = (labels, each, even) => {
  document.querySelector('details').open = true;
  at('labels').value = labels, at('each').value = each, at('even').checked = even;
  at('ask').requestSubmit();
};
(async () => {
  await started;
  ask('', 2, true);
  told.own = [known.join(''), wanted.length, at('wanted').textContent];
  known = [];
  ask(' up, lies,up,<b>\u202e</b>', 20, false);
  told.known = known;
  at('keep').click();
  told.blank = at('message').textContent;
  told.early = leaves();
  ask('up,lies', 20, true);
  for (let number = 0; number < 40; number += 1) {
    const [at_x, at_y] = [60 + 3 * number, 180 - 2 * number];
    if (number % 2 === 0) line([at_x, 40], [at_x + number / 4, 190]);
    else line([30, at_y], [200, at_y - number / 4]);
    if (number === 7) {
      await settled();
      told.centred = at('centred').getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, place) => place % 4 === 0);
      told.middle = [0, 1].map(axis => {
        const places = [...told.centred].flatMap((grey, place) => grey > 0 ? [axis ? place % 28 : Math.floor(place / 28)] : []);
        return (Math.min(...places) + Math.max(...places)) / 2;
      });
      delete told.centred;
    }
    at('keep').click();
    if (number === 20) at('discard').click(), line([at_x, 40], [at_x, 190]), at('keep').click();
  }
  told.done = [at('wanted').textContent, at('counts').textContent, at('keep').disabled];
  ask('alone', 1, true);
  line([60, 60], [150, 150]), at('keep').click();
  told.unsaved = leaves();
  at('save').click();
  told.saved = [leaves(), at('message').textContent];
  told.zip = btoa(String.fromCharCode(...new Uint8Array(await given.arrayBuffer())));
  await settled();
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5);
  const small = [...document.querySelectorAll('button, summary, form input')].filter(e => e.offsetParent !== null && e.getBoundingClientRect().height < 44);
  told.faults = [refused, wide.map(e => e.id || e.tagName), small.map(e => e.id || e.tagName)];
  tell_all();
})();
";

#[test]
fn drawings_that_a_browser_has_collected_are_trained_on() {
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed("play tiny.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let probed = format!("{page}<script>{TOOLS}{COLLECT}</script>");
    let mut zip = None;
    for said in in_each(&place, &probed, 360, true) {
        assert_eq!(said["own"], json!(["0123456789", 20, "Draw 0 (1 of 20)"]), "{said}");
        assert_eq!(said["known"], json!(["up", "lies", "<b>\u{fffd}</b>"]), "{said}");
        assert_eq!(said["blank"], "Nothing is drawn.");
        assert_eq!((&said["early"], &said["unsaved"]), (&json!(true), &json!(false)), "{said}");
        let counts = "up: 20, lies: 20, <b>\u{fffd}</b>: 0";
        assert_eq!(said["done"], json!(["All are drawn: save them", counts, true]), "{said}");
        let middle = said["middle"].as_array().unwrap().iter();
        assert!(middle.clone().all(|at| (13.0..=15.0).contains(&at.as_f64().unwrap())), "{said}");
        assert_eq!(said["link"], json!(["drawings.zip", "blob:given"]), "{said}");
        let left_out = "Labels with a single drawing are left out.";
        assert_eq!(said["saved"], json!([true, left_out]), "{said}");
        assert_eq!(said["faults"], json!([[], [], []]), "{said}");
        zip = Some(BASE64_STANDARD.decode(said["zip"].as_str().unwrap()).unwrap());
    }

    let Some(zip) = zip else { return };
    place.write("mine.zip", zip);
    let text = place
        .succeed("train --out new --data mine.zip --config quick.toml --epochs 20 --no-report");
    let start = "mine.zip: 32 images of 28x28 pixels, 8 to test on, 2 classes\n";
    assert!(text.starts_with(start), "{text}");
    // With the digits of a model it is trained further on such drawings of its classes alone.
    let message = place.fail(1, "train --from tiny.inkbit --data synthetic+mine.zip:0.2 --out own");
    assert!(
        message.contains("has the class") || message.contains("none of the model's"),
        "{message}"
    );
    place.succeed("quantize new -o new.inkbit");
    let evaluation = place.succeed("evaluate new.inkbit --data mine.zip");
    assert!(evaluation.contains("\nup  ") && evaluation.contains("\nlies  "), "{evaluation}");
    let json = place.succeed("evaluate new --json");
    let accuracy = serde_json::from_str::<serde_json::Value>(&json).unwrap()["accuracy"].as_f64();
    assert!(accuracy.is_some_and(|accuracy| accuracy > 0.8), "{json}");
}
