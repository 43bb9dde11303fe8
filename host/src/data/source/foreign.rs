//! Files of other programs, known by their bytes, and what to do with them.

use super::tree::Tree;
use crate::data::picture;

/// What a file is that is no data set, and what to do; goes on after its name. None if it is unknown.
pub(super) fn advice(start: &[u8]) -> Option<&'static str> {
    const KNOWN: [(usize, &[u8], &str); 12] = [
        (
            0,
            b"\x89HDF",
            "is an HDF5 file: open it in Python, with h5py, and save its arrays with \
             numpy.savez(\"data.npz\", x_train=..., y_train=..., x_test=..., y_test=...)",
        ),
        (
            0,
            b"PAR1",
            "is a Parquet file: open it in Python, and save its images as PNG in a folder for each \
             class, or as arrays with numpy.savez",
        ),
        (
            0,
            b"MATLAB 5.0",
            "is a MATLAB file: open it in Python with scipy.io.loadmat, and save its arrays with \
             numpy.savez",
        ),
        (0, b"ARROW1", "is an Arrow file: open it in Python, and save its arrays with numpy.savez"),
        (
            0,
            b"INKBIT",
            "is an Inkbit model and no data: give it as MODEL, and the data with --data",
        ),
        (0, b"\x80\x02", PICKLE),
        (0, b"\x80\x03", PICKLE),
        (0, b"\x80\x04", PICKLE),
        (0, b"\x80\x05", PICKLE),
        (257, b"ustar", "is a tar archive: unpack it, and give the folder"),
        (0, b"BZh", "is packed by bzip2: unpack it first"),
        (0, b"\xfd7zXZ", "is packed by xz: unpack it first"),
    ];
    let is = |(at, mark, _): &&(usize, &[u8], &str)| {
        start.get(*at..).is_some_and(|rest| rest.starts_with(mark))
    };
    if let Some((_, _, advice)) = KNOWN.iter().find(is) {
        return Some(advice);
    }
    if start.starts_with(b"7z\xbc\xaf") {
        return Some("is a 7z archive: unpack it, and give the folder");
    }
    if start.starts_with(super::npy::MAGIC) {
        return Some(
            "is a single NumPy array: give the folder that has x_train.npy, y_train.npy, \
             x_test.npy and y_test.npy, or one NPZ of them",
        );
    }
    if matches!(start, [0, 0, 8..=14, 1..=4, ..]) {
        return Some("is a single IDX file: give the folder with its images and labels");
    }
    if picture::described(start).starts_with("a file that begins") && is_picture(start) {
        return Some(
            "is a single picture: to classify it use `inkbit predict MODEL FILE`; as data, put \
             pictures into a folder for each class, such as DIR/3/, and give DIR",
        );
    }
    None
}

const PICKLE: &str = "is a Python pickle, which only Python reads: load it there, and save its arrays \
                      with numpy.savez(\"data.npz\", x_train=..., y_train=...)";

fn is_picture(start: &[u8]) -> bool {
    let marks: [&[u8]; 8] =
        [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"P5", b"P2"];
    marks.iter().any(|mark| start.starts_with(mark))
        || start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP")
}

/// What a ZIP is that is no data set.
pub(super) fn of_zip(tree: &Tree) -> Option<&'static str> {
    let has = |end: &str| tree.files.iter().any(|file| file.within.ends_with(end));
    if has("data.pkl") || has("/version") && has("/byteorder") {
        return Some(
            "is a file of PyTorch: load it in Python with torch.load, and save its tensors with \
             numpy.savez(\"data.npz\", x_train=..., y_train=...)",
        );
    }
    if has(".keras") || has("model.weights.h5") {
        return Some("is a Keras model and no data: give the data that it was trained on");
    }
    None
}
