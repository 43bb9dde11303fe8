//! Data from files: sound files are read, and the message names what is wrong with others.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use inkbit::data::{DataError, Dataset, load};
use inkbit_tests::skipped;
use tempfile::TempDir;

/// Bytes of an IDX file: type and sizes, then the values.
pub(super) fn idx(kind: u8, sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(values);
    file
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn images(count: u32, side: u32) -> Vec<u8> {
    let values: Vec<u8> = (0..count * side * side).map(|value| value as u8).collect();
    idx(8, &[count, side, side], &values)
}

fn labels(labels: &[u8]) -> Vec<u8> {
    idx(8, &[labels.len() as u32], labels)
}

/// A folder with three images of 5×5 to train on and two to test on.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "train-images-idx3-ubyte", &images(3, 5));
    put(folder.path(), "train-labels-idx1-ubyte", &labels(&[0, 1, 2]));
    put(folder.path(), "t10k-images-idx3-ubyte", &images(2, 5));
    put(folder.path(), "t10k-labels-idx1-ubyte", &labels(&[1, 6]));
    folder
}

fn put(folder: &Path, name: &str, content: &[u8]) {
    fs::write(folder.join(name), content).unwrap();
}

fn read(folder: &Path) -> Dataset {
    load(folder.to_str().unwrap(), None, None).unwrap()
}

/// The error for a folder, with `DIR` for its path.
fn message(folder: &Path) -> String {
    let name = folder.to_str().unwrap();
    let error = load(name, None, None).expect_err("a fault");
    assert!(!error.is_unavailable() && !error.is_usage());
    format!("{:#}", anyhow::Error::from(error)).replace(name, "DIR")
}

/// The error for the folder with one file replaced.
fn replaced(name: &str, content: &[u8]) -> String {
    let folder = folder();
    put(folder.path(), name, content);
    message(folder.path())
}

#[test]
fn a_folder_is_read_whatever_its_size_and_classes() {
    let folder = folder();
    let data = read(folder.path());
    assert_eq!(data.name, folder.path().to_str().unwrap());
    assert_eq!(data.classes, ["0", "1", "2", "3", "4", "5", "6"], "up to the greatest label");
    assert_eq!((data.train.shape.side(), data.train.len(), data.test.len()), (Some(5), 3, 2));
    assert_eq!(data.train.pixels, (0..75).collect::<Vec<u8>>());
    assert_eq!(data.train.labels, [0, 1, 2]);
    assert_eq!(data.test.labels, [1, 6]);
}

#[test]
fn the_content_tells_whether_it_is_gzipped_and_the_names_vary() {
    let expected = read(folder().path());
    let other = tempfile::tempdir().unwrap();
    put(other.path(), "train-images.idx3-ubyte", &gzip(&images(3, 5)));
    put(other.path(), "train-labels.idx1-ubyte.gz", &gzip(&labels(&[0, 1, 2])));
    put(other.path(), "t10k-images-idx3-ubyte.gz", &images(2, 5));
    put(other.path(), "t10k-labels-idx1-ubyte.gz", &gzip(&labels(&[1, 6])));
    let data = read(other.path());
    assert_eq!(data.digest(), expected.digest());
}

#[test]
fn what_is_missing_is_named() {
    let folder = folder();
    fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte")).unwrap();
    assert_eq!(
        message(folder.path()),
        "DIR has no t10k-labels-idx1-ubyte: expected under this name or with .gz at the end"
    );
    fs::remove_file(folder.path().join("train-images-idx3-ubyte")).unwrap();
    assert_eq!(
        message(folder.path()),
        "DIR has no train-images-idx3-ubyte, no t10k-labels-idx1-ubyte: expected under these names \
         or with .gz at the end"
    );
    assert_eq!(
        message(Path::new("no-such-data")),
        "there are no data `DIR`: expected `mnist`, `synthetic`, `strangers`, a folder, ZIP or file \
         of images, or a mixture such as mnist+synthetic:0.2"
    );
}

#[test]
fn broken_files_are_told_apart() {
    let images_name = "train-images-idx3-ubyte";
    let whole = images(3, 5);
    let packed = gzip(&whole);
    let mut flipped = packed.clone();
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    // Bytes of the deflate stream are those of the content, 15 bytes later.
    let mut stored = GzEncoder::new(Vec::new(), Compression::none());
    stored.write_all(&whole).unwrap();
    let stored = stored.finish().unwrap();
    let cases: [(&[u8], &str); 13] = [
        (&whole[..90], "is truncated: 90 bytes, expected 91; get it again"),
        (&whole[..9], "is truncated: 9 bytes, expected 16; get it again"),
        (b"", "is truncated: 0 bytes, expected 16; get it again"),
        (&gzip(&whole[..50]), "is truncated: 50 bytes after unpacking, expected 91; get it again"),
        (&stored[..55], "is truncated: 40 bytes after unpacking, expected 91; get it again"),
        (&packed[..packed.len() - 1], "is damaged: unexpected end of file; get it again"),
        (
            &flipped,
            "is damaged: corrupt gzip stream does not have a matching checksum; get it again",
        ),
        (
            &[&whole[..], b"\n"].concat(),
            "goes on after the 91 bytes that its header promises: \
             it was not written as one IDX file; get it again",
        ),
        (
            b"<!DOCTYPE html>",
            "is no IDX file of images: it starts with 0x3c21444f (a web page?), \
             expected 0x00000803; only unsigned bytes are read",
        ),
        (
            &idx(0xd, &[1, 1, 1], &[0; 4]),
            "is no IDX file of images: it starts with 0x00000d03 (32-bit floats), \
             expected 0x00000803; only unsigned bytes are read",
        ),
        (
            &idx(8, &[3, 4, 2000], &[0; 24_000]),
            "has images of 2000×4 pixels, expected 1×1 to 1024×1024; crop or scale them",
        ),
        (&idx(8, &[0, 5, 5], &[]), "is sound but holds 0 images, expected at least 1"),
        (
            &idx(8, &[u32::MAX; 3], &[0; 100]),
            "promises 79228162458924105385300197375 bytes by its header, the limit is 2147483648: \
             the header is damaged, or the data must be split",
        ),
    ];
    for (content, expected) in cases {
        assert_eq!(replaced(images_name, content), format!("DIR/{images_name} {expected}"));
    }
}

#[test]
fn a_small_file_cannot_fill_the_memory() {
    // 60 MB of zeros in 260 KB; the header promises 75 bytes, and one more is all that is unpacked.
    let bomb = gzip(&idx(8, &[3, 5, 5], &vec![0; 60_000_000]));
    assert!(replaced("train-images-idx3-ubyte", &bomb).contains("goes on after the 91 bytes"));
    // 200 MB of zeros in 200 KB, as its header promises.
    let zeros = gzip(&idx(8, &[200, 1_000, 1_000], &vec![0; 200_000_000]));
    let message = replaced("train-images-idx3-ubyte", &zeros);
    let expected = "promises 200000000 bytes by its header, the limit for a packed file of its size \
                    is 67108864: the header is damaged, or the data must be unpacked first";
    assert!(message.ends_with(expected), "{message}");
    // Promises 2 GB and has none of them.
    let promise = idx(8, &[2_000, 1_000, 1_000], &[]);
    let message = replaced("train-images-idx3-ubyte", &promise);
    assert!(message.contains("is truncated: 16 bytes, expected 2000000016"), "{message}");
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    assert_eq!(
        replaced("train-images-idx3-ubyte", &labels(&[0, 1, 2])),
        "DIR/train-images-idx3-ubyte holds labels where images are expected: \
         are the two files swapped?"
    );
    assert_eq!(
        replaced("t10k-labels-idx1-ubyte", &images(2, 5)),
        "DIR/t10k-labels-idx1-ubyte holds images where labels are expected: \
         are the two files swapped?"
    );
    assert_eq!(
        replaced("train-labels-idx1-ubyte", &labels(&[0, 1])),
        "DIR/train-images-idx3-ubyte has 3 images, but DIR/train-labels-idx1-ubyte has 2 labels: \
         expected as many; do they belong together?"
    );
    assert_eq!(
        replaced("t10k-images-idx3-ubyte", &images(2, 6)),
        "DIR has images of 5×5 pixels to train on, but of 6×6 pixels to test on: expected one size"
    );
}

#[test]
fn a_folder_named_for_mnist_must_have_mnist() {
    let folder = folder();
    let message = |folder: &Path| {
        let error = load("mnist", Some(folder), None).expect_err("a fault");
        assert!(!error.is_unavailable() && !error.is_usage(), "no reason to take other data");
        let text = format!("{:#}", anyhow::Error::from(error));
        text.replace(folder.to_str().unwrap(), "DIR")
    };
    let text = message(folder.path());
    let begin = "DIR/train-images-idx3-ubyte is not MNIST's: its content has the SHA-256 ";
    let end = ", expected ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db; \
               get the genuine file, or load other data by --data DIR";
    assert!(text.starts_with(begin) && text.ends_with(end), "{text}");
    assert_eq!(text.len(), begin.len() + 64 + end.len());

    assert_eq!(
        message(Path::new("/nowhere")),
        "--data-dir should have MNIST: there is no folder DIR: expected one with four IDX files"
    );
    fs::remove_file(folder.path().join("train-images-idx3-ubyte")).unwrap();
    assert_eq!(
        message(folder.path()),
        "--data-dir should have MNIST: DIR has no train-images-idx3-ubyte: \
         expected under this name or with .gz at the end"
    );
}

#[test]
fn flags_for_mnist_are_refused_with_other_data() {
    let message = |loaded: Result<Dataset, DataError>| {
        let error = loaded.expect_err("wrong usage");
        assert!(error.is_usage());
        error.to_string()
    };
    assert_eq!(
        message(load("synthetic", Some(Path::new("data")), None)),
        "--data-dir is only for --data mnist, but --data is `synthetic`: leave it out"
    );
    assert_eq!(
        message(load("letters", None, Some("http://localhost"))),
        "--mirror is only for --data mnist, but --data is `letters`: leave it out"
    );
    assert_eq!(
        message(load("mnist", None, Some("localhost:80"))),
        "--mirror is `localhost:80`: expected an address that begins with http:// or https://"
    );
}

#[test]
fn a_mixture_has_the_fractions_that_it_names_and_is_tested_on_its_first_source() {
    let folder = folder();
    let name = format!("synthetic+{}:0.00001", folder.path().display());
    // The folder's images are of another size.
    let error = load(&name, None, None).expect_err("5×5 pixels beside 28×28").to_string();
    assert!(
        error.ends_with("has samples of 5×5 pixels, but the first source has 28×28 pixels"),
        "{error}"
    );

    let first = load("synthetic", None, None).unwrap();
    let other = load("strangers", None, None).unwrap();
    let mixture = load("synthetic+strangers:0.25", None, None).unwrap();
    assert_eq!((mixture.name.as_str(), mixture.train.len()), ("synthetic+strangers:0.25", 80_000));
    assert_eq!(mixture.test, first.test);
    let size = 28 * 28;
    assert_eq!(mixture.train.pixels[..60_000 * size], first.train.pixels);
    assert_eq!(mixture.train.labels[..60_000], first.train.labels);
    // Every third image, from the first on.
    for (added, from) in [(0, 0), (1, 3), (19_999, 59_997)] {
        assert_eq!(mixture.train.image(60_000 + added), other.train.image(from));
        assert_eq!(mixture.train.labels[60_000 + added], other.train.labels[from]);
    }
}

#[test]
fn what_is_no_mixture_is_refused_and_says_why() {
    let message = |name: &str| {
        let error = load(name, None, None).expect_err("no mixture");
        (error.is_usage(), error.to_string())
    };
    for part in ["synthetic", "synthetic:", "synthetic:0", "synthetic:1", "synthetic:x", ":0.2", ""]
    {
        let (is_usage, text) = message(&format!("synthetic+{part}"));
        assert!(
            is_usage && text.starts_with(&format!("`{part}` in --data is no source")),
            "{text}"
        );
    }
    assert_eq!(
        message("synthetic+strangers:0.6+mnist:0.5").1,
        "the fractions in --data add up to 1.1: nothing is left for the first source"
    );
    assert_eq!(
        message("synthetic+strangers:0.6").1,
        "`strangers` has 60000 images to train on, but a fraction of 0.6 beside the 60000 of \
         the first source takes 90000: take a fraction of at most 0.500"
    );
    assert!(message("synthetic+nothing:0.5").1.starts_with("there are no data `nothing`"));
}

#[test]
fn genuine_mnist_is_recognized() {
    let Some(folder) = std::env::var_os("INKBIT_DATA") else {
        skipped("genuine MNIST", "INKBIT_DATA names no folder with MNIST");
        return;
    };
    let data = load("mnist", Some(folder.as_ref()), None).unwrap();
    assert_eq!(
        (data.name.as_str(), data.classes.len(), data.train.shape.side()),
        ("mnist", 10, Some(28))
    );
    assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
    assert_eq!(data.test.labels[..4], [7, 2, 1, 0]);
}
