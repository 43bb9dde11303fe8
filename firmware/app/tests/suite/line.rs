use std::sync::atomic::{AtomicU32, Ordering};

use inkbit_app::{Board, Device, Line, NoKeys, NoPanel, NoStorage, NoWatchdog};
use inkbit_core::link::{
    self, Key, MAX_LOGITS, Mode, RESPONSE_FRAME, Receiver, Refusal, Request, Response, pack_pixels,
};
use inkbit_core::{Engine, Model, Sample, Scratch};

use super::rig::{BOARD, CELLS, Steps, Wire, app, app_of, likeness, region};

type Rig = Device<Wire, NoKeys, NoPanel, Steps, NoWatchdog, NoStorage>;

/// A device that answers, and what the host has of it.
struct Host {
    device: Rig,
    app: inkbit_app::App<'static>,
    line: Line,
}

impl Host {
    fn new(content: &[u8]) -> Self {
        let device = Device {
            serial: Wire::default(),
            keys: NoKeys,
            panel: NoPanel,
            clock: Steps(0),
            watchdog: NoWatchdog,
            storage: NoStorage,
        };
        Self { device, app: app(content), line: Line::new() }
    }

    /// Sends bytes, and returns what comes back, by `look`.
    fn send<T>(&mut self, bytes: &[u8], look: impl Fn(Response<'_>) -> T) -> Vec<T> {
        self.device.serial.to_device.extend(bytes);
        while !self.device.serial.to_device.is_empty() {
            self.device.step(&mut self.app, &mut self.line);
        }
        let mut receiver = Receiver::<RESPONSE_FRAME>::new();
        let mut answers = vec![];
        for byte in std::mem::take(&mut self.device.serial.to_host) {
            if let Some(message) = receiver.push(byte) {
                answers.push(look(link::decode(message.unwrap()).unwrap()));
            }
        }
        answers
    }
}

fn frame(request: &Request<'_>) -> Vec<u8> {
    link::encode(request, &mut [0; 2048]).unwrap().to_vec()
}

fn classify(id: u32, pixels: &[u8]) -> Vec<u8> {
    frame(&Request::Classify { id, pixels: pack_pixels(pixels, &mut [0; 1200]).unwrap() })
}

fn refusal(response: Response<'_>) -> Option<Refusal> {
    if let Response::Refused(refusal) = response { Some(refusal) } else { None }
}

fn id(response: Response<'_>) -> Option<u32> {
    if let Response::Logits { id, .. } = response { Some(id) } else { None }
}

#[test]
fn hello_tells_board_limits_and_model() {
    let blob = likeness();
    let crc = u32::from_le_bytes(*blob.last_chunk().unwrap());
    Host::new(&blob).send(&frame(&Request::Hello), |response| {
        let Response::Hello(hello) = response else { panic!("{response:?}") };
        assert_eq!((hello.protocol, hello.board), (link::PROTOCOL, "rig"));
        assert_eq!(hello.limits.cells, CELLS as u32);
        assert_eq!(hello.limits.classes, MAX_LOGITS as u32);
        let model = hello.model.unwrap();
        let expected = ("likeness", crc, Sample::mnist(28), 10);
        assert_eq!((model.name, model.crc, model.sample, model.classes), expected);
    });
}

#[test]
fn logits_are_those_of_the_host() {
    let blob = likeness();
    let model = Model::parse_region(region(&blob)).unwrap();
    let mut engine = Engine::new(model, Scratch::<CELLS>::new()).unwrap();
    let mut host = Host::new(&blob);
    for id in 0..50_u32 {
        let pixels: Vec<u8> = (0..784_u32).map(|place| ((place * id * 7) >> 3) as u8).collect();
        let answers = host.send(&classify(id, &pixels), |response| match response {
            Response::Logits { id, nanoseconds, logits } => (id, nanoseconds, logits.to_vec()),
            other => panic!("{other:?}"),
        });
        assert_eq!(answers, [(id, 345_678, engine.infer(&pixels).unwrap().to_vec())]);
    }
}

#[test]
fn however_busy_the_line_the_whole_model_is_checked() {
    let blob = likeness();
    let mut host = Host::new(&blob);
    let check = |host: &mut Host| {
        host.send(&frame(&Request::Status), |response| match response {
            Response::Status(status) => status.check,
            other => panic!("{other:?}"),
        })[0]
    };
    assert_eq!(check(&mut host), 0);
    // The device never finds its line at rest.
    let hellos = frame(&Request::Hello).repeat(blob.len().div_ceil(256));
    assert!(host.send(&hellos, |response| matches!(response, Response::Hello(_))).len() > 9);
    assert!(check(&mut host) > 0);
}

#[test]
fn the_whole_model_is_checked_on_a_line_that_neither_rests_nor_ends_a_frame() {
    let blob = likeness();
    let mut host = Host::new(&blob);
    // Between two steps the line is never at rest; each step takes 64 bytes and checks 32.
    host.send(&vec![0xAA; 64 * (blob.len() / 32 + 2)], refusal);
    let status = [&[0], &frame(&Request::Status)[..]].concat();
    let checks = host.send(&status, |response| match response {
        Response::Status(status) => Some(status.check),
        _ => None,
    });
    assert!(checks.last().unwrap().unwrap() > 0);
}

#[test]
fn every_request_has_one_answer() {
    let mut host = Host::new(&likeness());
    for request in [
        Request::Key { key: Key::Up, pressed: true },
        Request::Pen { x: 255, y: 255, down: true },
        Request::Clear,
        Request::Show(Mode::Samples),
    ] {
        assert_eq!(host.send(&frame(&request), |answer| answer == Response::Done), [true]);
    }
    let status = host.send(&frame(&Request::Status), |response| match response {
        Response::Status(status) => status,
        other => panic!("{other:?}"),
    });
    assert_eq!((status[0].mode, status[0].class, status[0].stack), (Mode::Samples, Some(0), 1000));
}

#[test]
fn damaged_half_and_endless_frames_are_refused_and_the_next_is_answered() {
    let mut host = Host::new(&likeness());
    let good = classify(1, &[9; 784]);
    for place in (0..good.len()).step_by(11) {
        let mut damaged = good.clone();
        damaged[place] ^= 0x40;
        assert!(!host.send(&damaged, refusal).contains(&None), "byte {place}");
        // A reconnecting host begins with a zero byte.
        let half = [&good[..place], &[0], &good].concat();
        assert_eq!(host.send(&half, id).last(), Some(&Some(1)), "cut at {place}");
    }
    assert_eq!(host.send(&[0xAA; 50_000], refusal), []);
    assert!(matches!(host.send(&[0], refusal)[..], [Some(_)]));
    assert_eq!(host.send(&good, id), [Some(1)]);
    assert_eq!(host.send(&[0; 1000], id), []);
}

#[test]
fn an_image_of_another_size_is_refused_with_both_numbers() {
    let mut host = Host::new(&likeness());
    for found in [0, 783, 785, 1024] {
        let expected = Some(Refusal::Pixels { found, expected: 784 });
        assert_eq!(host.send(&classify(1, &vec![1; found as usize]), refusal), [expected]);
    }
}

#[test]
fn without_a_model_the_line_still_answers() {
    let mut host = Host::new(&[]);
    assert_eq!(host.send(&classify(1, &[1; 784]), refusal), [Some(Refusal::NoModel)]);
    host.send(&frame(&Request::Hello), |response| {
        let Response::Hello(hello) = response else { panic!("{response:?}") };
        assert_eq!(hello.model, Err("no model in flash; flash one"));
    });
}

#[test]
#[should_panic(expected = "asked to by the host")]
fn a_panic_can_be_asked_for() {
    Host::new(&likeness()).send(&frame(&Request::Panic), |_| ());
}

#[test]
fn a_board_without_a_boot_loader_refuses_to_leave_for_it_and_goes_on() {
    let mut host = Host::new(&likeness());
    for _ in 0..2 {
        assert_eq!(host.send(&frame(&Request::Boot), refusal), [Some(Refusal::NoBootLoader)]);
    }
}

#[test]
fn a_board_is_asked_for_its_boot_loader_once_and_the_host_has_an_answer() {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let mut host = Host::new(&likeness());
    let boot_loader: Option<fn()> = Some(|| {
        ASKED.fetch_add(1, Ordering::Relaxed);
    });
    host.app = app_of(Board { boot_loader, ..BOARD }, region(&likeness()));
    assert_eq!(host.send(&frame(&Request::Boot), |answer| answer == Response::Done), [true]);
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}
