//! Files that were made to take memory or time. Every reader has a limit, which its error names.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::data_sources::{gzip, npy, zip as zip_files};
use crate::import::framework;
use crate::place::{Ended, Place};

mod pictures;

use pictures::{PICTURE_MEMORY, digit, jpeg, png};

/// The memory that a command may take in KiB, all told: half of it is its own without any file.
const MEMORY: u64 = 256 << 10;
/// The same for a library that Inkbit watches while it reads.
const LIBRARY_MEMORY: u64 = 800 << 10;
/// The same for arrays whose file unpacks to the most bytes, 64 MiB, which become twice as many.
const ARRAY_MEMORY: u64 = 340 << 10;
/// The most time; a busy machine takes its share.
const TIME: Duration = Duration::from_secs(20);

/// Runs the command with so much memory in KiB.
fn confined(place: &Place, memory: u64, arguments: &str) -> Ended {
    let begin = Instant::now();
    let program = place.command("");
    let script = format!("ulimit -v {memory}; exec timeout 60 \"$0\" {arguments}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(program.get_program()).current_dir(place.path("."));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let ended = Ended::from(shell.output().unwrap());
    assert!(begin.elapsed() < TIME, "{arguments}: {:?}", begin.elapsed());
    ended
}

/// Runs the command, which must refuse a file with this in its message.
fn refused(place: &Place, memory: u64, arguments: &str, expected: &str) {
    let ended = confined(place, memory, arguments);
    assert!(matches!(ended.code, Some(1 | 2)), "{arguments}: {ended:.900?}");
    let shown: String = ended.err.chars().take(900).collect();
    assert!(shown.contains(expected), "{arguments}: {shown}");
}

/// A ZIP with the four files of digits. Its images to train on are these bytes, and then zeros, of which
/// there are `megabytes`.
fn zip(place: &Place, images: &[u8], megabytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        let name = format!("{name}-ubyte");
        let builder = archive.new_file(&name).compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = builder.start().unwrap();
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::best()));
        if name.starts_with("train-images") {
            writer.write_all(images).unwrap();
            zeros(&mut writer, megabytes);
        } else {
            writer.write_all(&place.read(&format!("digits/{name}"))).unwrap();
        }
        let (encoder, descriptor) = writer.finish().unwrap();
        encoder.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

/// A ZIP with this number of entries. Each takes 60 bytes.
fn crowded(entries: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..entries {
        bytes.extend(b"PK\x01\x02");
        bytes.extend([0; 24]);
        bytes.extend([14, 0]);
        bytes.extend([0; 16]);
        bytes.extend(format!("{number:014}").into_bytes());
    }
    let length = (bytes.len() as u32).to_le_bytes();
    bytes.extend([&b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF"[..], &length, &[0; 6]].concat());
    bytes
}

/// A sparse file of this length, which takes nothing on the disk.
fn sparse(place: &Place, name: &str, start: &[u8], length: u64) {
    place.write(name, start);
    fs::File::options().write(true).open(place.path(name)).unwrap().set_len(length).unwrap();
}

/// Zeros, a megabyte at a time.
fn zeros(to: &mut impl Write, megabytes: usize) {
    let block = vec![0; 1 << 20];
    (0..megabytes).for_each(|_| to.write_all(&block).unwrap());
}

fn zlib_zeros(megabytes: usize) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    zeros(&mut packed, megabytes);
    packed.finish().unwrap()
}

/// It copies one name for each of many members, which no limit of Inkbit's own sees.
#[test]
fn what_the_library_for_hdf5_makes_of_a_small_file_is_limited() {
    let place = Place::new();
    place.write("names.keras", framework("damaged/greedy-names.keras"));
    let import = "import names.keras -o new --data digits";
    refused(&place, LIBRARY_MEMORY, import, "its weights were not read within ");
    println!("tried: 1 hostile files under a limit of memory");
}

/// Numbers of a byte, which become twice as many bytes, in a small NPZ.
#[test]
fn arrays_take_no_more_than_they_are_and_what_they_become() {
    let place = Place::new();
    let count = 65 << 10;
    let mut signed = npy("|i1", &[count, 1000], &vec![0; count * 1000]);
    let last = signed.len() - 1;
    signed[last] = 0xFF;
    let labels: Vec<u8> = (0..count).map(|number| (number % 2) as u8).collect();
    let labels = npy("|u1", &[count], &labels);
    let files = [("x", signed), ("y", labels)]
        .map(|(name, array)| (format!("{name}.npy.gz"), gzip(&array)));
    let content = zip_files(&files);
    assert!(content.len() < 400_000, "{}", content.len());
    place.write("signed.npz", content);
    let ended = confined(&place, ARRAY_MEMORY, "data check signed.npz --features");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    println!("tried: 1 hostile files under a limit of memory");
}

#[test]
fn images_and_labels_take_no_more_than_they_are() {
    let place = Place::new();
    let header = |sizes: &[u32]| {
        let kind = 0x800 + sizes.len() as u32;
        [&[kind], sizes].concat().into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>()
    };
    let gzipped = |header: &[u8], megabytes| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(header).unwrap();
        zeros(&mut packed, megabytes);
        packed.finish().unwrap()
    };
    let images = "digits/train-images-idx3-ubyte";
    let huge = header(&[2047, 1 << 10, 1 << 10]);
    let cases: [(Vec<u8>, &str); 4] = [
        (huge.clone(), "is truncated: 16 bytes, expected 2146435088"),
        (gzipped(&huge, 200), "the limit for a packed file of its size is 67108864"),
        (gzipped(&header(&[320, 8, 8]), 200), "goes on after the 20496 bytes"),
        (header(&[u32::MAX; 3]), "the limit is 2147483648"),
    ];
    for (content, expected) in &cases {
        place.write(images, content);
        refused(&place, MEMORY, "evaluate model.inkbit --data digits", expected);
    }
    place.write_data("digits", &crate::place::bars(8, 4, 320), &crate::place::bars(8, 4, 80));
    let archives: [(Vec<u8>, &str); 4] = [
        (zip(&place, &huge, 200), "the limit for a packed file of its size is 67108864"),
        (
            zip(&place, &gzipped(&huge, 200), 0),
            "the limit for a packed file of its size is 67108864",
        ),
        (zip(&place, &header(&[320, 8, 8]), 200), "goes on after the 20496 bytes"),
        (crowded(1_000_000), "has over 1000 entries"),
    ];
    for (content, expected) in &archives {
        place.write("mine.zip", content);
        refused(&place, MEMORY, "evaluate model.inkbit --data mine.zip", expected);
    }
    // A line for each class; each is compared with all before it.
    let many: String = (0..50_000).map(|line| format!("{line:x}\n")).collect();
    place.write("many.txt", many);
    place.write("long.txt", "x".repeat((1 << 18) + 1));
    let labels = [
        ("many.txt", " labels, but the model has 4 classes"),
        ("long.txt", "found 262,145 bytes, the limit is 262,144"),
        ("/dev/zero", "found more than 262,144 bytes, the limit is 262,144"),
    ];
    for (file, expected) in labels {
        let arguments = format!("evaluate model.inkbit --data digits --labels {file}");
        refused(&place, MEMORY, &arguments, expected);
    }
    let count = cases.len() + archives.len() + labels.len();
    println!("tried: {count} hostile files under a limit of memory");
}

#[test]
fn models_configurations_and_firmware_take_no_more_than_they_are() {
    let place = Place::new();
    let blob = place.read("model.inkbit");
    // Says that it has 4 GB, and has them.
    let mut claim = blob.clone();
    claim[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    sparse(&place, "claim.inkbit", &claim, u64::from(u32::MAX));
    sparse(&place, "longer.inkbit", &blob, 1 << 40);
    let lists = "[".repeat(250_000);
    let tables: String = (0..100_000).map(|n| format!("[k{n}.a.b.c]\n")).collect();
    place.write("lists.toml", format!("hidden = {lists}"));
    place.write("dots.toml", format!("a{} = 1", ".a".repeat(120_000)));
    place.write("tables.toml", &tables[..250_000]);
    place.write("numbers.toml", format!("hidden = [{}]", "9,".repeat(120_000)));
    sparse(&place, "long.toml", b"", 1 << 40);
    let limit = "found more than 262,144 bytes, the limit is 262,144";
    let long = "found 1,099,511,627,776 bytes, the limit is 262,144";
    let cases = [
        ("inspect claim.inkbit", "says that it has 4294967295 bytes, the limit is 135790592"),
        ("inspect longer.inkbit", "longer.inkbit"),
        ("inspect /dev/zero", "/dev/zero"),
        ("train --out new --config /dev/zero", limit),
        ("train --out new --config long.toml", long),
        ("train --out new --config lists.toml", "lists.toml"),
        ("train --out new --config dots.toml", "dots.toml"),
        ("train --out new --config tables.toml", "tables.toml"),
        ("train --out new --data digits --config numbers.toml", "hidden"),
        ("sweep --out new --plan /dev/zero", limit),
        ("report model.inkbit --data digits --instructions /dev/zero", limit),
        (
            "image model.inkbit --board microbit -o m.elf --firmware /dev/zero",
            "the limit is 67,108,864",
        ),
    ];
    for (arguments, expected) in cases {
        refused(&place, MEMORY, arguments, expected);
    }
    println!("tried: {} hostile files under a limit of memory", cases.len());
}

#[test]
fn a_run_folder_of_others_takes_no_more_than_it_is() {
    let place = Place::new();
    let whole: Vec<(&str, Vec<u8>)> =
        ["config.toml", "data.toml", "history.json", "weights.safetensors"]
            .map(|name| (name, place.read(&format!("run/{name}"))))
            .into();
    let history = String::from_utf8(place.read("run/history.json")).unwrap();
    let data = String::from_utf8(place.read("run/data.toml")).unwrap();
    let loss = history.split_once("validation_loss\": ").unwrap().1.split_once(',').unwrap().0;
    let classes = format!("classes = [{}]", "\"\",".repeat(80_000));
    let labels = data.lines().find(|line| line.starts_with("classes")).unwrap();
    let header = [&(1_u64 << 62).to_le_bytes()[..], b"{}"].concat();
    let nested = "[".repeat(1 << 20);
    let cases: [(&str, Vec<u8>, u64, &str); 10] = [
        ("history.json", history.replace(loss, "1e39").into(), 0, "is inf, but must be finite"),
        (
            "history.json",
            history.replace("epoch\": 2", "epoch\": 99").into(),
            0,
            "epoch 99 is in the place",
        ),
        ("history.json", nested.clone().into(), 0, "history.json: invalid type"),
        ("history.json", Vec::new(), 1 << 40, "the limit is 16,777,216"),
        ("data.toml", data.replace(labels, &classes).into(), 0, "it has 80000 classes"),
        (
            "data.toml",
            data.replace("side = 8", "side = 4294967296").into(),
            0,
            "must be from 1 to 1024",
        ),
        (
            "data.toml",
            data.replace("\"1\"", "\"1\u{202e}\"").into(),
            0,
            "has the invisible character",
        ),
        ("data.toml", Vec::new(), 1 << 40, "the limit is 262,144"),
        ("config.toml", Vec::new(), 1 << 40, "the limit is 262,144"),
        ("weights.safetensors", header, 0, "weights.safetensors: "),
    ];
    for (name, content, length, expected) in &cases {
        whole.iter().for_each(|(name, content)| place.write(&format!("run/{name}"), content));
        sparse(&place, &format!("run/{name}"), content, (*length).max(content.len() as u64));
        refused(&place, MEMORY, "report run", expected);
    }
    whole.iter().for_each(|(name, content)| place.write(&format!("run/{name}"), content));
    // The limit of the weights is what the configuration makes of them.
    sparse(&place, "run/weights.safetensors", b"", 1 << 40);
    refused(&place, MEMORY, "report run", "found 1,099,511,627,776 bytes, the limit is 528,");
    place.write("run/weights.safetensors", &whole[3].1);
    // Finite weights whose logits are not: the axis of a picture would not end.
    for value in [3e38_f32, 1e20, -1e38] {
        let mut weights = place.read("run/weights.safetensors");
        let header = u64::from_le_bytes(*weights.first_chunk().unwrap()) as usize + 8;
        // A file without a checksum is read, too.
        let at = weights.windows(6).position(|bytes| bytes == b"crc32 ").unwrap();
        weights[at] = b'C';
        for number in weights[header..].as_chunks_mut().0 {
            *number = value.to_le_bytes();
        }
        place.write("run/weights.safetensors", weights);
        let ended = confined(&place, MEMORY, "report run");
        assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
        whole.iter().for_each(|(name, content)| place.write(&format!("run/{name}"), content));
    }
    // A pipe that nobody writes into would be waited for.
    for (name, _) in &whole {
        fs::remove_file(place.path(format!("run/{name}"))).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(place.path(format!("run/{name}")))
                .status()
                .unwrap()
                .success()
        );
        refused(&place, MEMORY, "report run", "found a pipe or a device, expected a file");
        fs::remove_file(place.path(format!("run/{name}"))).unwrap();
        whole.iter().for_each(|(name, content)| place.write(&format!("run/{name}"), content));
    }
    println!("tried: {} hostile files under a limit of memory", cases.len() + 4 + whole.len());
}

/// Of every kind of file one that is sound, the command that reads it, and the name that it reads it
/// by.
const READERS: [(&str, &str); 11] = [
    ("digit.png", "predict model.inkbit digit.png"),
    ("digit.jpg", "predict model.inkbit digit.jpg"),
    ("model.inkbit", "inspect model.inkbit --weights"),
    ("digits/t10k-images-idx3-ubyte", "evaluate other.inkbit --data digits"),
    ("digits/t10k-labels-idx1-ubyte", "evaluate other.inkbit --data digits"),
    ("labels.txt", "evaluate other.inkbit --data digits --labels labels.txt"),
    ("mine.zip", "evaluate other.inkbit --data mine.zip"),
    ("run/config.toml", "report run"),
    ("run/data.toml", "report run"),
    ("run/history.json", "report run"),
    ("run/weights.safetensors", "report run"),
];

/// Damages sound files at random: 3 times each, or 300 times where INKBIT_LONG is set, which takes three minutes.
#[test]
fn damaged_files_of_every_reader_end_in_a_result_or_an_error() {
    let tries = if env::var_os("INKBIT_LONG").is_some() { 300 } else { 3 };
    let place = Place::new();
    place.write("other.inkbit", place.read("model.inkbit"));
    place.write("digit.png", png(28, 28, [8, 0], &[(b"IDAT", &digit())]));
    place.write("digit.jpg", jpeg(64, 3));
    place.write("mine.zip", zip(&place, &place.read("digits/train-images-idx3-ubyte"), 0));
    place.write("labels.txt", "zero\none\ntwo\nthree\n");
    let mut random = inkbit::support::rng::Rng::new(12, &[]);
    for (name, arguments) in READERS {
        let sound = place.read(name);
        for number in 0..tries {
            let mut damaged = sound.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(damaged.len());
                match random.below(4) {
                    0 => damaged.truncate(at.max(1)),
                    1 => damaged[at] = random.bits() as u8,
                    2 => damaged[at] ^= 1 << random.below(8),
                    // A number that is much too large, in text or in bytes.
                    _ => {
                        let digits = if random.below(2) == 0 { [b'9'; 8] } else { [0xFF; 8] };
                        let end = (at + 8).min(damaged.len());
                        damaged.splice(at..end, digits);
                    }
                }
            }
            place.write(name, &damaged);
            let ended = confined(&place, PICTURE_MEMORY, arguments);
            assert!(
                matches!(ended.code, Some(0..=2)) && !ended.err.contains("panicked"),
                "{arguments} with {name} damaged the {number}th time: {ended:?}"
            );
        }
        place.write(name, &sound);
    }
    println!("tried: {} damaged files under a limit of memory", tries * READERS.len());
}

#[test]
fn a_network_of_another_framework_takes_no_more_memory_than_it_has_parameters() {
    let place = Place::untrained();
    let mut count = 0;
    let folder = crate::book::root().join("tests/frameworks/damaged");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let content = crate::import::framework(&format!("damaged/{name}"));
        let name = name.trim_end_matches(".gz");
        place.write(name, content);
        refused(&place, MEMORY, &format!("import {name} -o new --data digits"), "error: ");
        count += 1;
    }
    for (name, start) in [("large.h5", &b"\x89HDF\r\n\x1a\n"[..]), ("large.onnx", b"\x08\x08\x12")]
    {
        sparse(&place, name, start, (256 << 20) + 1);
        let expected = "found 268,435,457 bytes, the limit is 268,435,456";
        refused(&place, MEMORY, &format!("import {name} -o new --data digits"), expected);
        count += 1;
    }
    assert!(!place.path("new").exists());
    println!("tried: {count} hostile files under a limit of memory");
}
