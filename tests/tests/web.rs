//! The device for browsers computes the host's bits, draws the app's screens, shows what lies between image
//! and logits as it is, and can neither panic nor ask for anything.

use std::cell::Cell;

use inkbit::device::{Board, Client, DeviceError, verify};
use inkbit::model::{Blob, HostEngine, builtin};
use inkbit_app::{App, Buffers, Clock, Finger, Input, TouchPanel};
use inkbit_core::link::{
    self, Receiver, Refusal, Request, Response, STORE_BYTES, request_bytes, unpack_pixels,
};
use inkbit_core::{Input as Shape, LayerOutput, Model, Sample};
use inkbit_tests::Aligned;
use inkbit_tests::devices::{classic, digits};
use inkbit_tests::module::imports;
use inkbit_tests::oracle::Oracle;
use inkbit_tests::screens::{Picture, app_board};
use inkbit_tests::web::{MODULE, Web};

const CELLS: usize = 4096;

#[test]
fn the_module_asks_for_nothing_and_so_has_no_panic_in_it() {
    assert_eq!(imports(MODULE), [""; 0], "where it can panic it would call `page.panicked`");
    assert!(MODULE.len() < 48 << 10, "{} bytes", MODULE.len());
}

#[test]
fn every_reference_model_gives_the_hosts_logits_in_the_module() {
    for blob in builtin::all() {
        assert_eq!(blob.model().unwrap().sample(), Sample::mnist(28));
        let (web, runs) = Web::start(blob.bytes());
        assert!(runs);
        let verified = verify(&mut Client::new(web, 1), &blob, &digits(1_000), |_| ()).unwrap();
        assert_eq!((verified.images, verified.logits), (1_000, 10_000));
    }
}

#[test]
fn golden_models_give_the_hosts_logits_in_the_module() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/golden");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "inkbit") {
            continue;
        }
        // One of features or of several networks is none that commands or the app take.
        let Ok(blob) = Blob::load(&path) else { continue };
        let (web, runs) = Web::start(blob.bytes());
        if !runs {
            // Its images do not fit the app, as on every board.
            continue;
        }
        let images = inkbit::device::selftest::images(&blob, 20).unwrap();
        verify(&mut Client::new(web, 1), &blob, &images, |_| ()).unwrap();
        count += 1;
    }
    assert!(count >= 8, "{count} models");
}

#[test]
fn what_is_no_model_is_said_by_the_device() {
    let mut damaged = classic().bytes().to_vec();
    damaged[1_000] ^= 1;
    for (flash, reason) in [
        (&damaged[..], "model is damaged"),
        (&damaged[..500], "model is damaged"),
        (&[0xFF; 64], "no model in flash"),
        (b"P6 is a picture, no model", "not an Inkbit model"),
    ] {
        let (web, runs) = Web::start(flash);
        assert!(!runs);
        let mut client = Client::new(web.clone(), 1);
        let said = client.hello().unwrap().model.unwrap_err();
        assert!(said.contains(reason), "{said}");
        let refused = client.classify(&[0; 784]).unwrap_err();
        assert!(matches!(refused, DeviceError::Refused(Refusal::NoModel)), "{refused}");
        assert_ne!(web.call::<_, u32>("step", (1.0,)), 0, "the display says it");
    }
}

#[test]
fn a_panic_that_the_host_asks_for_is_refused() {
    let (web, _) = Web::start(classic().bytes());
    let refused = Client::new(web, 1).provoke_panic().unwrap_err();
    assert!(matches!(refused, DeviceError::Refused(Refusal::Unknown)), "{refused}");
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn nanoseconds(&mut self) -> u64 {
        0
    }
}

/// A panel with a finger where somebody says.
struct Panel<'a>(&'a Cell<(i32, i32)>);

impl TouchPanel for Panel<'_> {
    fn finger(&mut self) -> Option<(i32, i32)> {
        Some(self.0.get())
    }
}

#[test]
fn strokes_of_a_pointer_give_the_screen_that_the_app_draws() {
    let blob = classic();
    let (web, _) = Web::start(blob.bytes());
    let region = [blob.bytes(), &[0xFF; 64]].concat();
    let region = Aligned::new(&region);
    let board = app_board("web", &Board::find("pico-touch").unwrap());
    let mut buffers = Buffers::<CELLS>::new();
    let mut app = App::new(board, &region, &mut buffers);
    let place = Cell::new((0, 0));
    let mut finger = Finger::new(Panel(&place));
    for (x, y) in [(50, 50), (100, 48), (150, 52), (130, 110), (110, 150), (100, 190)] {
        place.set((x, y));
        (0..4).for_each(|_| finger.apply(&mut app, 0));
        let () = web.call("touch", (x, y, 0.0));
        app.settle(&mut Still);
        let _: u32 = web.call("step", (0.0,));
        assert_eq!(web.glass(), Picture::on_touch(&app).greys, "at {x}, {y}");
        assert_eq!(web.read(web.call("image", ()), 784), app.seen().unwrap().1, "at {x}, {y}");
    }
    let () = web.call("lift", (0.0,));
    assert_eq!(web.call::<_, i32>("answer", ()), 7);
    assert_eq!(app.status().class, Some(7));
    let () = web.call("clear", (0.0,));
    let _: u32 = web.call("step", (0.0,));
    assert_eq!(web.call::<_, i32>("answer", ()), -1);
    assert_eq!(web.call::<_, u32>("mode", ()), 0);
}

/// The values that each layer takes, and the logits.
fn computed(blob: &Blob, image: &[u8]) -> (Vec<Vec<u8>>, Vec<i32>) {
    let (model, oracle) = (blob.model().unwrap(), Oracle::read(blob.bytes()).unwrap());
    let mut values = vec![oracle.inputs(0, image).iter().map(|&input| input as u8).collect()];
    values.extend(model.layers()[1..].iter().map(|layer| vec![0; layer.inputs()]));
    let mut engine = HostEngine::new(&model);
    let logits = engine.infer_observed(image, |layer, output| {
        if let LayerOutput::Activations(active) = output {
            active.iter().for_each(|(unit, value)| values[layer + 1][unit] = value);
        }
    });
    let logits = logits.to_vec();
    (values, logits)
}

/// What each input, and after them what all biases bring to each logit: the linear function that the
/// network is for one image, from the first layer on.
fn brought(model: &Model<'_>, values: &[Vec<u8>]) -> Vec<Vec<f64>> {
    let count = values[0].len();
    // Each input brings itself.
    let mut below: Vec<_> = (0..count)
        .map(|input| {
            let mut parts = vec![0.0; count + 1];
            parts[input] = values[0][input].into();
            parts
        })
        .collect();
    for (number, layer) in model.layers().iter().enumerate() {
        let units = (0..layer.outputs()).map(|unit| {
            let mut parts = vec![0.0; count + 1];
            parts[count] = layer.bias(unit).into();
            for (input, below) in below.iter().enumerate().filter(|&(at, _)| values[number][at] > 0)
            {
                let weight = f64::from(layer.weight(unit, input));
                parts.iter_mut().zip(below).for_each(|(part, below)| *part += weight * below);
            }
            // What the unit gives on is its activation.
            if let Some(activations) = values.get(number + 1) {
                let sum: f64 = parts.iter().sum();
                let factor = f64::from(activations[unit]) / sum;
                let factor = if activations[unit] > 0 { factor } else { 0.0 };
                parts.iter_mut().for_each(|part| *part *= factor);
            }
            parts
        });
        below = units.collect();
    }
    below
}

#[test]
fn what_the_network_sees_and_what_each_input_brings_to_a_logit_are_the_hosts() {
    for blob in builtin::all() {
        let model = blob.model().unwrap();
        let layers = model.layers();
        let (web, _) = Web::start(blob.bytes());
        let Shape { width: side, crop: [crop, _], pool: [pool, _], .. } = model.input();
        let input = u32::from(side) | u32::from(crop) << 16 | u32::from(pool) << 24;
        assert_eq!(web.call::<_, u32>("input", ()), input);
        assert_eq!(web.call::<_, u32>("ink", ()), 20);
        for (number, layer) in layers.iter().enumerate() {
            let expected = layer.outputs() | layer.bits().bits() << 16;
            assert_eq!(web.call::<_, u32>("layer", (number as u32,)), expected as u32);
        }
        assert_eq!(web.call::<_, u32>("layer", (layers.len() as u32,)), 0);
        for (unit, at) in [(0, 0), (1, 7), (layers[0].outputs() - 1, layers[0].inputs() - 1)] {
            let weight: i32 = web.call("weight", (unit as u32, at as u32));
            assert_eq!(weight, layers[0].weight(unit, at));
        }
        let mut client = Client::new(web.clone(), 1);
        let (images, mut greatest) = (digits(10), 0.0_f64);
        for number in 0..images.len() {
            let image = images.image(number);
            client.classify(image).unwrap();
            let (values, logits) = computed(&blob, image);
            let class: u32 = web.call("see", ());
            assert_eq!(class as usize, inkbit_core::argmax(&logits));
            assert_eq!(web.read(web.call("image", ()), image.len()), image);
            for (layer, values) in values.iter().enumerate() {
                let at = web.call("values", (layer as u32,));
                assert_eq!(web.read(at, values.len()), *values, "layer {layer}");
            }
            let found = web.read(web.call("logits", ()), 4 * logits.len());
            let found: Vec<_> =
                found.as_chunks().0.iter().map(|&it| i32::from_le_bytes(it)).collect();
            assert_eq!(found, logits);
            for (class, brought) in brought(&model, &values).iter().enumerate() {
                let (biases, brought) = brought.split_last().unwrap();
                let found = web.read(web.call("parts", (class as u32,)), 8 * brought.len());
                let found: Vec<_> =
                    found.as_chunks().0.iter().map(|&it| f64::from_le_bytes(it)).collect();
                for (at, (found, expected)) in found.iter().zip(brought).enumerate() {
                    assert!((found - expected).abs() < 1e-6, "input {at}: {found}, {expected}");
                    assert!(
                        values[0][at] > 0 || *found == 0.0,
                        "an input without ink brings nothing"
                    );
                    greatest = greatest.max(found.abs());
                }
                let sum = found.iter().sum::<f64>() + biases;
                assert!((sum - f64::from(logits[class])).abs() < 1e-6, "{sum}, {}", logits[class]);
            }
        }
        assert!(greatest > 100.0, "{greatest}");
    }
}

/// The frame of the last request; `length` is what the request has returned.
fn asked(web: &Web, length: u32) -> Vec<u8> {
    web.read(web.call("asked", ()), length as usize)
}

fn message(frame: &[u8]) -> Vec<u8> {
    let mut receiver = Receiver::<{ request_bytes(STORE_BYTES) }>::new();
    let mut messages =
        frame.iter().filter_map(|&byte| Some(receiver.push(byte)?.unwrap().to_vec()));
    messages.next().unwrap()
}

#[test]
fn requests_of_a_page_are_cores_and_what_a_board_answers_comes_through_whole() {
    let blob = classic();
    let (web, _) = Web::start(blob.bytes());
    let mut room = [0; 64];
    let hello = link::encode(&Request::Hello, &mut room).unwrap().to_vec();
    assert_eq!(asked(&web, web.call("ask_hello", ())), hello);

    assert_eq!(web.call::<_, u32>("ask_classify", (7,)), 0, "nothing is drawn");
    for (x, y) in [(50, 50), (150, 52), (100, 190)] {
        let () = web.call("touch", (x, y, 0.0));
    }
    let _: u32 = web.call("step", (0.0,));
    let request = message(&asked(&web, web.call("ask_classify", (7,))));
    let Ok(Request::Classify { id: 7, pixels }) = link::decode(&request) else { panic!() };
    let mut image = [0; 784];
    assert_eq!(unpack_pixels(pixels, &mut image), 784);
    let said = Client::new(Web::start(blob.bytes()).0, 1).classify(&image).unwrap();
    assert_eq!(inkbit_core::argmax(&said.logits), 7);
    assert_eq!(web.call::<_, i32>("answer", ()), 7);

    let mut sent: Vec<u8> = Vec::new();
    for piece in 0.. {
        let length = web.call("ask_store", (piece,));
        if length == 0 {
            break;
        }
        let request = message(&asked(&web, length));
        let Ok(Request::Store { offset, bytes }) = link::decode(&request) else { panic!() };
        assert_eq!(offset as usize, sent.len());
        sent.extend(bytes);
    }
    assert_eq!(sent, blob.bytes());

    let hears = |bytes: &[u8]| -> Vec<u32> {
        bytes.iter().map(|&byte| web.call("hear", (u32::from(byte),))).collect()
    };
    let mut room = [0; 64];
    let answer = Response::Panicked { message: "for a test" };
    let frame = link::encode(&answer, &mut room).unwrap();
    let (last, rest) = frame.split_last_mut().unwrap();
    for damage in [0, 1] {
        rest[5] ^= damage;
        assert!(hears(rest).iter().all(|&length| length == 0));
        let length = hears(&[*last])[0];
        assert_eq!(length > 0, damage == 0);
        if damage == 0 {
            let heard = web.read(web.call("heard", ()), length as usize);
            assert_eq!(link::decode::<Response<'_>>(&heard), Ok(answer.clone()));
        }
    }
}
