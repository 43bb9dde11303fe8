//! The models in `host/models` have the accuracy that they record, and keep to the limits of their
//! presets.

use std::path::{Path, PathBuf};

use inkbit::config::preset;
use inkbit::data::{Dataset, load};
use inkbit::evaluate::evaluate_model;
use inkbit::model::{Blob, find};
use inkbit_tests::pictures::refusals;
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
    let Some(data) = loaded("mnist") else { return };
    let mixture = loaded(preset::PRESETS[1].data).unwrap();
    assert!(preset::is_mixture_of(&mixture.digest(), &data.digest()));
    for path in models() {
        let blob = Blob::load(&path).unwrap();
        let (shown, model) = (path.display(), blob.model().unwrap());
        let provenance = model.header().origin().unwrap().unwrap();
        let preset = preset::find(model.header().name).unwrap();
        let trained_on = if preset.name == "classic" { &data } else { &mixture };
        assert_eq!(provenance.digest, trained_on.digest(), "{shown}: trained on other data");
        assert_eq!(provenance.tested as usize, data.test.len(), "{shown}: images tested");
        let correct = evaluate_model(&model, &data.test).unwrap().correct;
        assert!(
            correct >= provenance.correct as usize,
            "{shown}: {correct} images are right, but it says {}",
            provenance.correct
        );
    }
}

#[test]
fn models_accept_digits_and_refuse_most_of_what_is_none() {
    let Some(data) = loaded("mnist") else { return };
    for found in refusals(&data.test) {
        assert!((98.5..99.5).contains(&found.accepted), "{found}");
        assert_eq!(found.refused.len(), 3, "{found}");
        let least = match &*found.model {
            // The one has seen MNIST's hands alone, and the other has four kilobytes.
            "classic" | "nano" => 30.0,
            "micro" => 55.0,
            _ => 60.0,
        };
        assert!(found.at_99 >= least, "{found}");
    }
}

/// MNIST, or a mixture with it, if $INKBIT_DATA is set; otherwise reports the skipped test.
fn loaded(name: &str) -> Option<Dataset> {
    let Some(folder) = std::env::var_os("INKBIT_DATA") else {
        skipped("accuracy of the reference models", "INKBIT_DATA names no folder with MNIST");
        return None;
    };
    Some(load(name, Some(folder.as_ref()), None).unwrap())
}
