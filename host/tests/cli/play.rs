//! `play`: the page's file, and its server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inkbit::data::{Images, Shape, synthetic};
use inkbit::device::board;
use inkbit::device::cost::Cost;
use inkbit::device::counts::Counts;
use inkbit::model::activity::{Activity, LayerActivity, StageActivity, activity};
use inkbit::model::{HostEngine, builtin};
use inkbit_core::{Input, WeightBits, argmax};
use serde::Deserialize;

use crate::firefox::in_each;
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
    // As a server packs it, where there is what does.
    if let Ok(packed) = Command::new("gzip").args(["-9c"]).arg(place.path("page.html")).output() {
        assert!(packed.stdout.len() <= 45_000, "{} bytes", packed.stdout.len());
    }
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
    for place in ["@SCRIPT@", "@MODULE@", "@MODELS@", "@FITS@", "@BOARDS@", "@START@"] {
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
    // All of it: as a file it is smaller.
    place.succeed("play tiny.inkbit -o page.html --with-tests");
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
  const small = [...document.querySelectorAll('button, label.file, summary, [type=range]')].filter(e => e.offsetParent !== null && e.getBoundingClientRect().height < 44);
  parent.postMessage(JSON.stringify({ ...seen, refused, wide: wide.map(e => e.id || e.tagName), small: small.length,
    paper: getComputedStyle(document.body).backgroundColor }), '*');
})();
";

#[test]
fn in_a_browser_a_seven_is_drawn_read_linked_and_taken_back() {
    let place = place();
    place.write("nano.inkbit", include_bytes!("../../models/nano.inkbit"));
    place.succeed("play tiny.inkbit nano.inkbit -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let probed = format!("{page}<script>{PROBE}</script>");
    for (width, dark) in [(360, false), (1600, true)] {
        for said in in_each(&place, &probed, width, dark) {
            assert_eq!(said["blank"], serde_json::json!(["", "?", "?"]), "{said}");
            assert_eq!(said["seven"], serde_json::json!(["nano reads 7", "7", "7"]), "{said}");
            assert_eq!(said["undone"], serde_json::json!(["", "?", "?"]), "{said}");
            assert_eq!((&said["link"], &said["models"]), (&1.into(), &2.into()), "{said}");
            assert_eq!(said["message"], "picture.png: not an Inkbit model; check file and address");
            assert_eq!(said["links"], serde_json::json!([-1, 0, -1, -1]), "{said}");
            assert_eq!(said["plain"], "a\u{fffd}b\u{fffd}c");
            assert_eq!(said["refused"], serde_json::json!(["connect-src"]), "{said}");
            assert_eq!(
                (&said["wide"], &said["small"]),
                (&serde_json::json!([]), &0.into()),
                "{said}"
            );
            let paper = if dark { "rgb(13, 17, 23)" } else { "rgb(255, 255, 255)" };
            assert_eq!(said["paper"], paper);
        }
    }
}

/// Tells what the page shows of some drawings, and what it estimates for networks of other kinds.
const LOOK: &str = r"
const found = [], add_found = (shape, more) => found.push({
  crop: shape.crop, pool: shape.pool, layers: shape.layers.map(({ active, bits, inputs, outputs }) => ({ active, bits, inputs, outputs })),
  instructions: BOARDS.map(({ fit }) => instructions(FITS[fit], shape)), ...more });
(async () => {
  await started;
  for (const drawing of [[], [[[50, 50], [150, 52], [100, 190]]], [[[60, 60], [60, 120], [150, 120]], [[130, 60], [130, 200]]]]) {
    strokes = drawing;
    redraw();
    for (const device of devices) {
      show(device);
      paint();
      const drawn = at('image').getContext('2d').getImageData(0, 0, 28, 28).data;
      add_found(network, { model: {
        name: device.name, class: device.answer, pixels: [...drawn].filter((_, place) => place % 4 === 0),
        logits: [...at('logits').children].map(item => Number(item.lastChild.textContent.replaceAll(',', ''))),
        best: [...at('logits').children].findIndex(item => item.ariaCurrent === 'true'),
        costs: [...at('costs').rows].map(row => row.lastChild.textContent),
        words: at('seen').textContent, labels: [...document.querySelectorAll('#figures canvas')].map(canvas => canvas.ariaLabel) } });
    }
  }
  for (const [crop, pool, width, bits] of [[4, 1, 20, 2], [2, 4, 6, 8]]) {
    const layer = (inputs, outputs) => ({ active: inputs / 2, bits, inputs, outputs });
    add_found({ crop, pool, width, layers: [layer(width * width, 20), layer(20, 36), layer(36, 12)] }, {});
  }
  const { left, top, width } = at('layer1').getBoundingClientRect(), columns = at('layer1').width;
  const to = cell => ({ bubbles: true, clientX: left + (cell % columns + 0.5) * width / columns, clientY: top + (Math.floor(cell / columns) + 0.5) * width / columns });
  at('layer1').dispatchEvent(new PointerEvent('pointermove', to(9)));
  parent.postMessage(JSON.stringify({ found, unit: at('unit').value, weights: at('weights').ariaLabel }), '*');
})();
";

/// What it tells.
#[derive(Deserialize)]
struct Found {
    crop: u8,
    pool: u8,
    layers: Vec<FoundLayer>,
    instructions: Vec<f64>,
    model: Option<FoundModel>,
}

#[derive(Deserialize)]
struct FoundLayer {
    active: usize,
    bits: u8,
    inputs: usize,
    outputs: usize,
}

#[derive(Deserialize)]
struct FoundModel {
    name: String,
    class: String,
    pixels: Vec<u8>,
    logits: Vec<i32>,
    best: usize,
    costs: Vec<String>,
    words: String,
    labels: Vec<String>,
}

#[test]
fn in_a_browser_the_network_and_the_cost_of_a_drawing_are_shown_as_the_host_computes_them() {
    let place = place();
    place.succeed("play -o page.html");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    for said in in_each(&place, &format!("{page}<script>{LOOK}</script>"), 360, false) {
        let (mut answers, counts) = (Vec::new(), Counts::built_in());
        let boards: Vec<_> =
            board::all().into_iter().filter(|board| board.clock.is_some()).collect();
        for found in Vec::<Found>::deserialize(&said["found"]).unwrap() {
            let layer = |layer: &FoundLayer| {
                let &FoundLayer { active, bits, inputs, outputs } = layer;
                let bits = WeightBits::from_bits(bits).unwrap();
                let non_zero = active as f64 / inputs as f64;
                LayerActivity { inputs, outputs, bits, non_zero, saturated: 0.0 }
            };
            let input = Input::square(28, found.crop, found.pool);
            let layers = found.layers.iter().map(layer).collect();
            let stages = vec![StageActivity { asked: 1.0, input, layers }];
            let mut shown = Activity { is_features: false, stages };
            assert_eq!(found.instructions.len(), boards.len());
            for (number, board) in boards.iter().enumerate() {
                let cost = Cost::estimate(board, &shown, &counts).unwrap();
                let ratio = found.instructions[number] / cost.instructions;
                assert!((ratio - 1.0).abs() < 1e-9, "{}: {ratio}", board.name);
                if let Some(model) = &found.model {
                    let (seconds, error) = (cost.seconds().unwrap(), cost.error.unwrap());
                    let expected = format!("{:.2} ms ± {:.1} %", 1e3 * seconds, 100.0 * error);
                    assert_eq!(model.costs[number], expected, "{}", board.name);
                }
            }
            let Some(found) = found.model else { continue };
            let blob = builtin::find(&found.name).unwrap();
            let model = blob.model().unwrap();
            assert_eq!(*HostEngine::new(&model).infer(&found.pixels), found.logits);
            assert_eq!(argmax(&found.logits), found.best);
            let images = Images { shape: Shape::square(28), pixels: found.pixels, labels: vec![0] };
            let expected = activity(&model, &images).unwrap();
            let expected_layers = &expected.stages[0].layers;
            for (layer, expected) in shown.stages[0].layers.iter_mut().zip(expected_layers) {
                layer.saturated = expected.saturated;
            }
            assert_eq!(shown, expected);
            let [first, ..] = &expected_layers[..] else { panic!("a model has layers") };
            let non_zero = (first.non_zero * first.inputs as f64).round();
            let begin = format!("Not zero: {non_zero} of {} inputs, ", first.inputs);
            assert!(found.words.starts_with(&begin), "{}", found.words);
            // The image, the layers' values, what each input brings, and the weights.
            let is_shrunk = first.inputs < 28 * 28;
            assert_eq!(found.labels.len(), 2 + expected_layers.len() + usize::from(is_shrunk));
            assert!(found.labels.iter().all(|label| !label.is_empty()), "{:?}", found.labels);
            answers.push(found.class);
        }
        let models = builtin::all().len();
        assert_eq!(
            (answers.len(), &answers[..models]),
            (3 * models, &vec!["?".to_owned(); models][..])
        );
        assert_eq!(answers[models..][..models], vec!["7"; models]);
        assert_eq!(answers[2 * models..], vec!["4"; models]);
        assert_eq!(said["unit"], "10");
        assert!(
            said["weights"]
                .as_str()
                .unwrap()
                .starts_with("Weights of unit 10, whose activation is ")
        );
    }
}

/// Opens images and labels, and what is wrong with either, and tells what the page shows.
const TEST: &str = r"
(async () => {
  const seen = {}, body = bytes => new Response(bytes).body;
  const packed = async bytes => new Uint8Array(await new Response(body(bytes).pipeThrough(new CompressionStream('gzip'))).arrayBuffer());
  const numbers = cells => [...cells].slice(1).map(cell => +cell.textContent.replaceAll(',', ''));
  const shows = () => [at('score').textContent, at('message').textContent, [...at('confusion').rows].slice(1).map(row => numbers(row.cells))];
  // A file in the page's memory: the browser's time goes on while it fetches a real one.
  const file = ([name, bytes, size = bytes.length]) => ({ name, size, type: '', stream: () => body(bytes), slice: (...part) => new Response(bytes.slice(...part)), arrayBuffer: () => new Response(bytes).arrayBuffer() });
  const opened = async (...files) => { await open(files.map(file)); return shows(); };
  await started;
  const [images, labels] = [bytes(IMAGES_FILE), bytes(LABELS_FILE)];
  seen.name = shown.name;
  seen.both = await opened(['labels.gz', await packed(labels)], ['images.gz', await packed(images)]);
  seen.images = await opened(['images', images]);
  seen.again = await opened(['labels', labels]);
  // What is wrong leaves the page as it was.
  const wrong = [['few', labels.subarray(0, 50)], ['cut', images.subarray(0, 500)], ['more', new Uint8Array([...images, 0])]];
  const other = new Uint8Array(labels);
  other[20] = 4;
  wrong.push(['other', other], ['floats', new Uint8Array([0, 0, 13, 1, 0, 0, 0, 1, 0])], ['gzip', new Uint8Array([31, 139, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8])]);
  wrong.push(['one', new Uint8Array([0, 0, 8, 1, 0, 0, 0, 1, 0])], ['huge', new Uint8Array([0, 0, 8, 3, 0, 255, 255, 255, 0, 0, 1, 0, 0, 0, 1, 0])]);
  wrong.push(['wide', new Uint8Array([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 7])], ['long', images, 100 << 20], ['text', new Uint8Array([72, 105])]);
  seen.wrong = [];
  for (const file of wrong) {
    const [score, message, table] = await opened(file);
    seen.wrong.push([message, score === seen.again[0] && JSON.stringify(table) === JSON.stringify(seen.again[2])]);
  }
  devices[0].card.click();
  await evaluate();
  seen.digits = shows()[0];
  parent.postMessage(JSON.stringify(seen), '*');
})();
";

#[test]
fn in_a_browser_without_vectors_images_give_what_evaluate_gives() {
    let place = Place::untrained();
    place.write("tiny.inkbit", TINY);
    let digits = synthetic::images(synthetic::Part::Test, 60, 5);
    place.write_data("small", &digits, &digits);
    place.succeed("play tiny.inkbit -o page.html --with-tests");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let file = |name: &str| BASE64_STANDARD.encode(place.read(&format!("small/t10k-{name}-ubyte")));
    let script = format!(
        "WebAssembly.validate = () => false;\n(async () => {{\n\
         const file = (name, bytes) => ({{ name, size: bytes.length, type: '', slice: (...part) => new \
         Response(bytes.slice(...part)), stream: () => new Response(bytes).body }});\n\
         await started;\nawait open([file('a', bytes('{}')), file('b', bytes('{}'))]);\n\
         parent.postMessage(JSON.stringify({{ score: at('score').textContent, slow: batch === null }}), '*');\n}})();",
        file("images-idx3"),
        file("labels-idx1")
    );
    for said in in_each(&place, &format!("{page}<script>{script}</script>"), 360, false) {
        let json = place.run("evaluate tiny.inkbit --data small --json").out;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let correct = json["correct"].as_f64().unwrap();
        let score = format!("tiny gets {:.2} % right: {correct} of 60 images.", correct / 0.6);
        assert_eq!(said, serde_json::json!({ "score": score, "slow": true }));
    }
}

#[test]
fn in_a_browser_images_and_labels_give_what_evaluate_gives() {
    let place = Place::new();
    place.write("tiny.inkbit", TINY);
    // So that something is wrong.
    let mut labels = place.read("digits/t10k-labels-idx1-ubyte");
    labels[8..20].iter_mut().for_each(|label| *label = (*label + 1) % 4);
    place.write("digits/t10k-labels-idx1-ubyte", labels);
    place.succeed("play tiny.inkbit model.inkbit -o page.html --with-tests");
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let file =
        |name: &str| BASE64_STANDARD.encode(place.read(&format!("digits/t10k-{name}-ubyte")));
    let files = format!(
        "const IMAGES_FILE = \"{}\", LABELS_FILE = \"{}\";",
        file("images-idx3"),
        file("labels-idx1")
    );
    for said in in_each(&place, &format!("{page}<script>{files}{TEST}</script>"), 360, false) {
        let json = place.run("evaluate model.inkbit --data digits --json").out;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let correct = json["correct"].as_f64().unwrap();
        let name = said["name"].as_str().unwrap();
        let score =
            format!("{name} gets {:.2} % right: {correct} of 80 images.", 100.0 * correct / 80.0);
        for both in ["both", "again"] {
            assert_eq!(said[both], serde_json::json!([score, "", json["confusion"]]), "{said}");
        }
        let found = |class: usize| {
            let rows = json["confusion"].as_array().unwrap().iter();
            rows.map(|row| row[class].as_u64().unwrap()).sum::<u64>()
        };
        let counts: Vec<u64> = (0..4).map(found).collect();
        assert_eq!(
            said["images"],
            serde_json::json!([format!("{name} has read 80 images."), "", [counts]])
        );
        let wrong = [
            "few is cut off",
            "cut is cut off",
            "more goes on after what its header promises",
            "other has a label 4, the model 4 classes, counted from 0",
            "floats has neither images nor labels in IDX",
            "gzip is damaged",
            "one has 1 label, images 80 images",
            "huge promises 1,099,511,562,240 bytes, the limit is 67,108,864",
            "wide has images of 1×2 pixels, no squares",
            "long is too long: 104,857,600 bytes, the limit is 67,108,864",
            "text: not an Inkbit model; check file and address",
        ];
        let wrong = wrong.map(|message| serde_json::json!([message, true]));
        assert_eq!(said["wrong"], serde_json::json!(wrong), "{said}");
        assert_eq!(said["digits"], "tiny takes other images than those of 8×8 pixels.");
    }
}
