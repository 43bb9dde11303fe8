//! Whatever is in a file of a run, it is read, and drawn for its report, or is a named error.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use inkbit::config::TrainConfig;
use inkbit::data::{Dataset, Images};
use inkbit::report::plot;
use inkbit::run::{DataInfo, Run};
use inkbit::train::history::History;
use inkbit_fuzz::files::{assert_tells, folder};
use libfuzzer_sys::fuzz_target;

/// The files of a run that an input can replace, by its first byte.
const FILES: [&str; 4] = ["config.toml", "data.toml", "history.json", "weights.safetensors"];

fuzz_target!(|data: &[u8]| {
    static FOLDER: OnceLock<(PathBuf, Vec<Vec<u8>>)> = OnceLock::new();
    let (folder, sound) = FOLDER.get_or_init(train);
    let Some((&file, content)) = data.split_first() else { return };
    let file = usize::from(file) % FILES.len();
    let path = folder.join(FILES[file]);
    fs::write(&path, content).expect("the temporary folder can be written to");
    match Run::open(folder) {
        Ok(run) => check(&run),
        Err(error) => assert_tells(&error),
    }
    fs::write(&path, &sound[file]).expect("the temporary folder can be written to");
});

/// A run of a tiny network, and the content of its files.
fn train() -> (PathBuf, Vec<Vec<u8>>) {
    let images = || Images {
        shape: inkbit::data::Shape::square(4),
        pixels: (0..40 * 16).map(|at| (at * 37) as u8).collect(),
        labels: (0..40).map(|at| at % 2).collect(),
    };
    let classes = vec!["left".to_owned(), "right".to_owned()];
    let data = Dataset { name: "tiny".to_owned(), classes, train: images(), test: images() };
    let config = TrainConfig { hidden: vec![3], epochs: 2, batch: 8, ..TrainConfig::default() };
    let folder = folder().join("run");
    let run = Run::create(&folder, &config, DataInfo::new(&data), false).expect("a new run");
    run.train(&data, &mut ()).expect("a training");
    let sound = FILES.map(|file| fs::read(folder.join(file)).expect("written by the training"));
    (folder, sound.into())
}

fn check(run: &Run) {
    match run.history() {
        Ok(history) => draw(&history),
        Err(error) => assert_tells(&error),
    }
    match run.weights() {
        Ok(network) => {
            let classes = run.data.classes.len();
            assert_eq!(network.widths(), run.config.widths(&run.data.shape(), classes));
        }
        Err(error) => assert_tells(&error),
    }
    let _ = run.input().width;
    for fault in [run.check_unfinished().err(), run.lacks_report().err()].iter().flatten() {
        assert_tells(fault);
    }
}

fn draw(history: &History) {
    if history.best().is_some() {
        for figure in [plot::loss(history), plot::accuracy(history)] {
            assert!(figure.file().ends_with("</svg>\n"));
        }
    }
}
