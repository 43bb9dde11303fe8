//! Blobs and answers in the repository that pin format version 3 byte for byte.
//!
//! `INKBIT_BLESS=1 cargo test -p inkbit-tests golden` writes them anew. A change to them is a
//! change of the format or of the arithmetic, and needs a new format version.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use inkbit_core::{Engine, Input, Layout, Model, Sizes, argmax};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{
    Answer, Oracle, OracleLayer, OracleLayout, OracleProvenance, OracleSample, OracleStage,
};
use inkbit_tests::random_model::{
    Draw, FeatureRecipe, LayerRecipe, Margin, More, Recipe, StageRecipe,
};

use super::equivalence::{assert_equal_layers, core_answer, core_layers};

/// A model of one stage with these layers, for an image of `side` × `side` pixels.
pub(super) fn plain(side: u64, layers: Vec<OracleLayer>) -> Oracle {
    let stage = OracleStage {
        crop: [0; 2],
        pool: [1; 2],
        logit_scale: 0.5,
        margin: 0,
        prominence: 0,
        layers,
    };
    Oracle {
        name: "plain".into(),
        labels: "only".into(),
        sample: OracleSample::Image { width: side, height: side, layout: OracleLayout::AsItIs },
        stages: vec![stage],
        provenance: OracleProvenance {
            tool: "inkbit-tests".into(),
            command: String::new(),
            digest: [7; 32],
            seed: 1,
            correct: 1,
            tested: 2,
        }
        .write(),
    }
}

/// Layers (outputs, bits) of a recipe.
pub(super) fn layers(layers: &[(u16, u8)]) -> Vec<LayerRecipe> {
    let layer = |&(outputs, bits)| LayerRecipe {
        outputs,
        bits,
        per_output: true,
        narrow: None,
        draw: Draw::Usual,
    };
    layers.iter().map(layer).collect()
}

/// A recipe of layers (outputs, bits) for an image of 6 × 6 pixels.
pub(super) fn recipe(of: &[(u16, u8)]) -> Recipe {
    Recipe { input: Input::full(6), layers: layers(of), seed: 9, more: More::default() }
}

/// A recipe of two stages for the same images: the first of their means of 2 × 2 pixels.
pub(super) fn two_stages() -> Recipe {
    let last = StageRecipe {
        crop: [0; 2],
        pool: [1; 2],
        margin: Margin::Exactly(TWO_STAGES[1]),
        layers: layers(&[(14, 8), (5, 4)]),
    };
    let margin = Margin::Exactly(TWO_STAGES[0]);
    Recipe {
        input: Input::square(6, 0, 2),
        seed: 8,
        more: More { margin, stages: vec![last], ..More::default() },
        ..recipe(&[(7, 4), (5, 8)])
    }
}

/// Margins at which two of the golden images go on, of which one is none of the classes. One image
/// just reaches the first margin, and one the second.
const TWO_STAGES: [u32; 2] = [8522, 1547];

/// A recipe of so many features.
pub(super) fn features(count: u16, signed: bool, each: bool) -> Recipe {
    let input = Input { width: count, height: 1, crop: [0; 2], pool: [1; 2] };
    let features = Some(FeatureRecipe { signed, each });
    Recipe { input, more: More { features, ..More::default() }, ..recipe(&[(11, 8), (4, 4)]) }
}

/// The named corner cases of images that version 2 has words for.
fn simple_cases() -> Vec<(&'static str, Recipe)> {
    let with = |input, recipe| Recipe { input, ..recipe };
    let draw = |draw, per_output, mut recipe: Recipe| {
        recipe
            .layers
            .iter_mut()
            .for_each(|layer| (layer.draw, layer.per_output) = (draw, per_output));
        recipe
    };
    let mnist = |crop| Input::square(28, crop, 2);
    vec![
        ("int8-per-output", recipe(&[(16, 8), (10, 8)])),
        ("int4-per-layer", draw(Draw::Usual, false, recipe(&[(16, 4), (10, 4)]))),
        ("int2-12x12-inputs", with(mnist(2), recipe(&[(8, 2), (10, 2)]))),
        ("int8-14x14-inputs", with(mnist(0), recipe(&[(8, 8), (3, 8)]))),
        ("pooled-by-4", with(Input::square(14, 1, 4), recipe(&[(5, 4), (2, 8)]))),
        ("one-layer", recipe(&[(10, 8)])),
        ("one-class-one-pixel", with(Input::full(1), recipe(&[(1, 2)]))),
        ("odd-widths", with(Input::full(5), recipe(&[(17, 8), (1, 4), (9, 2), (7, 8)]))),
        ("eight-layers", recipe(&[(9, 8), (8, 4), (7, 2), (6, 8), (5, 4), (4, 2), (3, 8), (2, 4)])),
        ("extreme-parameters", draw(Draw::Extreme, true, recipe(&[(12, 8), (12, 4), (11, 2)]))),
    ]
}

/// The named corner cases.
fn corner_cases() -> Vec<(&'static str, Recipe)> {
    let more = |more, of| Recipe { more, ..recipe(of) };
    let layout = |layout| More { layout: Some(layout), ..More::default() };
    let unnamed = More { no_labels: true, no_provenance: true, ..More::default() };
    let wide = Input { width: 14, height: 8, crop: [1, 2], pool: [2, 1] };
    let mut narrow = recipe(&[(16, 8), (12, 8), (9, 2), (7, 8)]);
    let shifts = [Some([9, 1]), None, Some([15, 0]), Some([0, 2])];
    narrow.layers.iter_mut().zip(shifts).for_each(|(layer, shifts)| layer.narrow = shifts);
    narrow.layers[2].per_output = false;
    let new = [
        ("two-stages", two_stages()),
        ("features-signed", features(12, true, true)),
        ("features-one-range", features(9, false, false)),
        ("wide-image", Recipe { input: wide, ..recipe(&[(9, 4), (5, 8)]) }),
        ("narrow-numbers", narrow),
        ("digits-unnamed", more(unnamed, &[(8, 4), (10, 4)])),
        ("fitted", more(layout(Layout::Fitted), &[(8, 8), (3, 8)])),
        ("as-it-is", more(layout(Layout::AsItIs), &[(8, 8), (3, 8)])),
    ];
    simple_cases().into_iter().chain(new).collect()
}

/// The named samples, which every model classifies.
pub(super) fn images(bytes: usize) -> [(&'static str, Vec<u8>); 4] {
    let each = |value: fn(usize) -> usize| (0..bytes).map(|at| value(at) as u8).collect();
    [
        ("blank", vec![0; bytes]),
        ("full", vec![255; bytes]),
        // Byte k is 37·k + 11 modulo 256; in "dots" only where k is a multiple of 5.
        ("ramp", each(|at| at * 37 + 11)),
        ("dots", each(|at| if at % 5 == 0 { at * 37 + 11 } else { 0 })),
    ]
}

fn path(case: &str, extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/golden").join(format!("{case}.{extension}"))
}

/// A line for each sample: its name, then the logits.
pub(super) fn logits_text(bytes: usize, answer: impl Fn(&[u8]) -> Answer) -> String {
    images(bytes).iter().fold(String::new(), |mut text, (name, sample)| {
        let logits: Vec<String> = answer(sample).logits.iter().map(i64::to_string).collect();
        let _ = writeln!(text, "{name}: {}", logits.join(" "));
        text
    })
}

/// After those lines another for each sample, with its class and the stage.
fn answers_text(bytes: usize, answer: impl Fn(&[u8]) -> Answer) -> String {
    let text = logits_text(bytes, &answer);
    images(bytes).iter().fold(text, |mut text, (name, sample)| {
        let Answer { class, stage, .. } = answer(sample);
        let class = class.map_or_else(|| "no class".to_owned(), |class| format!("class {class}"));
        let _ = writeln!(text, "{name} is {class} by stage {stage}");
        text
    })
}

/// The lines of a file but its comments.
pub(super) fn lines(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

fn bless(case: &str, recipe: &Recipe) {
    let blob = recipe.blob();
    let oracle = Oracle::read(&blob).unwrap();
    let header = format!(
        "# Answers of {case}.inkbit, format version {}, by the oracle of inkbit-tests {}.\n\
         # Samples as tests/tests/golden.rs names them; renewed with INKBIT_BLESS=1.\n",
        inkbit_core::blob::VERSION,
        env!("CARGO_PKG_VERSION"),
    );
    let text = header + &answers_text(oracle.sample_bytes(), |sample| oracle.answer(sample));
    std::fs::write(path(case, "inkbit"), &*blob).unwrap();
    std::fs::write(path(case, "txt"), text).unwrap();
}

#[test]
fn golden_blobs_give_their_golden_answers_and_are_written_again_byte_for_byte() {
    for (case, recipe) in corner_cases() {
        if std::env::var_os("INKBIT_BLESS").is_some() {
            bless(case, &recipe);
        }
        let blob = Aligned::new(&std::fs::read(path(case, "inkbit")).unwrap());
        let golden = lines(&std::fs::read_to_string(path(case, "txt")).unwrap());
        let model = Model::parse(&blob).unwrap_or_else(|error| panic!("{case}: {error}"));
        let oracle = Oracle::read(&blob).unwrap_or_else(|error| panic!("{case}: {error}"));

        let bytes = model.sample().bytes();
        assert_eq!(bytes, oracle.sample_bytes(), "{case}: bytes of a sample");
        for (name, sample) in images(bytes) {
            let found = core_layers(&model, &sample);
            assert_equal_layers(&oracle.layers(&sample), &found, &format!("{case}, {name}"));
        }
        let core = answers_text(bytes, |sample| core_answer(&model, sample));
        assert_eq!(core, golden, "{case}: answers by core, golden answers");

        let mut out = vec![0xAA; model.max_blob_bytes()];
        assert!(model.write(&mut out).unwrap() == &*blob, "{case}: core writes other bytes");
        assert!(oracle.write() == *blob, "{case}: the oracle writes other bytes");
    }
}

#[test]
fn the_two_golden_stages_are_both_needed_and_fit_a_small_memory() {
    let blob = two_stages().blob();
    let model = Model::parse(&blob).unwrap();
    assert_eq!((model.sample().bytes(), model.stages().len()), (36, 2));
    assert!(model.scratch_cells() <= 64);
    let answers = images(36).map(|(_, sample)| core_answer(&model, &sample));
    assert_eq!(answers.each_ref().map(|answer| answer.stage), [0, 1, 1, 0]);
    assert_eq!(answers.map(|answer| answer.class.is_some()), [true, true, false, true]);
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
    for (found, expected) in model.layers().iter().zip(&oracle.stages[0].layers) {
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
            bytes: model.sample().bytes(),
            cells: model.scratch_cells(),
            classes: model.classes(),
        };
        assert_eq!(Sizes::of(&blob), sizes, "{}", path.display());
        let mut cells = vec![0; sizes.cells];
        let mut engine = Engine::new(model, &mut *cells).unwrap();
        let logits = engine.infer(&vec![255; sizes.bytes]).unwrap();
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
