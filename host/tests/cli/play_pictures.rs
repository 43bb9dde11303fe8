//! Pictures that are dropped on the page of `play`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{GrayAlphaImage, GrayImage, Luma, LumaA};

use crate::firefox::in_each;
use crate::place::Place;

/// Drops pictures on the page, and tells what it says of the digits on them.
const DROP: &str = r"
const file = (name, type, base64) => new File([bytes(base64)], name, { type });
(async () => {
  await started;
  await open([file('row.png', 'image/png', ROW)]);
  const buttons = () => [...document.querySelectorAll('[aria-label^=Digit]')];
  const labels = buttons().map(button => button.ariaLabel);
  buttons()[1].click();
  paint();
  const answer = shown.answer;
  await open([file('broken.png', 'image/png', ROW.slice(0, 40))]);
  const broken = at('message').textContent;
  await open([file('large.png', 'image/png', LARGE)]);
  const large = at('message').textContent;
  await open([file('drawn.svg', 'image/svg+xml', DRAWN)]);
  const drawn = at('message').textContent;
  await open([file('blank.png', 'image/png', BLANK)]);
  parent.postMessage(JSON.stringify({ labels, answer, broken, large, drawn, blank: at('message').textContent, kept: buttons().length }), '*');
})();
";

#[test]
fn in_a_browser_the_digits_of_a_picture_that_is_dropped_are_read_as_by_predict() {
    let place = Place::untrained();
    place.write("tiny.inkbit", include_bytes!("../../models/tiny.inkbit"));
    // As a picture of white ink on a transparent ground, for which a dark one is needed.
    let one = |x: i32, y: i32| (20..80).contains(&y) && (x - 30).abs() < 5;
    let seven = |x: i32, y: i32| {
        let bar = (20..30).contains(&y) && (80..118).contains(&x);
        bar || (20..80).contains(&y) && (x - 124 + y / 2).abs() < 5
    };
    let inked = |x, y| one(x, y) || seven(x, y);
    let row = GrayAlphaImage::from_fn(150, 100, |x, y| {
        LumaA([255, if inked(x as i32, y as i32) { 255 } else { 0 }])
    });
    row.save(place.path("row.png")).unwrap();
    GrayImage::from_pixel(50, 40, Luma([200])).save(place.path("blank.png")).unwrap();
    let read = place.succeed("predict tiny.inkbit row.png");
    let answer = |line: &str| line.split_once("): ").unwrap().1[..1].to_owned();
    let answers: Vec<String> = read.lines().map(answer).collect();
    assert_eq!(answers, ["1", "7"], "{read}");
    place.succeed("play tiny.inkbit -o page.html --with-tests");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    GrayImage::new(8001, 8000).save(place.path("large.png")).unwrap();
    let [row, blank, large] = ["row", "blank", "large"]
        .map(|name| BASE64_STANDARD.encode(place.read(&format!("{name}.png"))));
    let drawn =
        BASE64_STANDARD.encode("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>");
    let probe = format!(
        "const ROW = '{row}', BLANK = '{blank}', LARGE = '{large}', DRAWN = '{drawn}';\n{DROP}"
    );
    for said in in_each(&place, &format!("{page}<script>{probe}</script>"), 360, false) {
        let labels = ["Digit 1 of 2, read as 1", "Digit 2 of 2, read as 7"];
        assert_eq!((&said["labels"], &said["answer"]), (&labels.into(), &"7".into()), "{said}");
        assert_eq!(said["broken"], "broken.png is no picture that this browser reads", "{said}");
        let large = "large.png is too large: 64,008,000 pixels, the limit is 64,000,000";
        assert_eq!(said["large"], large, "{said}");
        let drawn = "drawn.svg is of the type image/svg+xml, expected one of PNG, JPEG, GIF, WebP, BMP: convert it";
        assert_eq!(said["drawn"], drawn, "{said}");
        let blank = said["blank"].as_str().unwrap();
        assert!(blank.starts_with("blank.png shows no digits: "), "{said}");
        assert_eq!(said["kept"], 2, "{said}");
    }
}
