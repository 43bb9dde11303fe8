//! The emulated Raspberry Pi Pico with its touch display: what is on it, and what a finger does there.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use inkbit::device::emulator::Kind;
use inkbit::device::emulator::pico::Wiring;
use inkbit::device::{Board, Client, Firmware, verify};
use inkbit_app::{App, Buffers};
use inkbit_core::link::Mode;
use inkbit_tests::devices::{classic, digits, emulated, start};
use inkbit_tests::screens::{
    Picture, Replay, app_board, assert_pico_shows, classify_alike, draw_alike,
};

const NAME: &str = "pico-touch";
const CELLS: usize = 1040;

/// The line with the time of the inference, which differs from run to run.
const TIME: [Range<u32>; 2] = [233..320, 94..112];

/// Within this time the chip looks at the panel several times, and draws what has changed.
const TURN: Duration = Duration::from_millis(30);
/// Within this time it notices that the finger has left, and has drawn another screen.
const LIFTED: Duration = Duration::from_millis(200);

/// Buttons of the display.
const UPPER_RIGHT: (u32, u32) = (300, 183);
const SCREEN: (u32, u32) = (275, 220);

/// Bits of a byte on the display's bus, and the bus's speed.
const BITS: u64 = 8;
const BITS_A_MICROSECOND: f64 = 31.25;

fn with_board(region: &[u8], act: impl FnOnce(&mut Client, &mut Wiring, &mut App<'_>)) {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, region);
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    client.hello().unwrap();
    let mut wiring = emulator.pico().unwrap();
    // Flash is erased behind what is flashed.
    let region = inkbit_tests::Aligned::new(&[region, &[0xFF; 64]].concat());
    let mut buffers = Buffers::<CELLS>::new();
    let mut app = App::new(app_board(NAME, &board), &region, &mut buffers);
    act(&mut client, &mut wiring, &mut app);
}

fn assert_shows(wiring: &mut Wiring, app: &App<'_>, except: Option<[Range<u32>; 2]>) {
    assert_pico_shows(wiring, &Picture::on_touch(app), except);
}

/// Draws from point to point of the display.
fn stroke(wiring: &mut Wiring, points: &[(u32, u32)]) {
    for ends in points.windows(2) {
        let [(x, y), (to_x, to_y)] = *ends else { unreachable!() };
        for step in 0..=10 {
            let between = |from: u32, to: u32| (from * (10 - step) + to * step) / 10;
            wiring.touch((between(x, to_x), between(y, to_y)), TURN).unwrap();
        }
    }
    wiring.lift(LIFTED).unwrap();
}

fn tap(wiring: &mut Wiring, at: (u32, u32)) {
    wiring.touch(at, TURN).unwrap();
    wiring.lift(LIFTED).unwrap();
}

#[test]
fn the_touch_display_shows_images_strokes_and_samples_as_the_app_draws_them() {
    with_board(classic().bytes(), |client, wiring, app| {
        for (id, (pixels, _)) in (0..).zip(digits(3).iter()) {
            classify_alike(client, app, id, pixels);
            assert_shows(wiring, app, None);
        }
        let mut clock = Replay::new(1);
        draw_alike(client, app, |app| {
            app.settle(&mut clock);
            assert_shows(wiring, app, Some(TIME));
        });
    });
}

#[test]
fn the_touch_display_says_why_there_is_no_model() {
    with_board(&[0xFF; 5_000], |_, wiring, app| {
        assert!(app.view().message.is_some());
        assert_shows(wiring, app, None);
    });
}

#[test]
fn a_seven_drawn_with_a_finger_is_a_seven_and_each_move_is_shown_within_20_ms() {
    with_board(classic().bytes(), |client, wiring, _| {
        assert_eq!(client.status().unwrap().class, None, "nothing is drawn yet");
        stroke(wiring, &[(60, 50), (165, 45), (100, 200)]);
        assert_eq!(client.status().unwrap().class, Some(7));
        tap(wiring, UPPER_RIGHT);
        assert_eq!(client.status().unwrap().class, None, "the button clears the canvas");
        // A move, and what follows until the stroke has come to the finger.
        wiring.touch((40, 40), TURN).unwrap();
        let (mut all, mut most) = (0, 0);
        for step in 1..=20 {
            let before = wiring.display_bytes().unwrap();
            wiring.touch((40 + 6 * step, 40 + 4 * step), TURN).unwrap();
            let bytes = wiring.display_bytes().unwrap() - before;
            (all, most) = (all + bytes, most.max(bytes));
        }
        let milliseconds = (most * BITS) as f64 / BITS_A_MICROSECOND / 1e3;
        println!("at most {most} bytes a move, {milliseconds:.1} ms; {} on average", all / 20);
        assert!((0.5..20.0).contains(&milliseconds), "{most} bytes: {milliseconds} ms");
    });
}

#[test]
fn buttons_on_the_display_lead_through_screens_and_samples() {
    with_board(classic().bytes(), |client, wiring, _| {
        let mut screens = vec![];
        for _ in 0..3 {
            tap(wiring, SCREEN);
            screens.push(client.status().unwrap().mode);
        }
        assert_eq!(screens, [Mode::Samples, Mode::Link, Mode::Draw]);
        tap(wiring, SCREEN);
        for _ in 0..4 {
            tap(wiring, UPPER_RIGHT);
        }
        assert_eq!(client.status().unwrap().class, Some(4));
    });
}

#[test]
fn on_its_page_the_mouse_is_the_finger() {
    with_board(classic().bytes(), |client, wiring, _| {
        let address = wiring.page().unwrap();
        let place = address.strip_prefix("http://").unwrap().trim_end_matches('/');
        let ask = |line: &str| {
            let mut stream = TcpStream::connect(place).unwrap();
            write!(stream, "{line} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(ask("GET /").contains("<html class=\"touch\""));
        let (x, y) = SCREEN;
        assert!(ask(&format!("POST /finger?x={x}&y={y}")).contains(" 204 "));
        let changed = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(20));
            client.status().unwrap().mode == Mode::Samples
        });
        assert!(changed, "the button was not pressed");
        assert!(ask("POST /finger").contains(" 204 "));
    });
}

#[test]
fn without_a_display_the_line_goes_on() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let nothing = Kind::Rp2040js { wired: "none@0x3c".to_owned() };
    let board = Board { emulator: nothing, ..board };
    let blob = classic();
    let mut client = start(&board, &firmware, blob.bytes()).into_client().unwrap();
    let report = verify(&mut client, &blob, &digits(20), |_| ()).unwrap();
    assert_eq!(report.images, 20);
}

#[test]
fn over_its_uart_a_pico_gives_the_hosts_logits() {
    let Some((board, firmware)) = emulated("pico") else { return };
    let built = Firmware::built_path(&board);
    let folder = built.ancestors().nth(3).unwrap();
    let uart = folder.join("uart").join(built.strip_prefix(folder).unwrap());
    if !uart.exists() {
        assert!(env::var_os("INKBIT_REQUIRE_PICO").is_none(), "{} is missing", uart.display());
        return;
    }
    let over_uart = Firmware::find(&board, Some(&uart)).unwrap();
    assert!(over_uart.footprint(&board).code < firmware.footprint(&board).code, "USB is in it");
    let blob = classic();
    let mut client = start(&board, &over_uart, blob.bytes()).into_client().unwrap();
    let report = verify(&mut client, &blob, &digits(20), |_| ()).unwrap();
    assert_eq!((report.images, report.losses.repeats), (20, 0));
}
