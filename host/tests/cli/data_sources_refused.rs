//! Sources that are no data, damaged, or made to take memory and time.

use std::fs;

use image::GrayImage;
use inkbit::data::load_as;
use inkbit::data::source::{Loaded, Reading, Request};

use crate::data_sources::{PARTS, arrays, csv, digits, files_in, gzip, npy, write_pictures, zip};
use crate::place::Place;

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
        (
            "label,p0,p1\n4,5,6\n",
            "bad.csv has 3 columns with names of pixels, expected a label and N×N",
        ),
        ("1\n2\n", "bad.csv has 1 column, expected a label and pixels or features"),
        (
            "label,a,b,c,d\n1,2,3,4\n",
            "bad.csv is wrong in row 2: it has 4 columns, the first row has 5",
        ),
        (
            "1,2,3,4,5\n1,2,x\u{1b}[2J,4,5\n",
            "bad.csv is wrong in row 2: column 3 is `x\u{fffd}[2J`, expected",
        ),
        (
            "label,p0,p1,p2,p3\n1,2,3,4,999\n",
            "bad.csv has pixel values from 2 to 999, expected 0 to 255",
        ),
        (
            "label,p0,p1,p2,p3\n1,2,3,4,-9\n",
            "bad.csv has pixel values from -9 to 4, expected 0 to 255",
        ),
        (
            "label,p0,p1,p2,p3\n1,2,3,nan,4\n",
            "bad.csv has pixel values that are infinite or no numbers",
        ),
        ("1,2,3,inf,4\n", "bad.csv has values that are infinite or no numbers"),
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
    assert!(ended.err.contains("more pixels than so few bytes hold"), "{ended:?}");
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

#[test]
fn a_row_of_a_table_is_as_short_in_quotes_as_outside() {
    let place = Place::untrained();
    place.write("wide.csv", format!("label,pixel0\n{}", "1,\"\n\",".repeat(1 << 17)));
    let message = place.fail(1, "data check wide.csv");
    assert!(message.contains("a line has over 262144 bytes, the limit"), "{message}");
}
