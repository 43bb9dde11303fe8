//! Blobs and logits in the repository that pin format version 2 byte for byte.
//!
//! `INKBIT_BLESS=1 cargo test -p inkbit-tests golden` writes them anew. A change to them is a
//! change of the format or of the arithmetic, and needs a new format version.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use inkbit_core::{Engine, Input, Model, Sizes, argmax};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::{Draw, LayerRecipe, Recipe};

use super::equivalence::{assert_equal_layers, core_layers};

/// A model without layers, to be completed.
pub(super) fn plain(side: u64, pool: u64) -> Oracle {
    Oracle {
        name: "plain".into(),
        labels: "only".into(),
        side,
        crop: 0,
        pool,
        logit_scale: 0.5,
        layers: Vec::new(),
        tool: "inkbit-tests".into(),
        command: String::new(),
        digest: [7; 32],
        seed: 1,
        correct: 1,
        tested: 2,
    }
}

/// A recipe of layers (outputs, bits) for an image of 6 × 6 pixels.
pub(super) fn recipe(layers: &[(u16, u8)]) -> Recipe {
    let layer =
        |&(outputs, bits)| LayerRecipe { outputs, bits, per_output: true, draw: Draw::Usual };
    Recipe { input: Input::full(6), layers: layers.iter().map(layer).collect(), seed: 9 }
}

/// The named corner cases.
fn corner_cases() -> Vec<(&'static str, Recipe)> {
    let with = |input, recipe| Recipe { input, ..recipe };
    let draw = |draw, per_output, mut recipe: Recipe| {
        recipe
            .layers
            .iter_mut()
            .for_each(|layer| (layer.draw, layer.per_output) = (draw, per_output));
        recipe
    };
    let mnist = |crop| Input { side: 28, crop, pool: 2 };
    vec![
        ("int8-per-output", recipe(&[(16, 8), (10, 8)])),
        ("int4-per-layer", draw(Draw::Usual, false, recipe(&[(16, 4), (10, 4)]))),
        ("int2-12x12-inputs", with(mnist(2), recipe(&[(8, 2), (10, 2)]))),
        ("int8-14x14-inputs", with(mnist(0), recipe(&[(8, 8), (3, 8)]))),
        ("pooled-by-4", with(Input { side: 14, crop: 1, pool: 4 }, recipe(&[(5, 4), (2, 8)]))),
        ("one-layer", recipe(&[(10, 8)])),
        ("one-class-one-pixel", with(Input::full(1), recipe(&[(1, 2)]))),
        ("odd-widths", with(Input::full(5), recipe(&[(17, 8), (1, 4), (9, 2), (7, 8)]))),
        ("eight-layers", recipe(&[(9, 8), (8, 4), (7, 2), (6, 8), (5, 4), (4, 2), (3, 8), (2, 4)])),
        ("extreme-parameters", draw(Draw::Extreme, true, recipe(&[(12, 8), (12, 4), (11, 2)]))),
    ]
}

/// The named images, which every model classifies.
fn images(pixels: usize) -> [(&'static str, Vec<u8>); 4] {
    let each = |value: fn(usize) -> usize| (0..pixels).map(|at| value(at) as u8).collect();
    [
        ("blank", vec![0; pixels]),
        ("full", vec![255; pixels]),
        // Pixel k is 37·k + 11 modulo 256; in "dots" only where k is a multiple of 5.
        ("ramp", each(|at| at * 37 + 11)),
        ("dots", each(|at| if at % 5 == 0 { at * 37 + 11 } else { 0 })),
    ]
}

fn path(case: &str, extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden").join(format!("{case}.{extension}"))
}

/// A line for each image: its name, then the logits.
fn logits_text(size: usize, logits: impl Fn(&[u8]) -> Vec<i64>) -> String {
    images(size).iter().fold(String::new(), |mut text, (name, pixels)| {
        let logits: Vec<String> = logits(pixels).iter().map(i64::to_string).collect();
        let _ = writeln!(text, "{name}: {}", logits.join(" "));
        text
    })
}

fn bless(case: &str, recipe: &Recipe) {
    let blob = recipe.blob();
    let oracle = Oracle::read(&blob).unwrap();
    let logits = |pixels: &[u8]| oracle.layers(pixels).pop().unwrap();
    let header = format!(
        "# Logits of {case}.inkbit, format version {}, by the oracle of inkbit-tests {}.\n\
         # Images as tests/core/golden.rs names them; renewed with INKBIT_BLESS=1.\n",
        inkbit_core::blob::VERSION,
        env!("CARGO_PKG_VERSION"),
    );
    let text = header + &logits_text((oracle.side * oracle.side) as usize, logits);
    std::fs::write(path(case, "inkbit"), &*blob).unwrap();
    std::fs::write(path(case, "txt"), text).unwrap();
}

#[test]
fn golden_blobs_give_their_golden_logits_and_are_written_again_byte_for_byte() {
    for (case, recipe) in corner_cases() {
        if std::env::var_os("INKBIT_BLESS").is_some() {
            bless(case, &recipe);
        }
        let blob = Aligned::new(&std::fs::read(path(case, "inkbit")).unwrap());
        let text = std::fs::read_to_string(path(case, "txt")).unwrap();
        let golden: String = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        let model = Model::parse(&blob).unwrap_or_else(|error| panic!("{case}: {error}"));
        let oracle = Oracle::read(&blob).unwrap_or_else(|error| panic!("{case}: {error}"));

        let size = model.input().pixels();
        for (name, pixels) in images(size) {
            let found = core_layers(&model, &pixels);
            assert_equal_layers(&oracle.layers(&pixels), &found, &format!("{case}, {name}"));
        }
        let core = logits_text(size, |pixels| core_layers(&model, pixels).pop().unwrap());
        assert_eq!(core, golden, "{case}: logits by core, golden logits");

        let mut out = vec![0xAA; model.max_blob_bytes()];
        assert!(model.write(&mut out).unwrap() == &*blob, "{case}: core writes other bytes");
        assert!(oracle.write() == *blob, "{case}: the oracle writes other bytes");
    }
}

#[test]
fn every_file_in_the_folder_belongs_to_a_case() {
    let folder =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden")).unwrap();
    let mut found: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    let mut expected: Vec<PathBuf> = corner_cases()
        .iter()
        .flat_map(|(case, _)| [path(case, "inkbit"), path(case, "txt")])
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_views_of_a_model_are_what_the_oracle_reads() {
    let blob = recipe(&[(11, 4), (3, 2)]).blob();
    let model = Model::parse(&blob).unwrap();
    let oracle = Oracle::read(&blob).unwrap();
    for (found, expected) in model.layers().iter().zip(&oracle.layers) {
        for output in 0..found.outputs() {
            assert_eq!(i64::from(found.bias(output)), expected.biases[output]);
            for input in 0..found.inputs() {
                let code = found.bits().code(found.weight(output, input));
                assert_eq!(code, Some(expected.codes[output][input]), "({output}, {input})");
            }
        }
        for (output, &multiplier) in expected.multipliers.iter().enumerate() {
            assert_eq!(i64::from(found.multiplier(output)), multiplier);
        }
        // Beyond a layer there is nothing, and no panic.
        for beyond in [found.outputs(), usize::MAX] {
            assert_eq!((found.bias(beyond), found.multiplier(beyond)), (0, 0));
            assert_eq!((found.weight(beyond, 0), found.weight(0, beyond.max(4096))), (0, 0));
        }
    }
    assert_eq!((model.label(0), model.label(2), model.label(3)), ("c0", "c2", ""));
    assert_eq!((model.classes(), model.input()), (3, Input::full(6)));
}

#[test]
fn the_lowest_class_wins_among_equals() {
    assert_eq!(argmax(&[1, 5, 5, -3]), 1);
    assert_eq!(argmax(&[i32::MIN; 3]), 0);
    assert_eq!(argmax::<i32>(&[]), 0);
}

/// What a program is compiled with is what the model turns out to have when it runs.
fn assert_sizes(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let blobs: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|name| name == "inkbit")).collect();
    for path in &blobs {
        let blob = Aligned::new(&std::fs::read(path).unwrap());
        let model = Model::parse(&blob).unwrap();
        let sizes = Sizes {
            pixels: model.input().pixels(),
            cells: model.scratch_cells(),
            classes: model.classes(),
        };
        assert_eq!(Sizes::of(&blob), sizes, "{}", path.display());
        let mut cells = vec![0; sizes.cells];
        let mut engine = Engine::new(model, &mut *cells).unwrap();
        let logits = engine.infer(&vec![255; sizes.pixels]).unwrap();
        assert_eq!(logits.len(), sizes.classes, "{}", path.display());
    }
    blobs.len()
}

#[test]
fn sizes_of_golden_blobs_are_those_of_their_models() {
    assert_eq!(assert_sizes("../core/golden"), corner_cases().len());
}

#[test]
fn sizes_of_models_that_come_with_inkbit_are_those_of_their_blobs() {
    assert!(assert_sizes("../host/models") > 3);
}
