//! Data as people have them: every kind of source gives the same images, and what is odd is said.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::GrayImage;
use inkbit::data::source::transpose;
use inkbit::data::{Images, load, synthetic};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::place::Place;

/// Synthetic digits, ten of each class to train on and five to test on; in every part class after class
/// in turn, as pictures are read.
pub fn digits() -> [Images; 2] {
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

pub const PARTS: [&str; 2] = ["train", "test"];

/// A picture for each image, in the folder of its class.
pub fn write_pictures(place: &Place, folder: &str, images: &Images, end: &str) {
    let side = images.shape.size()[0] as u32;
    for (index, (pixels, label)) in images.iter().enumerate() {
        let folder = place.path(format!("{folder}/{label}"));
        fs::create_dir_all(&folder).unwrap();
        let picture = GrayImage::from_raw(side, side, pixels.to_vec()).unwrap();
        picture.save(folder.join(format!("{index:04}.{end}"))).unwrap();
    }
}

pub fn csv(images: &Images, header: bool) -> String {
    let mut text = String::new();
    if header {
        let names = (0..images.shape.bytes()).map(|pixel| format!(",pixel{pixel}"));
        text += &format!("label{}\n", names.collect::<String>());
    }
    for (pixels, label) in images.iter() {
        let values: String = pixels.iter().map(|value| format!(",{value}")).collect();
        text += &format!("{label}{values}\n");
    }
    text
}

pub fn npy(descr: &str, shape: &[usize], values: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|length| format!("{length},")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}      \n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), values].concat()
}

/// The four arrays of Keras' mnist.npz.
pub fn arrays(parts: &[Images; 2]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (name, images) in PARTS.iter().zip(parts) {
        let [width, height] = images.shape.size();
        let shape = [images.len(), height, width];
        files.push((format!("x_{name}.npy"), npy("|u1", &shape, &images.pixels)));
        files.push((format!("y_{name}.npy"), npy("|u1", &shape[..1], &images.labels)));
    }
    files
}

pub fn zip<C: AsRef<[u8]>>(files: &[(String, C)]) -> Vec<u8> {
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

pub fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content.as_ref()).unwrap();
    gzip.finish().unwrap()
}

/// All files below a folder, by their paths in it.
pub fn files_in(place: &Place, folder: &str) -> Vec<(String, Vec<u8>)> {
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

pub fn digest(place: &Place, folder: &str) -> [u8; 32] {
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
