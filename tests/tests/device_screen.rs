//! The emulated OLED shows, pixel by pixel, what the app draws on the host; and keys draw on it.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use inkbit::device::Client;
use inkbit::model::{Blob, answers, builtin};
use inkbit_app::{App, Board, Buffers, Event};
use inkbit_core::link::{Key, Mode, Reset, pack_pixels, unpack_pixels};
use inkbit_core::{Header, Model};
use inkbit_tests::devices::{cascade, classic, digits, draw_seven, emulated, start};
use inkbit_tests::screens::{Picture, Replay, app_board, classify_alike};

const NAME: &str = "lm3s6965evb";
const CELLS: usize = 1040;

/// The line with the time of the inference, which differs from run to run.
const TIME: [Range<u32>; 2] = [86..128, 20..30];

/// Starts the board, and the same app on the host, and hands both to `act`.
fn side_by_side(
    region: &[u8],
    act: impl FnOnce(&mut Client, &mut dyn FnMut() -> Picture, &mut App<'_>),
) {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, region);
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    client.hello().unwrap();
    let mut qmp = emulator.qmp().unwrap();
    let mut display = || Picture::of_emulator(&mut qmp).unwrap();

    // The model region lies in flash, and QEMU's flash reads as zero where nothing is written.
    let region: Vec<u8> = [region, &[0; 64]].concat();
    let region = inkbit_tests::Aligned::new(&region);
    let mut buffers = Buffers::<CELLS>::new();
    let mut app = App::new(app_board(NAME, &board), &region, &mut buffers);
    act(&mut client, &mut display, &mut app);
}

#[test]
fn the_display_shows_images_from_the_host_as_the_app_draws_them() {
    let blob = classic();
    side_by_side(blob.bytes(), |client, display, app| {
        let images = digits(5);
        for (id, (pixels, _)) in (0..).zip(images.iter()) {
            classify_alike(client, app, id, pixels);
            display().assert_shows(&Picture::of(app), None);
        }
    });
}

#[test]
fn the_display_says_which_of_several_stages_has_decided() {
    let blob = cascade();
    side_by_side(blob.bytes(), |client, display, app| {
        let images = digits(40);
        let model = blob.model().unwrap();
        let decided = answers(&model, &images).unwrap();
        for (id, stage) in (0..).zip(0..2) {
            let image = decided.iter().position(|(_, by)| by == stage).expect("both decide");
            classify_alike(client, app, id, images.image(image));
            assert_eq!(usize::from(app.view().verdict.stage), stage);
            let shown = Picture::of(app);
            display().assert_shows(&shown, None);
            // Alone, the same network shows all but the number of the stage.
            let other = ["nano", "tiny"].map(|name| builtin::find(name).unwrap());
            let region = inkbit_tests::Aligned::new(other[stage].bytes());
            let mut buffers = Buffers::<CELLS>::new();
            let (stack, reset): (fn() -> _, _) = (|| (0, 0), Reset::Ordinary);
            let (model_address, model_bytes, boot_loader) = (0, 0, None);
            let board = Board { name: NAME, model_address, model_bytes, stack, reset, boot_loader };
            let mut alone = App::new(board, &region, &mut buffers);
            let mut clock = Replay::new(app.view().verdict.nanoseconds);
            let put = |to: &mut [u8]| {
                // It asks for the length first.
                let pixels = images.image(image);
                to.copy_from_slice(&pixels[..to.len()]);
                pixels.len()
            };
            alone.classify(id, &mut clock, put).unwrap();
            assert_eq!(alone.view().verdict.class, app.view().verdict.class);
            assert!(Picture::of(&alone) != shown);
        }
    });
}

#[test]
fn the_display_names_the_classes_as_the_labels_do() {
    const CLOTHES: &str = "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\n\
                           Ankle boot";
    let classic = classic();
    let model = classic.model().unwrap();
    let header = Header { labels: CLOTHES, ..model.header().clone() };
    let blob = Blob::from_model(&Model::new(header, model.data()).unwrap()).unwrap();
    side_by_side(blob.bytes(), |client, display, app| {
        let images = digits(1);
        let (pixels, _) = images.iter().next().unwrap();
        let answer = client.classify(pixels).unwrap();
        let mut packed = vec![0; 2 * pixels.len()];
        let packed = pack_pixels(pixels, &mut packed).unwrap();
        let mut clock = Replay::new(answer.nanoseconds);
        app.classify(0, &mut clock, |image| unpack_pixels(packed, image)).unwrap();
        let named = Picture::of(app);
        display().assert_shows(&named, None);
        // A digit's name would look otherwise.
        let region = inkbit_tests::Aligned::new(classic.bytes());
        let mut buffers = Buffers::<CELLS>::new();
        let (stack, reset): (fn() -> _, _) = (|| (0, 0), Reset::Ordinary);
        let (model_address, model_bytes, boot_loader) = (0, 0, None);
        let board = Board { name: NAME, model_address, model_bytes, stack, reset, boot_loader };
        let mut other = App::new(board, &region, &mut buffers);
        let mut clock = Replay::new(answer.nanoseconds);
        other.classify(0, &mut clock, |image| unpack_pixels(packed, image)).unwrap();
        assert!(Picture::of(&other) != named);
    });
}

#[test]
fn the_display_shows_strokes_and_samples_as_the_app_draws_them() {
    let blob = classic();
    side_by_side(blob.bytes(), |client, display, app| {
        let mut clock = Replay::new(1);
        let mut compare = |app: &mut App<'_>| {
            app.settle(&mut clock);
            display().assert_shows(&Picture::of(app), Some(TIME));
        };
        client.clear().unwrap();
        compare(app);
        for (x, y, down) in
            [(6, 6, false), (6, 6, true), (20, 5, true), (13, 24, true), (0, 0, false)]
        {
            client.pen(x, y, down).unwrap();
            app.handle(Event::Pen(x, y, down), 0);
            compare(app);
        }
        client.key(Key::Select, true).unwrap();
        client.key(Key::Select, false).unwrap();
        app.handle(Event::Key(Key::Select, true), 0);
        app.handle(Event::Key(Key::Select, false), 0);
        compare(app);
        client.show(Mode::Samples).unwrap();
        // Stops the samples for the screenshot.
        client.key(Key::Select, true).unwrap();
        client.key(Key::Select, false).unwrap();
        app.handle(Event::Show(Mode::Samples), 0);
        compare(app);
        let status = client.status().unwrap();
        assert_eq!((status.mode, status.class), (Mode::Samples, app.status().class));
    });
}

#[test]
fn the_display_says_why_there_is_no_model() {
    let mut damaged = classic().bytes().to_vec();
    damaged[1_000] ^= 4;
    for region in [vec![0xFF; 5_000], vec![0; 64], damaged] {
        side_by_side(&region, |_, display, app| {
            assert!(app.view().message.is_some());
            display().assert_shows(&Picture::of(app), None);
        });
    }
}

#[test]
fn a_seven_drawn_with_the_keys_is_a_seven() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let blob = classic();
    let mut emulator = start(&board, &firmware, blob.bytes());
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    client.hello().unwrap();
    assert_eq!(client.status().unwrap().class, None, "nothing is drawn yet");
    draw_seven(&mut emulator.qmp().unwrap()).unwrap();
    let begin = Instant::now();
    while client.status().unwrap().class != Some(7) && begin.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(50));
    }
    let status = client.status().unwrap();
    assert_eq!((status.mode, status.class), (Mode::Draw, Some(7)), "{status:?}");
}
