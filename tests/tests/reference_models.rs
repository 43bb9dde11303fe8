//! The models in `host/models` have the accuracy that they record, and keep to the limits of their
//! presets.

use std::path::{Path, PathBuf};

use inkbit::config::preset;
use inkbit::data::{Dataset, load};
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
        let limit = preset.limits.max_bytes;
        assert_eq!(path.file_stem().unwrap().to_str(), Some(name), "{shown}");
        let bytes = blob.bytes().len();
        assert!(bytes <= limit, "{shown}: {bytes} bytes, but {name} may have {limit}");
    }
}

#[test]
fn every_model_is_as_accurate_on_mnist_as_it_says() {
    let Some(data) = mnist() else { return };
    for path in models() {
        let blob = Blob::load(&path).unwrap();
        let (shown, model) = (path.display(), blob.model().unwrap());
        let provenance = model.header().provenance.unwrap();
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

/// MNIST if $INKBIT_DATA is set; otherwise reports the skipped test.
fn mnist() -> Option<Dataset> {
    let Some(folder) = std::env::var_os("INKBIT_DATA") else {
        skipped("accuracy of the reference models", "INKBIT_DATA names no folder with MNIST");
        return None;
    };
    Some(load("mnist", Some(folder.as_ref()), None).unwrap())
}
