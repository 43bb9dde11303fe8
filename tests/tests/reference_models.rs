//! The models in `host/models`: as accurate as they say, and no larger than promised.

use std::path::{Path, PathBuf};

use inkbit::config::preset;
use inkbit::data::{Dataset, Source, load};
use inkbit::device::counts::Counts;
use inkbit::evaluate::evaluate_model;
use inkbit::model::{Blob, find};
use inkbit_tests::skipped;

fn models() -> Vec<PathBuf> {
    find(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/models")]).unwrap()
}

#[test]
fn every_model_is_named_after_its_preset_and_within_its_budget() {
    let models = models();
    assert!(!models.is_empty());
    for path in models {
        let blob = Blob::load(&path).unwrap();
        let (shown, model) = (path.display(), blob.model().unwrap());
        let name = model.header().name;
        let preset = preset::find(name).unwrap_or_else(|| panic!("{shown}: no preset {name}"));
        let limit = preset.bar.max_bytes;
        assert_eq!(path.file_stem().unwrap().to_str(), Some(name), "{shown}");
        let bytes = blob.bytes().len();
        assert!(bytes <= limit, "{shown}: {bytes} bytes, but {name} may have {limit}");
    }
}

#[test]
fn the_readme_shows_every_model_as_it_is_recorded_and_counted() {
    let readme = include_str!("../../README.md").replace(',', "");
    for path in models() {
        let blob = Blob::load(&path).unwrap();
        let model = blob.model().unwrap();
        let (name, provenance) = (model.header().name, model.header().provenance);
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("README.md has no row for {name}"));
        let counts = Counts::built_in().of(blob.crc());
        let [m0, m3, risc_v] =
            ["microbit", "lm3s6965evb", "riscv32-virt"].map(|board| counts[board].round());
        let accuracy = 100.0 * f64::from(provenance.correct) / f64::from(provenance.tested);
        let start = format!("| {} | {accuracy:.2} % |", blob.bytes().len());
        let end = format!("| {m0} | {m3} | {risc_v} |");
        assert!(row.contains(&start) && row.ends_with(&end), "expected {start} … {end}: {row}");
    }
}

#[test]
fn every_model_is_as_accurate_on_mnist_as_it_says() {
    let Some(data) = mnist() else { return };
    for path in models() {
        let blob = Blob::load(&path).unwrap();
        let (shown, model) = (path.display(), blob.model().unwrap());
        let provenance = model.header().provenance;
        assert_eq!(provenance.digest, data.digest(), "{shown}: trained on other data");
        assert_eq!(provenance.tested as usize, data.test.len(), "{shown}: images tested");
        let correct = evaluate_model(&model, &data.test).unwrap().correct;
        assert!(
            correct >= provenance.correct as usize,
            "{shown}: {correct} images are right, but it says {}",
            provenance.correct
        );
    }
}

/// MNIST, if $INKBIT_DATA says where it is; if not, this says so.
fn mnist() -> Option<Dataset> {
    let Some(folder) = std::env::var_os("INKBIT_DATA") else {
        skipped("accuracy of the reference models", "INKBIT_DATA names no folder with MNIST");
        return None;
    };
    Some(load(&Source::new("mnist", Some(folder.into()), None)).unwrap())
}
