//! The page of `play` by keys alone.

use serde_json::json;

use crate::browser::{browser, look};
use crate::place::Place;

/// What both probes use.
const TOOLS: &str = r"
const seen = {};
// A browser without a window has hardly any frames, at which the page paints by itself.
const settled = () => new Promise(done => setTimeout(done, 100)).then(paint);
const tell_all = () => parent.postMessage(JSON.stringify(seen), '*');
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
  seen.up = strokes.length;
  key(' '), key('ArrowRight', 14), key('ArrowDown', 5);
  for (let step = 0; step < 7; step += 1) key('ArrowLeft'), key('ArrowDown', 2);
  await settled();
  seen.pen = [...at('glass').getContext('2d').getImageData(...pen, 1, 1).data];
  key('Enter'), key('ArrowRight', 3);
  await settled();
  seen.seven = [at('said').textContent, strokes.length, strokes[0].length];
  at('link').click();
  await settled();
  seen.link = drawing(location.hash)[0].length;
  at('glass').focus(), key('z', 1, { ctrlKey: true });
  await settled();
  seen.undone = [at('said').textContent, strokes.length];
  key(' '), key('ArrowDown', 3), key('Escape'), key('ArrowDown', 3);
  seen.wiped = [strokes.length, pointer];
  // The device's own button.
  pen = [270, 220], key(' ');
  seen.screen = [shown.device.mode(), pointer, strokes.length];
  seen.scrolled = scrolled;
  tell_all();
})();
";

#[test]
fn in_a_browser_a_seven_is_drawn_by_keys_alone() {
    let Some(browser) = browser() else { return };
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    place.succeed("play tiny.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let probed = format!("{page}<script>{TOOLS}{KEYS}</script>");
    let said = look(&browser, &place, &probed, 360, false);
    assert_eq!(said["up"], 0, "{said}");
    assert_eq!(said["pen"], json!([0x44, 0x93, 0xF8, 0xFF]), "{said}");
    assert_eq!(said["seven"], json!(["tiny reads 7", 1, 41]), "{said}");
    assert_eq!(said["link"], 41, "{said}");
    assert_eq!(said["undone"], json!(["", 0]), "{said}");
    assert_eq!(said["wiped"], json!([0, null]), "{said}");
    assert_eq!(said["screen"], json!([1, null, 0]), "{said}");
    assert_eq!(said["scrolled"], json!([]), "{said}");
}
