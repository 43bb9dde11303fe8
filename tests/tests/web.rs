//! The device for browsers computes the host's bits, draws the app's screens, and can neither panic nor
//! ask for anything.

use std::cell::Cell;

use inkbit::device::{Board, Client, DeviceError, verify};
use inkbit::model::{Blob, builtin};
use inkbit_app::{App, Buffers, Clock, Finger, Input, TouchPanel};
use inkbit_core::link::Refusal;
use inkbit_tests::Aligned;
use inkbit_tests::devices::{classic, digits};
use inkbit_tests::screens::{Picture, app_board};
use inkbit_tests::web::{MODULE, Web};
use wasmi::{Engine, Module};

const CELLS: usize = 4096;

#[test]
fn the_module_asks_for_nothing_and_so_has_no_panic_in_it() {
    let module = Module::new(&Engine::default(), MODULE).unwrap();
    let imports: Vec<_> = module.imports().map(|import| import.name().to_owned()).collect();
    assert_eq!(imports, [""; 0], "where it can panic it would call `page.panicked`");
    assert!(MODULE.len() < 48 << 10, "{} bytes", MODULE.len());
}

#[test]
fn every_reference_model_gives_the_hosts_logits_in_the_module() {
    for blob in builtin::all() {
        let side = blob.model().unwrap().input().side;
        assert_eq!(side, 28);
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
        let blob = Blob::load(&path).unwrap();
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
    }
    let () = web.call("lift", (0.0,));
    assert_eq!(web.call::<_, i32>("answer", ()), 7);
    assert_eq!(app.status().class, Some(7));
    let () = web.call("clear", (0.0,));
    let _: u32 = web.call("step", (0.0,));
    assert_eq!(web.call::<_, i32>("answer", ()), -1);
    assert_eq!(web.call::<_, u32>("mode", ()), 0);
}
