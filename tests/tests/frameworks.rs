//! Networks in files that the frameworks themselves have written give the frameworks' logits; damaged files
//! are refused.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use inkbit::data::{Images, Shape};
use inkbit::import::{Options, Parsed, parse};
use inkbit::net::Backend;

/// Greatest difference of logits, relative to the greatest logit.
const TOLERANCE: f64 = 1e-4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("frameworks")
}

/// Every file of the frameworks' folders, unpacked, sorted by path.
fn files() -> Vec<(PathBuf, Vec<u8>)> {
    ["keras", "onnx", "tflite", "torch"]
        .into_iter()
        .flat_map(|name| read(&folder().join(name)))
        .collect()
}

/// Every file of a folder, unpacked, sorted by path.
fn read(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let kind = path.extension().unwrap().to_str().unwrap();
        match kind {
            "json" | "data" => {}
            "gz" => {
                let mut unpacked = Vec::new();
                GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
                files.push((path.with_extension(""), unpacked));
            }
            _ => files.push((path, bytes)),
        }
    }
    files
}

fn name(path: &Path) -> String {
    let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
    format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap())
}

fn images() -> Images {
    let content = fs::read(folder().join("images-8x8.idx3-ubyte")).unwrap();
    let pixels = content[16..].to_vec();
    Images { shape: Shape::square(8), labels: vec![0; pixels.len() / 64], pixels }
}

/// The logits that a record has under this name, image after image.
fn recorded(record: &Value, name: &str) -> Vec<f64> {
    let rows = record[name].as_array().unwrap().iter();
    rows.flat_map(|row| row.as_array().unwrap()).map(|value| value.as_f64().unwrap()).collect()
}

fn argmax(row: &[f64]) -> usize {
    (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()
}

#[test]
fn every_file_of_a_framework_gives_its_logits() {
    let images = images();
    let device = Backend::default().device().unwrap();
    let files = files();
    let mut seen = 0;
    for framework in ["keras", "onnx", "tflite", "torch"] {
        for entry in fs::read_dir(folder().join(framework)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let scaled = &record["preprocessing"];
            let normal = scaled["mean"].as_f64().zip(scaled["deviation"].as_f64());
            // What a state dict does not say.
            let epsilon = match name(&path).as_str() {
                "torch/batchnorm.json" => vec![1e-5, 1e-3],
                _ => Vec::new(),
            };
            let normal = normal.map(<[f64; 2]>::from);
            let options = Options { normal, epsilon, ..Options::default() };
            // Integers are turned into floats; what the framework computes with them is rounded.
            let key = if record["dequantized"].is_array() { "dequantized" } else { "logits" };
            let expected = recorded(&record, key);
            let classes = expected.len() / images.len();
            for file in record["files"].as_array().unwrap() {
                let file =
                    format!("{framework}/{}", file.as_str().unwrap().trim_end_matches(".gz"));
                let (_, bytes) = files.iter().find(|(path, _)| name(path) == file).unwrap();
                let Parsed { network, notes, .. } = parse(bytes.clone(), &options)
                    .unwrap_or_else(|fault| panic!("{file}: {fault}"));
                let found = network.logits(&images, &device);
                let found: Vec<f64> = found.into_iter().map(f64::from).collect();
                assert_eq!(found.len(), expected.len(), "{file}");
                let greatest = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
                let differences = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
                let difference = differences.fold(0.0, f64::max) / greatest;
                assert!(
                    difference <= TOLERANCE,
                    "{file}: logits differ by {difference:e} {notes:?}"
                );
                let rows = found.chunks(classes).zip(expected.chunks(classes));
                assert!(rows.clone().all(|(a, b)| argmax(a) == argmax(b)), "{file}: other classes");
                seen += 1;
            }
        }
    }
    assert!(seen >= 40, "{seen} files");
}

#[test]
fn hostile_files_are_refused_at_once_in_words() {
    let begun = std::time::Instant::now();
    let mut seen = 0;
    for (path, bytes) in read(&folder().join("damaged")) {
        let fault = parse(bytes, &Options::default()).map(|parsed| parsed.network.widths());
        let name = name(&path);
        match fault {
            // It is a network of 63 inputs, for which there are no square images; `--data` may say others.
            Ok(widths) => assert!(name.contains("no-square-image"), "{name}: {widths:?}"),
            Err(fault) => assert!(!fault.to_string().is_empty(), "{name}"),
        }
        seen += 1;
    }
    assert!(seen >= 30, "{seen} files");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn a_run_records_no_more_than_a_line_of_what_wrote_a_file() {
    let (_, mut bytes) =
        files().into_iter().find(|(path, _)| name(path).ends_with(".onnx")).unwrap();
    // The producer once more, with 16,383 characters: the last one counts.
    bytes.extend([0x12, 0xff, 0x7f]);
    bytes.extend([b'9'; 0x3fff]);
    let framework = parse(bytes, &Options::default()).unwrap().framework;
    assert!(framework.starts_with("ONNX by 999") && framework.len() == 60, "{framework}");
}

/// Each asked for hundreds of megabytes, for minutes, or for a number of an empty list.
#[test]
fn small_files_that_ask_for_much_are_refused_before_they_get_it() {
    const BUDGET: &str = "may be taken for a file of";
    let expected = [
        ("empty-factor.onnx", "Mul, node 1: it multiplies by 0 numbers and adds 1"),
        ("greedy-attributes.h5", BUDGET),
        ("greedy-chunks.h5", BUDGET),
        ("greedy-circle.h5", BUDGET),
        ("greedy-fill-value.h5", "up to `dense/0`, but at most"),
        ("greedy-index.h5", BUDGET),
        ("greedy-stride.pt", "of shape [2048, 2048] has more numbers than the 1 that the file has"),
        ("greedy-tables.keras", "`config.json` in it: found more than 524,288 bytes"),
        ("greedy-zeros.keras", "`model.weights.h5` in it: found more than"),
        ("scales-and-offsets.h5", "`r` (Rescaling), node 1: it multiplies by 2 numbers and adds 3"),
    ];
    let begun = std::time::Instant::now();
    let files = read(&folder().join("damaged"));
    for (file, message) in expected {
        let (_, bytes) = files.iter().find(|(path, _)| path.ends_with(file)).expect(file);
        let fault = parse(bytes.clone(), &Options::default()).unwrap_err().to_string();
        assert!(fault.contains(message), "{file}: {fault}");
    }
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn what_is_no_chain_of_dense_layers_is_refused_by_its_name_and_kind() {
    let expected = [
        ("keras/refused-branches.keras", "`sum` (Add), node 4: it takes values from 2 places"),
        ("keras/refused-convolution.h5", "(Conv2D), node 2: Inkbit has no convolutions"),
        ("keras/refused-tanh.keras", "(Dense), node 3: its activation is `tanh`"),
        ("onnx/refused-branches.onnx", "(Add), node 4: it takes the same value as `relu` (Relu)"),
        ("onnx/refused-convolution.onnx", "`conv` (Conv), node 1: Inkbit has no convolutions"),
        ("onnx/refused-dynamic-shape.onnx", "its input `image` has sides of any length"),
        ("onnx/refused-external-data.onnx", "are in another file"),
        ("onnx/refused-sigmoid.onnx", "`sigmoid` (Sigmoid), node 3: Inkbit has no such operator"),
        ("onnx/refused-two-outputs.onnx", "it has 2 outputs (logits, other)"),
        ("tflite/refused-convolution.tflite", "(CONV_2D), node 1: Inkbit has no convolutions"),
        ("torch/refused-torchscript.pt", "it is a TorchScript module"),
        (
            "torch/refused-whole-module.pt",
            "it is a whole module of the class `torch.nn.modules.container.Sequential`",
        ),
    ];
    let files = files();
    let refused: Vec<_> =
        files.iter().filter(|(path, _)| name(path).contains("/refused-")).collect();
    assert_eq!(refused.len(), expected.len());
    for ((path, bytes), (file, message)) in refused.into_iter().zip(expected) {
        assert_eq!(name(path), file);
        let fault = parse(bytes.clone(), &Options::default()).unwrap_err().to_string();
        assert!(fault.contains(message), "{file}: {fault}");
    }
}

/// One file of each ending and folder, of at most `bytes` bytes.
fn small(bytes: usize) -> Vec<(PathBuf, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut files = files();
    files.sort_by_key(|(_, content)| content.len());
    files.retain(|(path, content)| {
        let kind = (path.parent().unwrap().to_owned(), path.extension().unwrap().to_owned());
        let is_new = content.len() <= bytes && !seen.contains(&kind);
        if is_new {
            seen.push(kind);
        }
        is_new
    });
    files
}

#[test]
fn a_file_that_ends_anywhere_is_refused_or_read_and_nothing_panics() {
    for (path, bytes) in small(40_000) {
        // Every length near the ends, where the parts are that name others, and some between.
        let step = (bytes.len() / 2_000).max(1);
        for length in
            (0..bytes.len()).filter(|at| at % step == 0 || *at < 300 || at + 300 > bytes.len())
        {
            let _ = parse(bytes[..length].to_vec(), &Options::default());
        }
        assert!(parse(bytes, &Options::default()).is_ok() || name(&path).contains("refused"));
    }
}

#[test]
fn a_byte_that_is_changed_anywhere_makes_nothing_panic() {
    let mut rng = fastrand::Rng::with_seed(1);
    for (_, bytes) in small(40_000) {
        for _ in 0..3_000 {
            let mut damaged = bytes.clone();
            let changes = rng.usize(1..4);
            for _ in 0..changes {
                let at = rng.usize(..damaged.len());
                damaged[at] = match rng.u8(..10) {
                    0..3 => 0xff,
                    3..5 => 0,
                    _ => rng.u8(..),
                };
            }
            let _ = parse(damaged, &Options::default());
        }
    }
}

#[test]
fn what_is_no_network_says_what_is() {
    for bytes in [&b""[..], b"hello", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", &[0; 100]] {
        let fault = parse(bytes.to_vec(), &Options::default()).unwrap_err().to_string();
        assert!(fault.contains("save the network as") || fault.contains("damaged"), "{fault}");
    }
}
