//! The emulated Raspberry Pi Pico: its OLED, its buttons, its flash.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use inkbit::device::emulator::pico::Wiring;
use inkbit::device::{Client, DeviceError, verify};
use inkbit_app::{App, Buffers};
use inkbit_core::link::{Key, Refusal, Request, Response, encode, pack_pixels, request_bytes};
use inkbit_tests::debugger::symbol;
use inkbit_tests::devices::{classic, digits, draw_seven_on_pico, emulated, start};
use inkbit_tests::screens::{
    Picture, Replay, app_board, assert_pico_shows, classify_alike, draw_alike,
};

const NAME: &str = "pico";
const CELLS: usize = 1040;

/// The line with the time of the inference, which differs from run to run.
const TIME: [Range<u32>; 2] = [86..128, 20..30];

/// Bits of a byte on the I²C bus, with its acknowledgement, and the bus's speed.
const BITS: u64 = 9;
const BITS_A_SECOND: u64 = 400_000;

/// Starts the Pico, and the same app on the host, and hands both to `act`.
fn side_by_side(region: &[u8], act: impl FnOnce(&mut Client, &mut Wiring, &mut App<'_>)) {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, region);
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    client.hello().unwrap();
    let mut wiring = emulator.pico().unwrap();
    // Flash is erased behind what is flashed.
    let region: Vec<u8> = [region, &[0xFF; 64]].concat();
    let region = inkbit_tests::Aligned::new(&region);
    let mut buffers = Buffers::<CELLS>::new();
    let mut app = App::new(app_board(NAME, &board), &region, &mut buffers);
    act(&mut client, &mut wiring, &mut app);
}

fn assert_shows(wiring: &mut Wiring, app: &App<'_>, except: Option<[Range<u32>; 2]>) {
    assert_pico_shows(wiring, &Picture::two_levels(app), except);
}

#[test]
fn the_oled_shows_images_strokes_and_samples_as_the_app_draws_them() {
    let blob = classic();
    side_by_side(blob.bytes(), |client, wiring, app| {
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
fn the_oled_says_why_there_is_no_model() {
    let mut damaged = classic().bytes().to_vec();
    damaged[1_000] ^= 4;
    for region in [vec![0xFF; 5_000], damaged] {
        side_by_side(&region, |client, wiring, app| {
            assert!(app.view().message.is_some());
            assert_shows(wiring, app, None);
            let error = client.classify(&[0; 784]).unwrap_err();
            assert!(matches!(error, DeviceError::Refused(Refusal::NoModel)), "{error}");
        });
    }
}

#[test]
fn a_seven_drawn_with_the_buttons_is_a_seven_and_each_move_is_shown_within_20_ms() {
    let blob = classic();
    side_by_side(blob.bytes(), |client, wiring, _| {
        assert_eq!(client.status().unwrap().class, None, "nothing is drawn yet");
        draw_seven_on_pico(wiring).unwrap();
        assert_eq!(client.status().unwrap().class, Some(7));
        // Once more with the pen down: the answer changes with every move.
        wiring.press(Key::Select, Duration::from_millis(12)).unwrap();
        let mut most = 0;
        for _ in 0..10 {
            let before = wiring.display_bytes().unwrap();
            wiring.press(Key::Right, Duration::from_millis(12)).unwrap();
            most = most.max(wiring.display_bytes().unwrap() - before);
        }
        let microseconds = most * BITS * 1_000_000 / BITS_A_SECOND;
        assert!((1_000..20_000).contains(&microseconds), "{most} bytes: {microseconds} us");
    });
}

#[test]
fn a_bit_of_the_model_that_changes_in_flash_or_in_its_copy_ends_the_answers() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let blob = classic();
    let copy = symbol(firmware.elf(), "4COPY").unwrap();
    for (model, in_ram) in [(board.memory.model.address, false), (copy, true)] {
        side_by_side(blob.bytes(), |client, wiring, _| {
            if in_ram {
                wiring.wait().unwrap();
                client.hello().unwrap();
            }
            assert_eq!(client.status().unwrap().in_ram, in_ram);
            let images = digits(1);
            client.classify(images.image(0)).unwrap();
            wiring.flip(model + 5_000, 3).unwrap();
            let mut tries = 0;
            let refusal = loop {
                match client.classify(images.image(0)) {
                    Err(DeviceError::Refused(refusal)) => break refusal,
                    _ if tries > 200 => panic!("it still answers"),
                    // At rest it checks more of the model than between images.
                    _ => thread::sleep(Duration::from_millis(20)),
                }
                tries += 1;
            };
            assert_eq!(refusal, Refusal::ModelChanged);
            // What lies in flash is whole, or not.
            wiring.cut(0).unwrap();
            assert_eq!(client.hello().unwrap().model.is_ok(), in_ram);
        });
    }
}

#[test]
fn the_page_answers_this_machine_and_itself_alone() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let mut emulator = start(&board, &firmware, classic().bytes());
    let mut client = Client::new(emulator.connect().unwrap(), 1);
    client.hello().unwrap();
    let address = emulator.pico().unwrap().page().unwrap();
    let place = address.strip_prefix("http://").unwrap().trim_end_matches('/');
    let status = |line: &str, host: &str, more: &str| {
        let mut stream = TcpStream::connect(place).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let origin = format!("Origin: http://{place}\r\n");
    for (line, host, more, expected) in [
        ("GET /", place, "", "200"),
        ("GET //", place, "", "400"),
        ("GET /../pico.mjs", place, "", "404"),
        ("GET /", "example.org", "", "403"),
        ("GET /screen", place, "Sec-Fetch-Site: cross-site\r\n", "403"),
        ("POST /button?index=0&down=1", place, "Origin: http://example.org\r\n", "403"),
        ("POST /button?index=99&down=1", place, &origin, "204"),
    ] {
        assert_eq!(status(line, host, more), expected, "{line} {host} {more}");
    }
    client.hello().unwrap();
}

#[test]
fn the_largest_model_is_read_within_40_ms_of_the_chips_time() {
    let Some((board, firmware)) = emulated(NAME) else { return };
    let accurate = inkbit::model::builtin::find("accurate").unwrap();
    let start_app = symbol(firmware.elf(), "inkbit_app5board").unwrap();
    let mut emulator = start(&board, &firmware, accurate.bytes());
    drop(emulator.connect().unwrap());
    let cycles = emulator.pico().unwrap().measure(start_app).unwrap();
    let milliseconds = cycles as f64 * 1e3 / f64::from(board.clock.unwrap());
    println!("{} bytes in {milliseconds:.1} ms", accurate.bytes().len());
    assert!((10.0..=40.0).contains(&milliseconds), "{milliseconds} ms");
}

/// Waits until the board has started again, and returns the CRC of its model.
fn running(client: &mut Client) -> u32 {
    client.hello().unwrap().model.unwrap().crc
}

#[test]
fn a_model_that_is_sent_runs_after_its_last_byte_and_before_that_the_old_one_does() {
    let (first, second) = (classic(), inkbit::model::builtin::find("nano").unwrap());
    side_by_side(first.bytes(), |client, wiring, _| {
        let image = digits(1);
        // To the second slot, and back to the first.
        for (blob, other) in [(&second, &first), (&first, &second)] {
            assert_eq!(running(client), other.crc());
            client.send_model(blob, |_| ()).unwrap();
            assert_eq!(running(client), blob.crc());
            verify(client, blob, &image, |_| ()).unwrap();
            wiring.cut(0).unwrap();
            assert_eq!(running(client), blob.crc(), "after the power was cut");
        }
    });
}

#[test]
fn a_model_runs_from_ram_where_that_is_faster_and_with_the_same_logits() {
    for name in ["accurate", "tiny"] {
        let blob = inkbit::model::builtin::find(name).unwrap();
        let images = digits(100);
        side_by_side(blob.bytes(), |client, wiring, _| {
            let times = |client: &mut Client| {
                let found = verify(client, &blob, &images, |_| ()).unwrap();
                found.nanoseconds as f64 / 1e6 / images.len() as f64
            };
            // In an emulator flash is as fast as RAM.
            assert!(!client.status().unwrap().in_ram, "{name}");
            let without = times(client);
            wiring.wait().unwrap();
            assert_eq!(running(client), blob.crc());
            assert!(client.status().unwrap().in_ram, "{name}");
            let waiting = times(client);
            println!("{name}: {waiting:.2} ms an image, {without:.2} if flash did not wait");
            assert!(waiting < 1.5 * without, "{name}: {waiting} ms, {without} without waiting");
        });
    }
}

/// Bytes that USB moves in a millisecond at full speed at the most: 19 packets of 64 (USB 2.0, 5.8.4).
const BYTES_A_MILLISECOND: f64 = 19.0 * 64.0;

/// The milliseconds that the emulated Pico takes for the slowest of its inferences, and then some.
const INFERENCE: f64 = 2.0;

#[test]
fn a_bus_of_full_speed_has_room_for_more_than_200_images_a_second() {
    let images = digits(1_000);
    let bytes = |(pixels, _): (&[u8], usize)| {
        let mut packed = vec![0; request_bytes(pixels.len())];
        let pixels = pack_pixels(pixels, &mut packed).unwrap();
        let (mut request, mut response) = ([0; 2_048], [0; 256]);
        let request = encode(&Request::Classify { id: u32::MAX, pixels }, &mut request).unwrap();
        // Numbers of any size.
        let logits = &[i32::MIN; 10][..];
        let answer = Response::Logits { id: u32::MAX, nanoseconds: u32::MAX, logits };
        let packets = [request.len(), encode(&answer, &mut response).unwrap().len()];
        packets.map(|bytes| bytes.next_multiple_of(64)).iter().sum::<usize>()
    };
    let mean = images.iter().map(bytes).sum::<usize>() as f64 / images.len() as f64;
    let a_second = 1e3 / (mean / BYTES_A_MILLISECOND + INFERENCE);
    println!("{mean:.0} bytes an image: {a_second:.0} images a second");
    assert!(a_second >= 200.0, "{mean} bytes an image: {a_second}");
}
