//! Data as people have them: every kind of source gives the same images, and says what is wrong.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::GrayImage;
use inkbit::data::source::{Loaded, Reading, Request, transpose};
use inkbit::data::{Images, load, load_as, synthetic};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::place::Place;

/// Synthetic digits, ten of each class to train on and five to test on; in every part class after class
/// in turn, as pictures are read.
fn digits() -> [Images; 2] {
    let data = synthetic::dataset(200, 100, 1);
    [(&data.train, 10), (&data.test, 5)].map(|(images, each)| {
        let of = |class: u8, number: usize| {
            let mut found = (0..images.len()).filter(|&at| images.labels[at] == class);
            found.nth(number).unwrap() as u32
        };
        let chosen = (0..each).flat_map(|number| (0..10).map(move |class| (class, number)));
        images.chosen(&chosen.map(|(class, number)| of(class, number)).collect::<Vec<_>>())
    })
}

const PARTS: [&str; 2] = ["train", "test"];

/// A picture for each image, in the folder of its class.
fn write_pictures(place: &Place, folder: &str, images: &Images, end: &str) {
    let side = images.side as u32;
    for (index, (pixels, label)) in images.iter().enumerate() {
        let folder = place.path(format!("{folder}/{label}"));
        fs::create_dir_all(&folder).unwrap();
        let picture = GrayImage::from_raw(side, side, pixels.to_vec()).unwrap();
        picture.save(folder.join(format!("{index:04}.{end}"))).unwrap();
    }
}

fn csv(images: &Images, header: bool) -> String {
    let mut text = String::new();
    if header {
        let names = (0..images.side * images.side).map(|pixel| format!(",pixel{pixel}"));
        text += &format!("label{}\n", names.collect::<String>());
    }
    for (pixels, label) in images.iter() {
        let values: String = pixels.iter().map(|value| format!(",{value}")).collect();
        text += &format!("{label}{values}\n");
    }
    text
}

fn npy(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length},")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}      \n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
}

/// The four arrays of Keras' mnist.npz.
fn arrays(parts: &[Images; 2]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (name, images) in PARTS.iter().zip(parts) {
        let shape = [images.len(), images.side, images.side];
        files.push((format!("x_{name}.npy"), npy("|u1", &shape, &images.pixels)));
        files.push((format!("y_{name}.npy"), npy("|u1", &shape[..1], &images.labels)));
    }
    files
}

fn zip<C: AsRef<[u8]>>(files: &[(String, C)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, content) in files {
        let builder = archive.new_file(name).compression_method(CompressionMethod::STORE);
        let (mut entry, config) = builder.start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content.as_ref()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content.as_ref()).unwrap();
    gzip.finish().unwrap()
}

/// All files below a folder, by their paths in it.
fn files_in(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
    let (root, mut folders, mut files) = (place.path(folder), vec![place.path(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The digest that the data have when they are imported; the command prints no warning.
fn imported(place: &Place, source: &str) -> [u8; 32] {
    let folder = format!("{}.imported", source.split(' ').next().unwrap().replace('/', "-"));
    place.succeed(&format!("data import {source} -o {folder}"));
    digest(place, &folder)
}

fn digest(place: &Place, folder: &str) -> [u8; 32] {
    load(place.path(folder).to_str().unwrap(), None, None).unwrap().digest()
}

#[test]
fn every_kind_of_source_gives_the_same_images() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    let expected = digest(&place, "idx");
    for (end, folder) in [("png", "pictures"), ("bmp", "bitmaps"), ("pgm", "maps")] {
        for (name, images) in PARTS.iter().zip(&parts) {
            write_pictures(&place, &format!("{folder}/{name}"), images, end);
        }
        place.write(&format!("{folder}/.DS_Store"), "of the system");
        assert_eq!(imported(&place, &format!("{folder} --as-is")), expected, "{end}");
    }
    place.write("pictures.zip", zip(&files_in(&place, "pictures")));
    let inner: Vec<(String, Vec<u8>)> = files_in(&place, "pictures")
        .into_iter()
        .map(|(name, content)| (format!("mine/{name}"), content))
        .collect();
    place.write("inner.zip", zip(&inner));
    let arrays = arrays(&parts);
    place.write("mnist.npz", zip(&arrays));
    fs::create_dir(place.path("arrays")).unwrap();
    fs::create_dir(place.path("packed")).unwrap();
    for (name, content) in &arrays {
        place.write(&format!("arrays/{name}"), content);
        place.write(&format!("packed/{name}.gz"), gzip(content));
    }
    let tables: Vec<(String, String)> = PARTS
        .iter()
        .zip(&parts)
        .map(|(name, images)| (format!("{name}.csv"), csv(images, true)))
        .collect();
    place.write("tables.zip", zip(&tables));
    fs::create_dir(place.path("tables")).unwrap();
    fs::create_dir(place.path("tables.gz")).unwrap();
    for (name, content) in &tables {
        place.write(&format!("tables/{name}"), content);
        place.write(&format!("tables.gz/mnist_{name}.gz"), gzip(content));
    }
    for (to, prefix, infix) in
        [("emnist", "emnist-digits-", "test"), ("torch/MNIST/raw", "", "t10k")]
    {
        fs::create_dir_all(place.path(to)).unwrap();
        for (name, content) in files_in(&place, "idx") {
            let name = format!("{prefix}{}", name.replace("t10k", infix));
            place.write(&format!("{to}/{name}"), &content);
            place.write(&format!("{to}/{name}.gz"), gzip(content));
        }
    }
    for source in [
        "idx",
        "pictures.zip --as-is",
        "inner.zip --as-is",
        "mnist.npz",
        "arrays",
        "packed",
        "tables",
        "tables.gz",
        "tables.zip",
        "emnist",
        "emnist/emnist-digits",
        "torch",
    ] {
        assert_eq!(imported(&place, source), expected, "{source}");
    }
}

#[test]
fn types_shapes_and_scales_of_arrays_give_the_same_images() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    let expected = digest(&place, "idx");
    type Wide = fn(u8) -> Vec<u8>;
    let kinds: [(&str, &str, Wide); 4] = [
        ("<f4", "", |value| (f32::from(value) / 255.0).to_le_bytes().to_vec()),
        (">f8", "", |value| (f64::from(value) / 255.0).to_be_bytes().to_vec()),
        ("<i8", "", |value| i64::from(value).to_le_bytes().to_vec()),
        ("<u2", " --max-value 65535", |value| (u16::from(value) * 257).to_le_bytes().to_vec()),
    ];
    for (number, (descr, flags, wide)) in kinds.into_iter().enumerate() {
        let mut files = Vec::new();
        for (name, images) in PARTS.iter().zip(&parts) {
            let count = images.len();
            let shapes = [vec![count, 28, 28, 1], vec![count, 1, 28, 28], vec![count, 784]];
            let pixels: Vec<u8> = images.pixels.iter().copied().flat_map(wide).collect();
            files.push((format!("x_{name}.npy"), npy(descr, &shapes[number % 3], &pixels)));
            let hot = |&label: &u8| (0..10).map(move |class| u8::from(class == label));
            let hot: Vec<u8> = images.labels.iter().flat_map(hot).collect();
            files.push((format!("y_{name}.npy"), npy("|u1", &[count, 10], &hot)));
        }
        place.write(&format!("{number}.npz"), zip(&files));
        assert_eq!(imported(&place, &format!("{number}.npz{flags}")), expected, "{descr}");
    }
}

#[test]
fn images_are_turned_inverted_and_scaled_by_flags() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    let expected = digest(&place, "idx");
    let changed = |change: &dyn Fn(&mut Images)| {
        let mut parts = parts.clone();
        parts.iter_mut().for_each(change);
        parts
    };
    let [train, test] = changed(&transpose);
    place.write_data("side", &train, &test);
    assert_eq!(imported(&place, "side --transpose"), expected);
    let [train, test] =
        changed(&|images| images.pixels.iter_mut().for_each(|value| *value = 255 - *value));
    place.write_data("light", &train, &test);
    assert_eq!(imported(&place, "light --invert"), expected);
    let [train, test] = changed(&|images| images.pixels.iter_mut().for_each(|value| *value /= 128));
    place.write_data("dim", &train, &test);
    imported(&place, "dim --max-value 1");
    let all = load(place.path("dim.imported").to_str().unwrap(), None, None).unwrap();
    assert!(all.train.pixels.iter().all(|value| matches!(value, 0 | 255)));
}

#[test]
fn every_fifth_image_of_a_class_is_held_out_where_there_are_none_to_test_on() {
    let (place, [train, _]) = (Place::untrained(), digits());
    place.write("all.csv", csv(&train, false));
    write_pictures(&place, "flat", &train, "png");
    for source in ["all.csv", "flat --as-is"] {
        let ended = place.run(&format!("data import {source} -o new --force"));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(
            ended.err,
            "note: no images to test on are given: 20 of 100 are held out for it (--split 0.2)\n"
        );
        let data = load(place.path("new").to_str().unwrap(), None, None).unwrap();
        let held_out: Vec<u32> = (40..50).chain(90..100).collect();
        assert_eq!(data.test, train.chosen(&held_out), "{source}");
    }
    let ended = place.run("data check all.csv --split 0.5");
    assert!(ended.out.contains("\ntest         50 images of 28x28 pixels"), "{ended:?}");
    let ended = place.run("train --out run --data all.csv --split 1");
    let expected = "error: the data all.csv have no images to train on: give others, or a smaller \
                    --split\n";
    assert!(ended.code == Some(1) && ended.err.ends_with(expected), "{ended:?}");
}

#[test]
fn classes_have_the_names_of_their_folders_or_labels() {
    let (place, [train, test]) = (Place::untrained(), digits());
    for (class, name) in ["a b", "Zoë", "x\u{202e}y"].into_iter().enumerate() {
        for (part, images) in PARTS.iter().zip([&train, &test]) {
            write_pictures(&place, "work", images, "png");
            fs::create_dir_all(place.path(format!("named/{part}"))).unwrap();
            fs::rename(
                place.path(format!("work/{class}")),
                place.path(format!("named/{part}/{name}")),
            )
            .unwrap();
        }
    }
    place.succeed("data import named -o new --as-is");
    assert_eq!(place.read("new/labels.txt"), "Zoë\na b\nx\u{fffd}y\n".as_bytes());
    assert!(place.succeed("data check new").contains("\nZoë  "));
    // Labels that are no numbers are classes, too, in whichever column.
    let mut text = String::from("p0,p1,p2,p3,kind\n");
    for row in 0..20 {
        text += &format!("{},0,255,7,{}\n", row * 9, ["dog", "cat"][row % 2]);
    }
    place.write("pets.csv", text);
    let shown = place.succeed("data check pets.csv --label kind --json");
    assert!(shown.contains("\"classes\":[\"cat\",\"dog\"]"), "{shown}");
}

/// The digits as photographs of any size: dark on light, away from the centre.
fn photographs(place: &Place, folder: &str, images: &Images) {
    for (index, (pixels, label)) in images.iter().enumerate() {
        let folder = place.path(format!("{folder}/{label}"));
        fs::create_dir_all(&folder).unwrap();
        let (left, top) = (10 + index as u32 % 30, 5 + index as u32 % 20);
        let picture = GrayImage::from_fn(120, 100, |x, y| {
            let inside = (left..left + 56).contains(&x) && (top..top + 56).contains(&y);
            let ink =
                if inside { pixels[(((y - top) / 2) * 28 + (x - left) / 2) as usize] } else { 0 };
            image::Luma([235 - (u32::from(ink) * 200 / 255) as u8])
        });
        picture.save(folder.join(format!("{index:04}.png"))).unwrap();
    }
}

#[test]
fn pictures_are_trained_on_and_evaluated_as_predict_sees_them() {
    let (place, [train, test]) = (Place::untrained(), digits());
    photographs(&place, "mine/train", &train);
    photographs(&place, "mine/test", &test);
    place.succeed(
        "train --out run --data mine --hidden 32 --epochs 6 --lr 0.01 --batch 16 \
         --validation-split 0.1 --no-report",
    );
    // The run knows its data.
    place.succeed("quantize run -o model.inkbit");
    let ended = place
        .run("train --out other --data mine/train --split 0.3 --hidden 4 --epochs 1 --no-report");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    place.run("quantize other -o other.inkbit");
    let inspected = place.succeed("inspect other.inkbit");
    assert!(inspected.contains(" --data mine/train --split 0.3"), "{inspected}");
    let evaluated = place.succeed("evaluate model.inkbit --data mine --json");
    let evaluated: serde_json::Value = serde_json::from_str(&evaluated).unwrap();
    let (mut right, mut all) = (0, 0);
    for (name, _) in files_in(&place, "mine/test") {
        let found = place.succeed(&format!("predict model.inkbit mine/test/{name} --one --json"));
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        right += u64::from(found["class"].as_str() == name.split('/').next());
        all += 1;
    }
    assert_eq!(
        (evaluated["correct"].as_u64(), evaluated["images"].as_u64()),
        (Some(right), Some(all))
    );
    // Some classes of the model's are enough.
    photographs(&place, "few", &test.chosen(&[3, 7, 13, 17]));
    let ended = place.run("evaluate model.inkbit --data few --split 1 --json");
    assert!(ended.code == Some(0) && ended.out.contains("\"images\":4"), "{ended:?}");
    fs::rename(place.path("few/3"), place.path("few/three")).unwrap();
    let message = place.fail(1, "evaluate model.inkbit --data few --split 1");
    assert!(message.starts_with("few cannot be labelled: `three` is none of the"), "{message}");
}

#[test]
fn pictures_without_a_digit_are_left_out_and_named() {
    let (place, [train, _]) = (Place::untrained(), digits());
    photographs(&place, "mine", &train);
    GrayImage::from_pixel(80, 80, image::Luma([200])).save(place.path("mine/3/blank.png")).unwrap();
    let ended = place.run("data import mine -o new");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.err.contains("note: 1 picture without a digit left out: mine/3/blank.png\n"),
        "{ended:?}"
    );
    fs::create_dir_all(place.path("empty/3")).unwrap();
    fs::copy(place.path("mine/3/blank.png"), place.path("empty/3/blank.png")).unwrap();
    assert_eq!(
        place.fail(1, "data check empty"),
        "empty has no picture with a digit on it; nothing on empty/3/blank.png"
    );
}

#[test]
fn what_is_odd_is_said_with_what_helps() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("sound", &parts[0], &parts[1]);
    let shown = place.succeed("data check sound");
    assert!(shown.ends_with("nothing odd was found\n"), "{shown}");
    assert!(shown.contains("\n7           10        5\n"), "{shown}");
    let odd = |name: &str, change: &dyn Fn(&mut [Images; 2]), expected: &str| {
        let mut parts = parts.clone();
        change(&mut parts);
        place.write_data(name, &parts[0], &parts[1]);
        let shown = place.succeed(&format!("data check {name}"));
        let line = shown.lines().find(|line| line.contains(expected));
        assert!(line.is_some_and(|line| line.starts_with("warning: ")), "{name}: {shown}");
    };
    let each = |change: fn(u8) -> u8| {
        move |parts: &mut [Images; 2]| {
            for images in parts {
                images.pixels.iter_mut().for_each(|value| *value = change(*value));
            }
        }
    };
    odd("ones", &each(|value| value / 128), "--max-value 1");
    odd("sixteen", &each(|value| value / 16), "--max-value 16");
    odd("light", &each(|value| 255 - value), "--invert");
    odd("side", &|parts| parts.iter_mut().for_each(transpose), "--transpose");
    odd("blank", &|parts| parts[0].pixels[..2 * 784].fill(0), "2 images are of one value, of 150");
    odd("leak", &|parts| parts[1] = parts[0].chosen(&[0, 1]), "2 of 2 test images are among");
    odd("uneven", &|parts| parts[0].labels[..99].fill(1), "the classes are uneven");
    odd(
        "moved",
        &|parts| parts.iter_mut().for_each(|images| images.pixels.rotate_right(5 * 28)),
        "off the centre",
    );
    let ended = place.run(
        "train --out run --data side --hidden 4 --epochs 1 --validation-split 0.1 --no-report",
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.err.starts_with("warning: the digits lie on their side"), "{ended:?}");
}

#[test]
fn files_of_other_kinds_are_named_with_what_to_do() {
    let (place, [train, test]) = (Place::new(), digits());
    let png = |name: &str| {
        let picture = GrayImage::from_raw(28, 28, train.image(0).to_vec()).unwrap();
        picture.save(place.path(name)).unwrap();
    };
    png("one.png");
    for (name, content, expected) in [
        ("a.h5", &b"\x89HDF\r\n\x1a\n"[..], "a.h5 is an HDF5 file: "),
        ("a.parquet", b"PAR1....", "a.parquet is a Parquet file: "),
        ("a.pkl", b"\x80\x04\x95.", "a.pkl is a Python pickle, which only Python reads: "),
        ("a.npy", &npy("|u1", &[1], &[1]), "a.npy is a single NumPy array: "),
        ("a.idx", &[0, 0, 8, 3, 0, 0, 0, 0], "a.idx is a single IDX file: "),
        ("a.gz", &gzip("x"), "a.gz is a gzip file of which the name does not say"),
        ("a.pt", &zip(&[("archive/data.pkl".to_owned(), "")]), "a.pt is a file of PyTorch: "),
    ] {
        place.write(name, content);
        let message = place.fail(1, &format!("evaluate model.inkbit --data {name}"));
        assert!(message.starts_with(expected), "{message}");
    }
    let message = place.fail(1, "data check one.png");
    assert!(
        message.contains("is a single picture: to classify it use `inkbit predict"),
        "{message}"
    );
    let message = place.fail(1, "data check model.inkbit");
    assert!(message.contains("is an Inkbit model and no data"), "{message}");
    fs::create_dir(place.path("flat")).unwrap();
    png("flat/0.png");
    assert_eq!(
        place.fail(1, "data check flat"),
        "flat/0.png lies in no folder of a class: put it into one that is named as its class, such \
         as 3/"
    );
    fs::create_dir_all(place.path("mixed/1")).unwrap();
    png("mixed/1/0.png");
    place.write("mixed/1/notes.txt", "hello");
    let message = place.fail(1, "data check mixed");
    assert!(
        message.starts_with("mixed/1/notes.txt is not a picture that can be read: "),
        "{message}"
    );
    fs::create_dir_all(place.path("none")).unwrap();
    assert!(place.fail(1, "data check none").starts_with("none is empty: expected a folder"));
    // Two sets lie in one folder.
    place.write_data("sets", &train, &test);
    for (name, content) in files_in(&place, "sets") {
        fs::remove_file(place.path(format!("sets/{name}"))).unwrap();
        for set in ["emnist-letters", "emnist-digits"] {
            place.write(&format!("sets/{set}-{}", name.replace("t10k", "test")), &content);
        }
    }
    assert_eq!(
        place.fail(1, "data check sets"),
        "sets has several sets, sets/emnist-digits, sets/emnist-letters: give one of these to --data"
    );
    place.succeed("data check sets/emnist-letters");
}

#[test]
fn tables_that_are_none_are_refused_in_words() {
    let place = Place::untrained();
    for (content, expected) in [
        ("1,2,3\n4,5,6\n", "bad.csv has 3 columns, expected a label and N×N pixels"),
        (
            "label,a,b,c,d\n1,2,3,4\n",
            "bad.csv is wrong in row 2: it has 4 columns, the first row has 5",
        ),
        (
            "1,2,3,4,5\n1,2,x\u{1b}[2J,4,5\n",
            "bad.csv is wrong in row 2: column 3 is `x\u{fffd}[2J`, expected",
        ),
        ("1,2,3,4,999\n", "bad.csv has pixel values from 2 to 999, expected 0 to 255"),
        ("1,2,3,4,-9\n", "bad.csv has pixel values from -9 to 4, expected 0 to 255"),
        ("1,2,3,nan,4\n", "bad.csv has pixel values that are infinite or no numbers"),
        ("", "bad.csv is empty, expected rows"),
        ("label,a,b,c,d\n", "bad.csv has a header and no rows"),
        ("a,b,c,d\n1,2,3,4\n", "bad.csv has no column of labels: "),
        ("1,2,3,4,5\n", "bad.csv has too few images of each class"),
    ] {
        place.write("bad.csv", content);
        let message = place.fail(1, "data check bad.csv");
        assert!(message.starts_with(expected), "{content:?}: {message}");
    }
    place.write("good.csv", "label,a,b,c,d\n1,2,3,4,5\n");
    let message = place.fail(1, "data check good.csv --label kind");
    assert!(message.starts_with("good.csv has no column `kind`, which --label names"), "{message}");
    // Kaggle's test.csv has no labels.
    fs::create_dir(place.path("kaggle")).unwrap();
    let row = |label: &str, value: usize| format!("{label}{value},0,255,9\n");
    let train: String = (0..20).map(|n| row(["0,", "1,"][n % 2], n)).collect();
    place.write("kaggle/train.csv", "label,pixel0,pixel1,pixel2,pixel3\n".to_owned() + &train);
    place.write("kaggle/test.csv", "pixel0,pixel1,pixel2,pixel3\n".to_owned() + &row("", 3));
    place.write("kaggle/sample_submission.csv", "ImageId,Label\n1,0\n");
    let ended = place.run("data import kaggle -o new");
    assert!(
        ended.err.contains("note: kaggle/test.csv has no column of labels and is not used\n"),
        "{ended:?}"
    );
    assert!(ended.err.contains("4 of 20 are held out"), "{ended:?}");
}

#[test]
fn an_import_replaces_nothing_but_an_import() {
    let (place, parts) = (Place::untrained(), digits());
    place.write_data("idx", &parts[0], &parts[1]);
    fs::create_dir(place.path("new")).unwrap();
    place.succeed("data import idx -o new");
    assert_eq!(digest(&place, "new"), digest(&place, "idx"));
    assert_eq!(
        place.fail(1, "data import idx -o new"),
        "new is not empty; nothing was written: give another folder, or replace what `data import` \
         wrote there by --force"
    );
    place.succeed("data import idx -o new --force --transpose");
    assert_ne!(digest(&place, "new"), digest(&place, "idx"));
    place.write("new/mine.txt", "mine");
    let message = place.fail(1, "data import idx -o new --force");
    assert!(
        message.starts_with("new has mine.txt, which `data import` did not write"),
        "{message}"
    );
    let message = place.fail(1, "data import new -o idx --force");
    assert_eq!(message, "idx is not empty; nothing was written: give another folder");
    let left = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<PathBuf> =
        left.filter(|path| path.to_string_lossy().contains(".inkbit-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn hostile_sources_end_in_an_error() {
    let place = Place::untrained();
    let sparse = |name: &str, start: &[u8], length: u64| {
        place.write(name, start);
        fs::File::options().write(true).open(place.path(name)).unwrap().set_len(length).unwrap();
    };
    let zeros = vec![0; 80 << 20];
    let x = npy("|u1", &[1 << 30, 28, 28], &[]);
    let files = [("x.npy".to_owned(), x), ("y.npy".to_owned(), npy("|u1", &[1 << 30], &[]))];
    place.write("promise.npz", zip(&files));
    place.write("bomb.csv.gz", gzip(&zeros));
    sparse("zeros.csv", b"1,2,3,4,5\n", 1 << 29);
    sparse("endless.csv", b"1,2,3,4,5\n", 1 << 40);
    place.write("wide.csv", "1,".repeat(1_000_000));
    fs::create_dir_all(place.path("loop/3")).unwrap();
    std::os::unix::fs::symlink("..", place.path("loop/3/up")).unwrap();
    fs::create_dir_all(place.path("deep/1/2/3/4/5/6/7/8")).unwrap();
    place.write("deep/1/2/3/a.png", "");
    place.write("deep/1/b.png", "");
    let many: Vec<(String, &str)> = (0..300).map(|class| (format!("{class}/a.png"), "")).collect();
    place.write("many.zip", zip(&many));
    for (source, expected) in [
        ("promise.npz", "but its header promises"),
        ("bomb.csv.gz", "the limit is 67,108,864"),
        ("zeros.csv", "a line has over 262144 bytes"),
        ("endless.csv", "the limit is 734,003,200"),
        ("wide.csv", "a line has over 262144 bytes"),
        ("loop", "loop/3/up is a link to a folder, which is not followed"),
        ("deep", "lies too deep"),
        ("many.zip", "has folders of 300 classes, the limit is 256"),
    ] {
        let ended = place.run(&format!("data check {source}"));
        assert_eq!((ended.code, &*ended.out), (Some(1), ""), "{source}: {ended:?}");
        assert!(ended.err.contains(expected), "{source}: {ended:?}");
    }
}

#[test]
fn damaged_sources_give_images_or_an_error() {
    let (place, parts) = (Place::untrained(), digits());
    let parts = parts.map(|part| part.chosen(&(0..10).collect::<Vec<_>>()));
    for (name, images) in PARTS.iter().zip(&parts) {
        write_pictures(&place, &format!("pictures/{name}"), images, "png");
    }
    place.write_data("idx", &parts[0], &parts[1]);
    let idx: Vec<(String, Vec<u8>)> = files_in(&place, "idx")
        .into_iter()
        .map(|(name, content)| (format!("emnist-mnist-{}", name.replace("t10k", "test")), content))
        .collect();
    let sources = [
        ("a.zip", zip(&files_in(&place, "pictures"))),
        ("a.npz", zip(&arrays(&parts))),
        ("a.csv", csv(&parts[0], true).into_bytes()),
        ("a.csv.gz", gzip(csv(&parts[0], false))),
        ("idx.zip", zip(&idx)),
    ];
    let mut random = inkbit::support::rng::Rng::new(3, &[]);
    let request = Request {
        reading: Reading { as_is: true, split: Some(0.5), ..Reading::default() },
        ..Request::default()
    };
    for (name, sound) in sources {
        for _ in 0..200 {
            let mut damaged = sound.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(damaged.len());
                match random.below(3) {
                    0 => damaged.truncate(at.max(1)),
                    1 => damaged[at] = random.bits() as u8,
                    _ => damaged[at] ^= 1 << random.below(8),
                }
            }
            place.write(name, damaged);
            let path = place.path(name);
            let found = load_as(path.to_str().unwrap(), None, None, &request);
            if let Ok(Loaded { data, .. }) = found {
                assert!(data.train.labels.iter().all(|&it| usize::from(it) < data.classes.len()));
            }
        }
    }
}

#[test]
fn pictures_that_claim_many_pixels_end_within_limits() {
    let place = Place::untrained();
    let mut png = std::io::Cursor::new(Vec::new());
    GrayImage::new(7_000, 9_000).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let files: Vec<(String, &[u8])> = (0..100)
        .map(|number| (format!("{}/{number}.png", number % 2), &png.get_ref()[..]))
        .collect();
    place.write("large.zip", zip(&files));
    let begin = std::time::Instant::now();
    let ended = place.run("data check large.zip");
    assert!(ended.err.contains("over a billion pixels together"), "{ended:?}");
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}
