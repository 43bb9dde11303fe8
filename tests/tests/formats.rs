//! A format that has a number never changes: what it was is kept in `tests/formats`.
//!
//! `INKBIT_BLESS=1 cargo test -p inkbit-tests formats` adds what is new there, and never alters what
//! is there. Where a test here fails, the layout, the arithmetic or the messages have changed: give
//! them a new number (`VERSION`, `PROTOCOL`), and keep the blobs of the old one in `blob-N`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use inkbit_core::blob::{OLDEST_VERSION, VERSION};
use inkbit_core::link::device::write_response;
use inkbit_core::link::{
    Hello, Key, Limits, Loaded, Mode, PROTOCOL, Refusal, Request, Reset, Response, Status, decode,
    encode,
};
use inkbit_core::{
    Error, Frame, Input, Layout, Model, ModelError, PackError, Sample, SampleError, ScratchError,
};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Oracle, crc32};

use super::equivalence::{assert_agree, core_answer};
use super::golden::{images, lines, logits_text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("formats")
}

/// Asserts that these lines, each behind its name, are those that are kept under the name of the
/// format and its number.
fn assert_kept(format: &str, found: &BTreeMap<String, String>) {
    let path = folder().join(format).with_extension("txt");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let kept: BTreeMap<_, _> = lines.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    for (name, value) in &kept {
        assert_eq!(
            found.get(name),
            Some(value),
            "{name} of {format} is not what it was: a changed format needs a new number"
        );
    }
    let new: Vec<&String> = found.keys().filter(|name| !kept.contains_key(*name)).collect();
    if std::env::var_os("INKBIT_BLESS").is_none() {
        assert!(new.is_empty(), "{} lacks {new:?}; add them with INKBIT_BLESS=1", path.display());
    } else if !new.is_empty() {
        let lines = found.iter().map(|(name, value)| format!("{name}: {value}\n"));
        fs::write(path, lines.collect::<String>()).unwrap();
    }
}

/// The golden blobs of a folder, with the text beside each.
fn golden(folder: &Path) -> Vec<(String, Vec<u8>, String)> {
    let names =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = names.map(|entry| entry.unwrap().path());
    let blobs = paths.filter(|path| path.extension().is_some_and(|kind| kind == "inkbit"));
    let golden = blobs.map(|path| {
        let logits = fs::read_to_string(path.with_extension("txt")).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read(path).unwrap(), logits)
    });
    golden.collect()
}

#[test]
fn the_golden_blobs_and_answers_of_a_format_version_stay_what_they_were() {
    let current = golden(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden"));
    let lines = current.into_iter().map(|(name, blob, answers)| {
        assert_eq!(blob[6..8], VERSION.to_le_bytes(), "{name}");
        let answers: String = answers.lines().filter(|line| !line.starts_with('#')).collect();
        // The CRC of a whole blob, its own CRC included, is always the same.
        let body = &blob[..blob.len() - 4];
        let value = format!("{:#010x}, answers {:#010x}", crc32(body), crc32(answers.as_bytes()));
        (name, value)
    });
    assert_kept(&format!("blob-{VERSION}"), &lines.collect());
}

#[test]
fn blobs_of_versions_that_are_no_longer_read_are_kept_and_refused_by_name() {
    for found in 1..OLDEST_VERSION {
        let blobs = golden(&folder().join(format!("blob-{found}")));
        assert!(!blobs.is_empty(), "no blob of format version {found} is kept");
        for (name, blob, _) in blobs {
            assert_eq!(blob[6..8], found.to_le_bytes(), "{name}");
            let blob = Aligned::new(&blob);
            let error = Model::parse(&blob).expect_err("another version");
            assert_eq!(error, ModelError::Version { found, expected: VERSION }, "{name}");
            assert_eq!(Model::parse_region(&blob).err(), Some(error), "{name}");
            let text = error.to_string();
            let expected =
                format!("has format version {found}, this build reads {VERSION}; quantize");
            assert!(text.contains(&expected), "{text}");
        }
    }
}

#[test]
fn blobs_of_older_versions_that_are_still_read_give_what_they_gave_and_are_written_anew() {
    for version in OLDEST_VERSION..VERSION {
        let blobs = golden(&folder().join(format!("blob-{version}")));
        assert_eq!(blobs.len(), 10, "format version {version}");
        for (name, blob, text) in blobs {
            assert_eq!(blob[6..8], version.to_le_bytes(), "{name}");
            let blob = Aligned::new(&blob);
            let other = Model::parse(&blob).expect_err("another version");
            assert_eq!(other, ModelError::Version { found: version, expected: VERSION }, "{name}");
            let model = Model::parse_any(&blob).unwrap_or_else(|error| panic!("{name}: {error}"));
            let oracle = Oracle::read(&blob).unwrap_or_else(|error| panic!("{name}: {error}"));
            let bytes = model.sample().bytes();
            let found = logits_text(bytes, |sample| core_answer(&model, sample));
            assert_eq!(found, lines(&text), "{name}");
            assert!(oracle.write_version_2() == *blob, "{name}: the oracle writes other bytes");

            let mut out = vec![0; model.max_blob_bytes()];
            let written = Aligned::new(model.write(&mut out).unwrap());
            assert_eq!(written[6..8], VERSION.to_le_bytes(), "{name}");
            assert!(oracle.write() == *written, "{name}: core writes other bytes than the oracle");
            let again = Model::parse(&written).unwrap();
            assert_eq!(model.header(), again.header(), "{name}");
            assert!(model.layers() == again.layers(), "{name}: other parameters");
            for (image, sample) in images(bytes) {
                let name = format!("{name}, {image}");
                let (old, new) = [&model, &again].map(|model| core_answer(model, &sample)).into();
                assert_eq!(old, new, "{name}");
                assert_agree(&model, &oracle, &sample, &name);
                assert_agree(&again, &oracle, &sample, &name);
            }
        }
    }
}

/// A line for each variant. A variant that is missing here does not compile.
macro_rules! variants {
    ($type:ident { $($pattern:pat => $name:literal,)+ }) => {
        |value: &$type<'_>| match value { $($pattern => $name,)+ }
    };
}

#[test]
fn the_frames_of_a_protocol_version_stay_what_they_were() {
    let name = variants!(Request {
        Request::Hello => "Hello",
        Request::Classify { .. } => "Classify",
        Request::Status => "Status",
        Request::Key { key: Key::Up, .. } => "Key Up",
        Request::Key { key: Key::Down, .. } => "Key Down",
        Request::Key { key: Key::Left, .. } => "Key Left",
        Request::Key { key: Key::Right, .. } => "Key Right",
        Request::Key { key: Key::Select, .. } => "Key Select",
        Request::Pen { .. } => "Pen",
        Request::Clear => "Clear",
        Request::Show(Mode::Draw) => "Show Draw",
        Request::Show(Mode::Samples) => "Show Samples",
        Request::Show(Mode::Link) => "Show Link",
        Request::Panic => "Panic",
        Request::Boot => "Boot",
        Request::Store { .. } => "Store",
    });
    let key = |key| Request::Key { key, pressed: matches!(key, Key::Up | Key::Select) };
    let requests = [
        Request::Hello,
        Request::Classify { id: 0x1234_5678, pixels: &[129, 0, 200, 128] },
        Request::Status,
        key(Key::Up),
        key(Key::Down),
        key(Key::Left),
        key(Key::Right),
        key(Key::Select),
        Request::Pen { x: 27, y: 0, down: true },
        Request::Clear,
        Request::Show(Mode::Draw),
        Request::Show(Mode::Samples),
        Request::Show(Mode::Link),
        Request::Panic,
        Request::Boot,
        Request::Store { offset: 0x1_2300, bytes: &[73, 0, 255] },
    ];
    let mut lines = BTreeMap::new();
    for request in &requests {
        let mut out = [0; 64];
        let frame = encode(request, &mut out).unwrap();
        lines.insert(format!("request {}", name(request)), hex(frame));
    }
    assert_eq!(lines.len(), requests.len(), "each variant once");
    responses(&mut lines);
    assert_kept(&format!("protocol-{PROTOCOL}"), &lines);
}

fn responses(lines: &mut BTreeMap<String, String>) {
    let name = variants!(Response {
        Response::Hello(Hello { model: Err(_), .. }) => "Hello without a model",
        Response::Hello(Hello { model: Ok(Loaded { sample: Sample::Features { .. }, .. }), .. }) => "Hello of features",
        Response::Hello(Hello { model: Ok(Loaded { sample: Sample::Image(Frame { layout: Layout::AsItIs, .. }), .. }), .. }) => "Hello of images as they are",
        Response::Hello(Hello { model: Ok(Loaded { sample: Sample::Image(Frame { layout: Layout::Fitted, .. }), .. }), .. }) => "Hello of fitted images",
        Response::Hello(Hello { reset: Reset::Ordinary, .. }) => "Hello",
        Response::Hello(Hello { reset: Reset::Stuck { .. }, .. }) => "Hello after Stuck",
        Response::Hello(Hello { reset: Reset::Fault { .. }, .. }) => "Hello after Fault",
        Response::Hello(Hello { reset: Reset::Panic, .. }) => "Hello after Panic",
        Response::Logits { .. } => "Logits",
        Response::Status(Status { class: None, .. }) => "Status",
        Response::Status(Status { class: Some(_), .. }) => "Status with a class",
        Response::Done => "Done",
        Response::Refused(Refusal::Damaged) => "Refused Damaged",
        Response::Refused(Refusal::Oversized { .. }) => "Refused Oversized",
        Response::Refused(Refusal::Unknown) => "Refused Unknown",
        Response::Refused(Refusal::NoModel) => "Refused NoModel",
        Response::Refused(Refusal::Pixels { .. }) => "Refused Pixels",
        Response::Refused(Refusal::ModelChanged) => "Refused ModelChanged",
        Response::Refused(Refusal::NoBootLoader) => "Refused NoBootLoader",
        Response::Refused(Refusal::NoSlot) => "Refused NoSlot",
        Response::Refused(Refusal::Order) => "Refused Order",
        Response::Refused(Refusal::NotKept) => "Refused NotKept",
        Response::Refused(Refusal::Unfit) => "Refused Unfit",
        Response::Panicked { .. } => "Panicked",
    });
    let limits = Limits {
        model_address: 0x5000,
        model_bytes: 0x3_B000,
        cells: 1040,
        pixels: 1024,
        classes: 64,
    };
    let loaded = Loaded { name: "nano", crc: 0xDEAD_BEEF, sample: Sample::mnist(28), classes: 10 };
    let of = |sample| Ok(Loaded { sample, ..loaded });
    let frame = |layout| Sample::Image(Frame { width: 1024, height: 1, layout });
    let features = Sample::Features { count: 300, signed: true, ranges: 1 };
    // What stands in it is the firmware's own version in any case.
    let hello = |model, reset| {
        Response::Hello(Hello {
            protocol: PROTOCOL,
            firmware: "1.2.3",
            board: "microbit",
            limits,
            model,
            reset,
        })
    };
    let status = |class| {
        Response::Status(Status {
            mode: Mode::Samples,
            class,
            permille: 984,
            stack: 1500,
            stack_room: 2048,
            check: 300,
            in_ram: true,
        })
    };
    let responses: [Response<'_, &[i32]>; 24] = [
        hello(Ok(loaded), Reset::Ordinary),
        hello(of(frame(Layout::AsItIs)), Reset::Ordinary),
        hello(of(frame(Layout::Fitted)), Reset::Ordinary),
        hello(of(features), Reset::Ordinary),
        hello(Ok(loaded), Reset::Stuck { at: 0x1234 }),
        hello(Ok(loaded), Reset::Fault { at: 0x1234 }),
        hello(Ok(loaded), Reset::Panic),
        hello(Err("no model here"), Reset::Ordinary),
        Response::Logits {
            id: 300,
            nanoseconds: 1_400_000,
            logits: &[0, -1, 64, i32::MIN, i32::MAX],
        },
        status(None),
        status(Some(300)),
        Response::Done,
        Response::Refused(Refusal::Damaged),
        Response::Refused(Refusal::Oversized { limit: 802 }),
        Response::Refused(Refusal::Unknown),
        Response::Refused(Refusal::NoModel),
        Response::Refused(Refusal::Pixels { found: 36, expected: 784 }),
        Response::Refused(Refusal::ModelChanged),
        Response::Refused(Refusal::NoBootLoader),
        Response::Refused(Refusal::NoSlot),
        Response::Refused(Refusal::Order),
        Response::Refused(Refusal::NotKept),
        Response::Refused(Refusal::Unfit),
        Response::Panicked { message: "src/main.rs:1: oh" },
    ];
    let before = lines.len();
    for response in &responses {
        let mut out = [0; 128];
        let frame = encode(response, &mut out).unwrap();
        let mut by_device = [0; 128];
        assert_eq!(write_response(response, &mut by_device), Some(&*frame));
        // The host's type of the same message.
        let message = unframe(frame);
        let received: Response<'_> = decode(&message).unwrap();
        lines.insert(format!("response {}", name(&received)), hex(frame));
    }
    assert_eq!(lines.len() - before, responses.len(), "each variant once");
}

/// The message of a frame, without its CRC.
fn unframe(frame: &[u8]) -> Vec<u8> {
    let mut receiver = inkbit_core::link::Receiver::<128>::new();
    let mut found = None;
    for &byte in frame {
        if let Some(message) = receiver.push(byte) {
            found = Some(message.unwrap().to_vec());
        }
    }
    found.expect("a whole frame")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn the_codes_of_errors_stay_what_they_were() {
    let (found, expected, limit, needed, layer) = (1, 2, 3, 4, 5);
    let errors = [
        ModelError::Misaligned { remainder: 1 },
        ModelError::Blank { byte: 0 },
        ModelError::Magic { found: [0; 6] },
        ModelError::Version { found: 1, expected: 2 },
        ModelError::Truncated { found, expected },
        ModelError::Trailing { found, expected },
        ModelError::Crc { found: 1, expected: 2 },
        ModelError::Extent { length: 1 },
        ModelError::Number,
        ModelError::Utf8,
        ModelError::LayerCount { found, limit },
        ModelError::Width { layer, found, limit },
        ModelError::Inputs { layer, found, expected },
        ModelError::Bits { layer, found: 3 },
        ModelError::Multipliers { layer, found, expected },
        ModelError::Bias { layer, row: 1, found: 1, limit: 1 },
        ModelError::Data { found, expected },
        ModelError::Padding { found },
        ModelError::Labels { found, expected },
        ModelError::EmptyLabel { class: 1 },
        ModelError::Text { field: "name", found, limit },
        ModelError::Input(Input::square(1, 1, 1)),
        ModelError::LogitScale,
        ModelError::Accuracy { correct: 2, tested: 1 },
        ModelError::StageCount { found, limit },
        ModelError::Classes { found, expected },
        ModelError::Ink { found: 1, limit: 2 },
        ModelError::RangeCount { found: 1, expected: 2 },
        ModelError::Offset { feature: 1, found: 1 },
        ModelError::Shift { layer, multiplier_shift: 1, bias_shift: 1 },
    ];
    assert_eq!(errors.len(), 30);
    for (error, code) in errors.into_iter().zip(1..) {
        assert_eq!((error.code(), Error::from(error).code()), (code, code), "{error}");
    }
    assert_eq!(Error::from(ScratchError { found, needed }).code(), 64);
    assert_eq!(Error::from(SampleError { found, expected }).code(), 65);
    assert_eq!(Error::from(PackError::BufferTooSmall { found, needed }).code(), 66);
}
