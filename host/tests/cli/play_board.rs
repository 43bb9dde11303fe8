//! The page of `play` with a board at a serial port: one in an emulator, and one that is the page's own
//! module, at a line that somebody spoils.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use inkbit::device::emulator::Screen;
use inkbit::device::{Board, Client, Emulator, Firmware};
use inkbit_core::link::{PROTOCOL, RESPONSE_FRAME, Receiver, Response, decode};
use serde_json::{Value, json};

use crate::browser::browser;
use crate::device::can_emulate;
use crate::place::Place;

const TINY: &[u8] = include_bytes!("../../models/tiny.inkbit");
const NANO: &[u8] = include_bytes!("../../models/nano.inkbit");
const PORT: &str = include_str!("board.js");

/// The most time for what a page is to do.
const PATIENCE: Duration = Duration::from_secs(240);

/// What a script in the page of these models finds; `line` leads to a board.
fn find(browser: &Path, models: &str, script: &str, line: Arc<Mutex<dyn Wire>>) -> Value {
    let place = Place::untrained();
    for (name, blob) in [("tiny.inkbit", TINY), ("nano.inkbit", NANO)] {
        place.write(name, blob);
    }
    place.succeed(&format!("play {models} -o page.html"));
    let page = String::from_utf8(place.read("page.html")).unwrap();
    let page = format!(
        "{page}<script>{PORT}(async () => {{ const found = {{}}; try {{ await started; {script} }} catch (error) \
         {{ found.error = String(error.stack) }} parent.fetch('/found', {{ method: 'POST', body: \
         JSON.stringify(found) }}) }})()</script>"
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let (send, found) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (page, line, send) = (page.clone(), Arc::clone(&line), send.clone());
            thread::spawn(move || answer(stream, &page, &*line, &send));
        }
    });
    let mut started = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", place.path("browser").display()))
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let found = found.recv_timeout(PATIENCE);
    started.kill().unwrap();
    started.wait().unwrap();
    let found: Value = serde_json::from_slice(&found.expect("the page has said nothing")).unwrap();
    assert_eq!(found["error"], Value::Null);
    found
}

/// A line with a board at its other end.
trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// Answers a browser that asks for the page, or speaks to the board. The page itself may ask for nothing: it
/// does by the frame around it.
fn answer(
    mut stream: TcpStream,
    page: &str,
    line: &Mutex<dyn Wire>,
    found: &mpsc::Sender<Vec<u8>>,
) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.extend(byte);
    }
    let request = String::from_utf8(request).unwrap().to_lowercase();
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    let mut answer = Vec::new();
    match request.split_once(" http").unwrap().0 {
        "get /" => answer.extend(b"<!DOCTYPE html><iframe src=page></iframe>"),
        "get /page" => answer.extend(page.as_bytes()),
        "post /line" => line.lock().unwrap().write_all(&body).unwrap(),
        "get /line" => {
            let mut bytes = [0; 4096];
            let read = line.lock().unwrap().read(&mut bytes);
            answer.extend(read.map_or_else(
                |error| {
                    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
                    &[][..]
                },
                |length| &bytes[..length],
            ));
        }
        "post /found" => found.send(body).unwrap(),
        _ => {}
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &answer].concat());
}

/// No board is there: the page's own module is.
fn nothing() -> Arc<Mutex<dyn Wire>> {
    Arc::new(Mutex::new(std::io::Cursor::new(Vec::new())))
}

#[test]
fn a_board_is_compared_told_apart_and_lost_and_a_bad_line_is_noticed() {
    let Some(browser) = browser() else { return };
    let found = find(
        &browser,
        "tiny.inkbit nano.inkbit",
        "
        const instance = (model) => new Device('', model.blob, 0).device;
        const [tiny, nano] = devices;
        found.without = await clicks('connect', () => at('differs').textContent !== '');
        plugIn();
        at('connect').click();
        await sleep(50);
        found.chosen = said();
        new Port(instance(tiny));
        line.opens = false;
        found.used = await clicks('connect', () => at('differs').textContent !== '');
        line.opens = true;
        show(tiny);
        found.hello = await clicks('connect', isConnected);
        found.drawings = [];
        for (const drawing of [SEVEN, ONE, FOUR]) found.drawings.push([...await compares(drawing), tiny.answer]);

        const before = asked;
        show(nano);
        found.other = await until('another model is compared', () => asked > before && at('differs').textContent !== '');
        found.logits = [nano, tiny].map((model) => pageAnswer(model, request(nano.device, 'ask_classify', 0)).logits.join(', '));
        found.noSlot = await clicks('give', () => at('differs').textContent.includes('refuses'));
        found.stays = isConnected();
        show(tiny);
        found.again = await compares(SEVEN);

        // One answer is damaged, in any place of it; then a request is; then the stream breaks.
        line.damage = (part) => { part[part.length >> 1] ^= 4; line.damage = () => {}; };
        found.damaged = await compares(ONE);
        const take = line.port.device.take;
        let place = 0;
        line.port.device = { ...line.port.device, take: (byte) => take(++place === 20 ? byte ^ 1 : byte) };
        const sent = line.sent;
        found.repeated = await compares(SEVEN);
        found.sent = line.sent - sent;

        // Nothing comes through; and then noise does, in whose midst answers are whole.
        line.damage = (part) => part.fill(7);
        found.bad = await compares(ONE).then(() => until('it is given up', () => !isConnected()));
        found.silent = await clicks('connect', () => at('differs').textContent !== '');
        line.damage = () => {};
        const noise = setInterval(() => line.port.waiting.push(9, 9, 0), 10);
        await clicks('connect', isConnected);
        found.back = await compares(SEVEN);

        clearInterval(noise);
        // Answers come while nothing is asked.
        const speaker = instance(tiny);
        for (const byte of [0, ...request(speaker, 'ask_hello')]) {
          const length = speaker.take(byte);
          const hello = [...copy(speaker, speaker.reply(), length)];
          for (let times = 0; times < 20; times++) line.port.waiting.push(...hello);
        }
        found.answers = line.port.waiting.length;
        await until('they are read', () => line.port.waiting.length === 0);
        await sleep(50);
        found.unasked = board.heard?.length ?? 0;
        line.port.unplug();
        found.gone = await until('it has gone', () => !isConnected());
        new Port(instance(tiny));
        await clicks('connect', isConnected);
        found.plugged = await compares(FOUR);
        found.left = await clicks('connect', () => !isConnected());
        await until('the port is closed', () => !line.port.isOpen);
        ",
        nothing(),
    );
    let text = |name: &str, place: usize| found[name][place].as_str().unwrap().to_owned();
    assert!(text("without", 1).contains("Chrome, Edge and Opera"), "{found}");
    assert_eq!(found["chosen"][1], "", "{found}");
    assert!(text("used", 1).contains("Is it in use"), "{found}");
    let hello = "Connected: web, firmware 0.1.0, model tiny";
    assert_eq!(found["hello"], json!([hello, ""]));
    let equal =
        |digit: &str| format!("web reads {digit}, and its 10 logits are equal to the page's.");
    for (drawing, digit) in found["drawings"].as_array().unwrap().iter().zip(["7", "1", "4"]) {
        assert_eq!(*drawing, json!([equal(digit), "", digit]));
    }
    let other = text("other", 1);
    let logits = found["logits"].as_array().unwrap();
    assert!(other.starts_with("The logits differ. They run different models.\nweb, "), "{other}");
    assert!(logits.iter().all(|logits| other.contains(logits.as_str().unwrap())), "{found}");
    assert!(logits[0] != logits[1], "{found}");
    assert!(text("noSlot", 1).contains("cannot write its flash"), "{found}");
    assert_eq!(found["stays"], true);
    for (name, digit) in
        [("again", "7"), ("damaged", "1"), ("repeated", "7"), ("back", "7"), ("plugged", "4")]
    {
        assert_eq!(found[name], json!([equal(digit), ""]), "{name}: {found}");
    }
    assert_eq!(found["sent"], 2, "a request is repeated: {found}");
    for name in ["bad", "silent"] {
        assert!(text(name, 1).starts_with("The board does not answer."), "{name}: {found}");
    }
    assert!(found["answers"].as_u64() > Some(100), "{found}");
    assert_eq!(found["unasked"], 0, "what answers nothing is kept: {found}");
    assert_eq!(found["gone"], json!(["", "The board has gone."]));
    assert_eq!(found["left"], json!(["", ""]));
}

/// What is read of a response.
fn expected(response: &Response<'_>) -> Value {
    match response {
        Response::Hello(hello) => {
            let (name, model) = match hello.model {
                Ok(model) => (model.name, json!(model.crc)),
                Err(reason) => (reason, json!(-1)),
            };
            json!([hello.board, hello.firmware, name, model])
        }
        Response::Logits { id, logits, .. } => json!([id, logits.as_slice()]),
        Response::Done | Response::Status(_) => json!([]),
        Response::Refused(refusal) => json!([format!("{refusal:?}")]),
        Response::Panicked { message } => json!([message]),
    }
}

#[test]
fn frames_of_this_protocol_are_read_in_the_page_as_core_reads_them() {
    let Some(browser) = browser() else { return };
    let file = format!("{}/../tests/formats/protocol-{PROTOCOL}.txt", env!("CARGO_MANIFEST_DIR"));
    let (mut frames, mut responses) = (Vec::new(), Vec::new());
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let Some((_, digits)) =
            line.strip_prefix("response ").and_then(|line| line.split_once(": "))
        else {
            continue;
        };
        let frame: Vec<u8> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let mut receiver = Receiver::<RESPONSE_FRAME>::new();
        let message =
            frame.iter().find_map(|&byte| receiver.push(byte).map(|it| it.unwrap().to_vec()));
        responses.push(expected(&decode(&message.unwrap()).unwrap()));
        frames.push(frame);
    }
    assert!(frames.len() >= 20);
    let mut script = String::new();
    let _ = write!(
        script,
        "const ear = new WebAssembly.Instance(module, {{}}).exports;
        found.read = {frames:?}.map((frame) => hear(ear, frame)).map((heard) => heard.length === 1 && heard[0]);"
    );
    let found = find(&browser, "tiny.inkbit", &script, nothing());
    let read = found["read"].as_array().unwrap();
    let mut reasons = Vec::new();
    for (read, expected) in read.iter().zip(&responses) {
        let fields = match (read["kind"].as_u64(), expected.as_array().unwrap().len()) {
            (Some(0), 4) => {
                let said = read["said"].as_str().unwrap();
                let words = expected.as_array().unwrap()[..3].iter();
                assert!(words.clone().all(|word| said.contains(word.as_str().unwrap())), "{said}");
                assert_eq!(read["name"], expected[0]);
                assert_eq!(read["crc"], expected[3]);
                continue;
            }
            (Some(1), 2) => json!([read["id"], read["logits"]]),
            (Some(2 | 3), 0) => continue,
            (None, 1) => {
                reasons.push((
                    read["why"].as_str().unwrap_or_default(),
                    expected[0].as_str().unwrap(),
                ));
                continue;
            }
            _ => panic!("{read} for {expected}"),
        };
        assert_eq!(fields, *expected);
    }
    let why = |name: &str| reasons.iter().find(|(_, reason)| reason.starts_with(name)).unwrap().0;
    assert_eq!((why("Damaged"), why("Oversized")), ("", ""));
    for (name, word) in [
        ("Unknown", "version"),
        ("NoModel", "no model"),
        ("Pixels", "size"),
        ("ModelChanged", "changed"),
        ("NoSlot", "cannot write"),
        ("Order", "order"),
        ("NotKept", "keep"),
        ("Unfit", "fit"),
        ("src/main.rs:1: oh", "panicked: src/main.rs:1: oh"),
    ] {
        assert!(why(name).contains(word), "{name}: {reasons:?}");
    }
}

#[test]
fn a_pico_gets_a_model_that_is_dropped_on_the_page_and_reads_what_is_drawn() {
    let Some(browser) = browser() else { return };
    if !can_emulate(["pico"]) {
        return;
    }
    let board = Board::find("pico").unwrap();
    let firmware = Firmware::find(&board, None).unwrap();
    let mut pico = Emulator::start(&board, &firmware, TINY, &Screen::Headless, &[]).unwrap();
    let line = pico.connect().unwrap();
    // Once it has started: an emulator on a machine that has other things to do takes its time.
    Client::new(line.try_clone().unwrap(), 1).hello().unwrap();
    let script = format!(
        "
        plugIn();
        new Port(null);
        found.hello = await clicks('connect', isConnected);
        found.drawings = [];
        for (const drawing of [SEVEN, ONE, FOUR]) found.drawings.push(await compares(drawing));
        await open([new File([new Uint8Array({NANO:?})], 'nano.inkbit')]);
        found.other = await until('another model is compared', () => at('differs').textContent !== '');
        // Its port is gone while it starts.
        const [first, last] = [line.port, line.sent + Math.ceil(shown.blob.length / 1024)];
        line.after = (sent) => sent === last && first.unplug();
        at('give').click();
        await until('it is sent', () => line.port === null);
        found.pieces = at('given').max;
        await sleep(500);
        found.gone = said();
        new Port(null);
        found.back = await until('it has started', () => at('wired').textContent.includes('reads'));
        found.sent = await compares(SEVEN);
        "
    );
    let found = find(&browser, "tiny.inkbit", &script, Arc::new(Mutex::new(line)));
    drop(pico);
    assert_eq!(found["hello"], json!(["Connected: pico, firmware 0.1.0, model tiny", ""]));
    let equal = |digit: &str| {
        json!([format!("pico reads {digit}, and its 10 logits are equal to the page's."), ""])
    };
    let drawings = found["drawings"].as_array().unwrap();
    for (drawing, digit) in drawings.iter().zip(["7", "1", "4"]) {
        assert_eq!(*drawing, equal(digit));
    }
    let other = found["other"][1].as_str().unwrap();
    assert!(
        other.contains("They run different models.\npico, firmware 0.1.0, model tiny: "),
        "{other}"
    );
    assert_eq!(found["pieces"], NANO.len().div_ceil(1024));
    assert_eq!(found["gone"], json!(["Sending nano…", ""]));
    assert_eq!((&found["back"], &found["sent"]), (&equal("4"), &equal("7")));
}
