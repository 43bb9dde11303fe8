//! A folder to run the command in, with inputs for all subcommands.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use inkbit::data::{Images, Shape};
use tempfile::TempDir;

/// Flags of a training that takes milliseconds and succeeds.
pub const TRAIN: &str = "--data digits --config quick.toml";

const QUICK: &str = "\
hidden = [16]
dropout = 0.0
epochs = 3
batch = 16
learning_rate = 0.02
validation_split = 0.1
";

/// What is in a new [`Place`] besides the data.
const TRAINED: [&str; 5] = [
    "model.inkbit",
    "run/config.toml",
    "run/data.toml",
    "run/history.json",
    "run/weights.safetensors",
];

/// A folder of its own for each test, in which the command runs. It has data in `digits` (320 images
/// of 8×8 pixels to train on, 80 to test on, in 4 classes), a finished run in `run`, and its model
/// in `model.inkbit`.
pub struct Place(TempDir);

/// Result of a command.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, or none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

impl Place {
    /// A copy of the run that was trained once for all tests.
    pub fn new() -> Self {
        static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let files = FILES.get_or_init(|| {
            let place = Self::untrained();
            place.succeed(&format!("train --out run {TRAIN}"));
            place.succeed("quantize run -o model.inkbit --keep-dead");
            TRAINED.map(|name| place.read(name)).into()
        });
        let place = Self::untrained();
        fs::create_dir(place.path("run")).unwrap();
        for (name, content) in TRAINED.into_iter().zip(files) {
            place.write(name, content);
        }
        place
    }

    /// A place with data and nothing else.
    pub fn untrained() -> Self {
        let place = Self(TempDir::with_prefix("inkbit-cli-").unwrap());
        place.write_data("digits", &bars(8, 4, 320), &bars(8, 4, 80));
        place.write("quick.toml", QUICK);
        place
    }

    /// The command in this place, with arguments separated by spaces; standard input is empty.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inkbit"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("INKBIT_DATA")
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("HOME", self.0.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end.
    pub fn run(&self, arguments: &str) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// Runs the command, which must succeed without a message; returns its standard output.
    pub fn succeed(&self, arguments: &str) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "inkbit {arguments}\n{}", ended.out);
        ended.out
    }

    /// Runs the command, which must fail with this code, print nothing to standard output, and leave
    /// all files as they were; gives the message without `error: ` and the line's end.
    pub fn fail(&self, code: i32, arguments: &str) -> String {
        let before = self.files();
        let ended = self.run(arguments);
        assert_eq!((ended.code, &*ended.out), (Some(code), ""), "inkbit {arguments}\n{ended:?}");
        assert_eq!(self.files(), before, "inkbit {arguments}: files changed");
        let message = ended.err.strip_prefix("error: ").unwrap_or_else(|| panic!("{}", ended.err));
        message.trim_end().to_owned()
    }

    /// A path in this place.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file's content.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes four IDX files into a folder.
    pub fn write_data(&self, folder: &str, train: &Images, test: &Images) {
        fs::create_dir_all(self.path(folder)).unwrap();
        for (part, images) in [("train", train), ("t10k", test)] {
            let [width, height] = images.shape.size().map(|side| side as u32);
            let count = images.len() as u32;
            let header: Vec<u8> =
                [0x803, count, height, width].into_iter().flat_map(u32::to_be_bytes).collect();
            let pixels = [&header[..], &images.pixels].concat();
            self.write(&format!("{folder}/{part}-images-idx3-ubyte"), pixels);
            let header: Vec<u8> = [0x801, count].into_iter().flat_map(u32::to_be_bytes).collect();
            let labels = [&header[..], &images.labels].concat();
            self.write(&format!("{folder}/{part}-labels-idx1-ubyte"), labels);
        }
    }

    /// Every file with its content, in order of names. The download's cache does not count, nor does
    /// the empty file in a folder that a command has locked.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.file_name() == Some(OsStr::new(".lock")) {
                    assert_eq!(fs::read(path).unwrap(), b"");
                } else if path.is_file() {
                    files.push((path.clone(), fs::read(path).unwrap()));
                } else if path.file_name() != Some(OsStr::new("cache")) {
                    files.push((path.clone(), Vec::new()));
                    folders.push(path);
                }
            }
        }
        files.sort();
        files
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Images with a bright bar on uniform noise; its height is the class.
pub fn bars(side: usize, classes: usize, count: usize) -> Images {
    let mut images = Images { shape: Shape::square(side), ..Images::default() };
    for index in 0..count {
        let class = index % classes;
        images.labels.push(class as u8);
        for y in 0..side {
            let bright = if y * classes / side == class { 200 } else { 0 };
            images
                .pixels
                .extend((0..side).map(|x| bright + ((index * 31 + y * 17 + x * 7) % 50) as u8));
        }
    }
    images
}

/// The same with other noise: images that no training has seen.
pub fn unseen(side: usize, classes: usize, count: usize) -> Images {
    let mut images = bars(side, classes, count);
    images.pixels.iter_mut().for_each(|value| *value += 1);
    images
}
