//! The engine in C that `inkbit export` writes, and core in a static library for C, answer as core and
//! the oracle do, to the bit.
//!
//! `tests/tests/errors.rs` compares its errors.

use std::path::{Path, PathBuf};
use std::process::Command;

use inkbit_core::{Frame, Layout, Model, Sample};
use inkbit_tests::Aligned;
use inkbit_tests::c_engine::{Build, CModel, Source, TEMPLATES, engines, expected, lines, noise};
use inkbit_tests::oracle::{Oracle, seal};
use inkbit_tests::random_model::recipes;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::equivalence::cases;
use super::golden::{features, recipe, two_stages};

/// Samples of each model whose logits are compared.
const SAMPLES: usize = 1000;

/// The blobs in a folder of the checkout, with their names.
fn blobs(folder: &str) -> Vec<(String, Aligned)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_blob = |path: &PathBuf| path.extension().is_some_and(|end| end == "inkbit");
    let read =
        |path: PathBuf| (path.display().to_string(), Aligned::new(&std::fs::read(&path).unwrap()));
    files.filter(is_blob).map(read).collect()
}

/// Compares a model's answers to samples by every compiler; returns how many logits were compared.
fn compare(name: &str, blob: &[u8], samples: &[Vec<u8>]) -> usize {
    let expected = expected(blob, samples);
    for engine in engines() {
        let found = engine.ask(blob, samples).unwrap_or_else(|error| panic!("{name}: {error}"));
        let differing = found.answers.iter().zip(&expected.answers).filter(|(a, b)| a != b).count();
        assert_eq!(differing, 0, "{name}, {}: samples that differ", engine.build);
        assert!(found.work_words <= expected.work_words, "{name}: words of memory");
        let sizes = |model: &CModel| (model.sample_bytes, model.classes, model.answers.len());
        assert_eq!(sizes(&found), sizes(&expected), "{name}, {}", engine.build);
    }
    engines().len() * expected.answers.len() * expected.classes as usize
}

#[test]
fn no_logit_of_a_golden_blob_differs_over_1000_samples() {
    for (name, blob) in blobs("core/golden") {
        let bytes = Model::parse(&blob).unwrap().sample().bytes();
        let compared = compare(&name, &blob, &noise(bytes, SAMPLES));
        assert!(compared >= engines().len() * SAMPLES, "{compared} logits of {name}");
    }
}

#[cfg(feature = "host")]
#[test]
fn no_logit_of_a_model_that_comes_with_inkbit_differs_over_1000_images() {
    use inkbit::data::synthetic::{Part, images};
    let images = images(Part::Test, SAMPLES, 1);
    let images: Vec<Vec<u8>> = images.iter().map(|(pixels, _)| pixels.to_vec()).collect();
    let models = blobs("host/models");
    assert!(models.len() > 3);
    for (name, blob) in models {
        assert_eq!(compare(&name, &blob, &images), engines().len() * SAMPLES * 10);
    }
}

#[test]
fn no_logit_of_a_random_model_differs() {
    let mut runner = TestRunner::new(cases(1));
    for number in 0..300 {
        let recipe = recipes().new_tree(&mut runner).unwrap().current();
        let blob = recipe.blob();
        let bytes = Model::parse(&blob).unwrap().sample().bytes();
        compare(&format!("model {number}: {recipe:?}"), &blob, &noise(bytes, 12));
    }
}

#[test]
fn a_changed_byte_under_a_right_crc_is_refused_where_core_refuses_it_and_runs_where_it_does_not() {
    let blobs = [two_stages().blob(), features(12, true, true).blob(), recipe(&[(3, 4)]).blob()];
    let mut random = fastrand::Rng::with_seed(7);
    let [mut refused, mut accepted] = [0; 2];
    for number in 0..6000 {
        let mut changed = blobs[number % blobs.len()].to_vec();
        for _ in 0..random.usize(1..3) {
            // Most of the others are weights.
            let at = random.usize(12..if number % 2 == 0 { 120 } else { changed.len() - 4 });
            changed[at] = random.u8(..);
        }
        seal(&mut changed);
        let blob = Aligned::new(&changed);
        match Model::parse(&blob) {
            Ok(model) => {
                accepted += 1;
                compare("a changed blob", &blob, &noise(model.sample().bytes(), 3));
            }
            Err(error) => {
                refused += 1;
                for engine in engines() {
                    let found = engine.ask(&blob, &[[]; 0]);
                    assert!(found.is_err(), "{} reads it, core: {error}", engine.build);
                }
            }
        }
        assert!(Oracle::read(&changed).is_ok() == Model::parse(&blob).is_ok());
    }
    assert!(refused > 1000 && accepted > 1000, "{refused} refused, {accepted} accepted");
}

#[test]
fn a_name_is_refused_where_it_is_not_utf8() {
    // What begins or goes on characters of every length, at the limits and beside them.
    const BYTES: [u8; 24] = [
        0, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
        0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ];
    let mut random = fastrand::Rng::with_seed(3);
    let mut oracle = Oracle::read(&recipe(&[(3, 4)]).blob()).unwrap();
    oracle.name = "xxxx".to_owned();
    let blob = oracle.write();
    let mut refused = 0;
    for _ in 0..4000 {
        let mut changed = blob.clone();
        changed[13..17].fill_with(|| BYTES[random.usize(..BYTES.len())]);
        let is_text = str::from_utf8(&changed[13..17]).is_ok();
        refused += usize::from(!is_text);
        seal(&mut changed);
        for engine in engines() {
            let found = engine.ask(&changed, &[[]; 0]).err();
            assert_eq!(found, (!is_text).then_some(10), "{:x?}", &changed[13..17]);
        }
    }
    assert!((1000..3990).contains(&refused), "{refused} refused");
}

#[test]
fn a_blob_that_is_cut_off_anywhere_is_refused() {
    let blob = two_stages().blob();
    for length in 0..blob.len() {
        let mut cut = blob[..length].to_vec();
        let plain = engines().iter().map(|engine| engine.ask(&cut, &[[]; 0]));
        assert!(plain.into_iter().all(|found| found == Err(5)), "{length} bytes");
        if length >= 16 {
            seal(&mut cut);
            assert!(engines().iter().all(|engine| engine.ask(&cut, &[[]; 0]).is_err()), "{length}");
        }
    }
}

/// Runs a program that ends well, and returns what it says.
fn said_by(program: &Path, argument: &str) -> String {
    let ended = Command::new(program).arg(argument).output().unwrap();
    let [said, errors] = [&ended.stdout, &ended.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(ended.status.success(), "{} {argument}: {said}{errors}", program.display());
    said.into_owned()
}

#[test]
fn wrong_lengths_and_addresses_are_named_and_labels_and_texts_are_those_of_the_model() {
    let blobs = blobs("core/golden");
    let mut errors = Vec::new();
    for Build { source, compiler } in engines().iter().map(|engine| engine.build) {
        let program = Build { source, compiler }.program("edges");
        for (name, blob) in &blobs {
            let model = Model::parse(blob).unwrap();
            let (about, texts) = {
                let said = said_by(&program, name);
                let (about, texts) = said.split_once("errors\n").unwrap();
                (about.to_owned(), texts.to_owned())
            };
            let labels: Vec<&str> = (0..model.classes()).map(|class| model.label(class)).collect();
            let sample = sample_of(&model);
            let expected = format!("{sample}\n{}\n{}\n", model.header().name, labels.join("\n"));
            assert_eq!(about, expected, "{name} by {compiler} with {source:?}");
            errors.push((source, texts));
        }
        std::fs::remove_file(program).unwrap();
    }
    // Where the engine in C has a number, the library has the same text for it.
    let (_, first) = errors.first().expect("a compiler");
    assert!(first.starts_with("0 no error\n1 ") && first.lines().count() > 30, "{first}");
    for (source, texts) in &errors {
        match source {
            Source::C => assert_eq!(texts, first),
            Source::Core => {
                let has = |line: &str| texts.lines().any(|found| found == line);
                let missing: Vec<&str> = first.lines().filter(|line| !has(line)).collect();
                assert!(missing.is_empty(), "{missing:?} are not among {texts}");
            }
        }
    }
}

/// What `tests/c/edges.c` says of a model's samples and size.
fn sample_of(model: &Model<'_>) -> String {
    let (is_image, is_signed, ranges, [width, height], layout, ink) = match model.sample() {
        Sample::Image(Frame { width, height, layout }) => {
            let (number, ink) = match layout {
                Layout::AsItIs => (0, width.min(height)),
                Layout::Fitted => (1, width.min(height)),
                Layout::Centred { ink } => (2, ink),
            };
            (1, 0, 0, [width, height], number, ink)
        }
        Sample::Features { count, signed, ranges } => {
            (0, u8::from(signed), ranges, [count, 1], 0, 0)
        }
    };
    let (stages, layers) = (model.stages().len(), model.layers().len());
    format!("{is_image} {is_signed} {ranges} {width} {height} {layout} {ink} {stages} {layers}")
}

#[test]
fn the_library_names_null_pointers_and_models_that_were_not_read() {
    for build in engines().iter().map(|engine| engine.build) {
        if build.source == Source::Core {
            let program = build.program("pointers");
            for (name, _) in blobs("core/golden") {
                assert_eq!(said_by(&program, &name), "as expected\n", "{name}: {build}");
            }
            std::fs::remove_file(program).unwrap();
        }
    }
}

#[test]
fn what_is_compiled_with_the_header_of_one_engine_does_not_link_with_the_other() {
    for build in engines().iter().map(|engine| engine.build) {
        let (other, missing) = match build.source {
            Source::C => (Source::Core, "inkbit_read"),
            Source::Core => (Source::C, "inkbit_read_by_core"),
        };
        let (links, said) = build.links_with(other, "edges");
        assert!(!links && said.contains(missing), "{build}: {said}");
        assert!(build.links_with(build.source, "edges").0, "{build}");
    }
}

#[test]
fn the_reader_and_the_engine_in_c_have_fewer_than_600_lines() {
    assert!(lines() < 600, "{} lines in {TEMPLATES}", lines());
}
