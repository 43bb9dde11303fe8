//! Core against the oracle, layer by layer.

use inkbit_core::kernel::{Kernel, Portable};
use inkbit_core::{Engine, LayerOutput, Logits, Model, SampleError, Scratch};
use inkbit_simd::Fastest;
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Answer, Oracle, OracleLayer};
use inkbit_tests::random_model::{recipes, samples};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Working memory for any model of the format.
pub(super) const CELLS: usize = 2 * inkbit_core::MAX_WIDTH;

/// The same cases in every run, unless `PROPTEST_CASES` or `PROPTEST_RNG_SEED` ask for others.
pub(super) fn cases(cases: u32) -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u32>().ok());
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(0x1BB17);
    ProptestConfig {
        cases: number("PROPTEST_CASES").unwrap_or(cases),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed.into()),
        ..ProptestConfig::default()
    }
}

/// Outputs of every layer in core, with the zeros that it skips.
pub(super) fn core_layers(model: &Model<'_>, sample: &[u8]) -> Vec<Vec<i64>> {
    core(model, sample).0
}

/// What a model in core makes of a sample.
pub(super) fn core_answer(model: &Model<'_>, sample: &[u8]) -> Answer {
    core(model, sample).1
}

/// What core computes on the way, and what it answers, by every kernel.
fn core(model: &Model<'_>, sample: &[u8]) -> (Vec<Vec<i64>>, Answer) {
    let found = by::<Portable>(model, sample);
    assert_eq!(found, by::<Fastest>(model, sample), "portable and fastest kernel");
    #[cfg(target_arch = "x86_64")]
    assert_eq!(found, by::<inkbit_simd::Avx2>(model, sample), "portable kernel and AVX2");
    #[cfg(target_arch = "aarch64")]
    assert_eq!(found, by::<inkbit_simd::Neon>(model, sample), "portable kernel and NEON");
    let mut engine = Engine::new(model.clone(), Scratch::<CELLS>::new()).expect("room for any");
    let native = answer(engine.infer(sample).unwrap());
    assert_eq!(found.1, native, "portable and native kernel");
    found
}

fn by<K: Kernel>(model: &Model<'_>, sample: &[u8]) -> (Vec<Vec<i64>>, Answer) {
    let mut engine = Engine::new(model.clone(), Scratch::<CELLS>::new()).expect("room for any");
    let mut layers = Vec::new();
    let logits = engine
        .infer_by::<K>(sample, |layer, output| {
            assert_eq!(layer, layers.len(), "layers are shown in order, each once");
            layers.push(match output {
                LayerOutput::Logits(logits) => logits.iter().copied().map(i64::from).collect(),
                LayerOutput::Activations(active) => {
                    let mut values = vec![0; model.layers()[layer].outputs()];
                    for (index, value) in active.iter() {
                        assert!(
                            value != 0 && values[index] == 0,
                            "unit {index} listed without need"
                        );
                        values[index] = i64::from(value);
                    }
                    values
                }
            });
        })
        .unwrap();
    let stage = &model.stages()[logits.stage()];
    assert_eq!((logits.stands(), logits.scale()), (stage.stands(&logits), stage.logit_scale));
    let answer = answer(logits);
    assert_eq!(layers.last(), Some(&answer.logits));
    (layers, answer)
}

/// An answer in the oracle's words.
pub(super) fn answer(logits: Logits<'_>) -> Answer {
    assert_eq!(logits.stands(), logits.class().is_some());
    Answer {
        stage: logits.stage(),
        class: logits.class(),
        likeliest: logits.argmax(),
        logits: logits.iter().copied().map(i64::from).collect(),
    }
}

/// Asserts that core and the oracle make the same of a sample, on the way too. Returns it.
pub(super) fn assert_agree(
    model: &Model<'_>,
    oracle: &Oracle,
    sample: &[u8],
    name: &str,
) -> Answer {
    let (layers, answer) = core(model, sample);
    assert_equal_layers(&oracle.layers(sample), &layers, name);
    assert_eq!(oracle.answer(sample), answer, "{name}: oracle, core");
    answer
}

/// Fails with the place and both values of the first difference.
pub(super) fn assert_equal_layers(oracle: &[Vec<i64>], core: &[Vec<i64>], image: &str) {
    assert_eq!(oracle.len(), core.len(), "{image}: number of layers");
    for (layer, (expected, found)) in oracle.iter().zip(core).enumerate() {
        assert_eq!(expected.len(), found.len(), "{image}: width of layer {layer}");
        for (unit, (expected, found)) in expected.iter().zip(found).enumerate() {
            assert_eq!(expected, found, "{image}: layer {layer}, unit {unit}: oracle, core");
        }
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn core_and_oracle_agree_on_every_layer_of_random_models(recipe in recipes()) {
        let blob = recipe.blob();
        let model = Model::parse(&blob).expect("core reads what it writes");
        let oracle = Oracle::read(&blob).expect("the oracle reads what core writes");
        prop_assert!(oracle.write() == *blob, "the oracle writes other bytes");
        for (name, sample) in samples(model.sample().bytes(), recipe.seed) {
            assert_agree(&model, &oracle, &sample, name);
        }
    }
}

/// The accumulators next to every step of an activation, for multipliers of every size.
fn requantization_edges() -> Vec<(i64, i64)> {
    const LIMIT: i64 = 1 << 30;
    let mut multipliers = vec![0, 1, 2, 3, (1 << 31) - 1, 1 << 31, (1 << 31) + 1];
    multipliers.extend((4..32).map(|power| (1_i64 << power) + power % 3 - 1));
    multipliers.extend([16_843_009, 2_863_311_531, i64::from(u32::MAX)]);
    let mut edges = Vec::new();
    for m in multipliers {
        let mut accumulators = vec![-LIMIT, -1, 0, 1, LIMIT];
        if m > 0 {
            let steps = (1..=256_u64).map(|step| (step << 32).div_ceil(m as u64) as i64);
            accumulators.extend(steps.flat_map(|least| [least - 1, least]));
        }
        edges.extend(accumulators.into_iter().filter(|acc| *acc <= LIMIT).map(|acc| (acc, m)));
    }
    edges
}

#[test]
fn every_edge_of_requantization_is_where_the_format_puts_it() {
    let edges = requantization_edges();
    assert!(edges.len() > 10_000);
    for edges in edges.chunks(4096) {
        // Without ink, the accumulator is the bias.
        let hidden = OracleLayer {
            inputs: 1,
            outputs: edges.len(),
            bits: 8,
            multipliers: edges.iter().map(|edge| edge.1).collect(),
            biases: edges.iter().map(|edge| edge.0).collect(),
            codes: vec![vec![255]; edges.len()],
            narrow: None,
        };
        let last = OracleLayer {
            inputs: edges.len(),
            outputs: 1,
            bits: 2,
            multipliers: Vec::new(),
            biases: vec![0],
            codes: vec![vec![3; edges.len()]],
            narrow: None,
        };
        let oracle = super::golden::plain(1, vec![hidden, last]);
        let blob = Aligned::new(&oracle.write());
        let found = core_layers(&Model::parse(&blob).unwrap(), &[0]);
        for (&(acc, m), &found) in edges.iter().zip(&found[0]) {
            let exact = i128::from(acc.max(0)) * i128::from(m) / (1 << 32);
            assert_eq!(i128::from(found), exact.min(255), "accumulator {acc}, multiplier {m}");
        }
        assert_equal_layers(&oracle.layers(&[0]), &found, "no ink");
    }
}

#[test]
fn the_greatest_sums_that_the_format_allows_do_not_overflow() {
    for (code, sign) in [(255_u8, 1), (0, -1)] {
        let layer = |inputs, outputs, multipliers| OracleLayer {
            inputs,
            outputs,
            bits: 8,
            multipliers,
            biases: vec![sign << 30; outputs],
            codes: vec![vec![code; inputs]; outputs],
            narrow: None,
        };
        let hidden = layer(4096, 9, vec![u32::MAX.into()]);
        for layers in [vec![hidden, layer(9, 1, vec![])], vec![layer(4096, 1, vec![])]] {
            let oracle = super::golden::plain(64, layers);
            let blob = Aligned::new(&oracle.write());
            let pixels = [255; 4096];
            let found = core_layers(&Model::parse(&blob).unwrap(), &pixels);
            assert_equal_layers(&oracle.layers(&pixels), &found, "all ink");
        }
    }
}

#[test]
fn neighbouring_inputs_in_one_register_change_nothing() {
    use inkbit_core::Input;
    use inkbit_tests::random_model::Recipe;

    for bits in [8, 4, 2] {
        // Narrower than a register, as wide, wider by a few; and of so many inputs that a list with
        // all of them is walked in parts.
        let narrow =
            (1..=35).map(|width| (Input::full(5), vec![(width, bits), (width, bits), (9, bits)]));
        let wide = (Input::full(64), vec![(65, bits), (37, bits)]);
        for (input, layers) in narrow.chain([wide]) {
            let recipe = Recipe { input, ..super::golden::recipe(&layers) };
            let blob = recipe.blob();
            let model = Model::parse(&blob).unwrap();
            let oracle = Oracle::read(&blob).unwrap();
            for (name, pixels) in samples(input.pixels(), 7) {
                let name = format!("{layers:?}, {name}");
                assert_equal_layers(&oracle.layers(&pixels), &core_layers(&model, &pixels), &name);
            }
        }
    }
}

#[test]
fn a_blob_gives_the_same_wherever_it_lies_in_memory() {
    use inkbit_core::Input;
    use inkbit_tests::random_model::Recipe;

    // Of the last one, more inputs than are taken at once.
    for (side, width, bits) in [(5, 17, 8), (6, 18, 4), (6, 32, 2), (8, 64, 8), (40, 33, 8)] {
        let layers = [(width, bits), (width, bits), (9, bits)];
        let recipe = Recipe { input: Input::full(side), ..super::golden::recipe(&layers) };
        let blob = recipe.blob();
        let oracle = Oracle::read(&blob).unwrap();
        for place in (0..64).step_by(8) {
            let blob = Aligned::at(&blob, place);
            let model = Model::parse(&blob).unwrap();
            for (name, pixels) in samples(recipe.input.pixels(), 7) {
                let name = format!("{layers:?} at {place}, {name}");
                assert_equal_layers(&oracle.layers(&pixels), &core_layers(&model, &pixels), &name);
            }
        }
    }
}

#[test]
fn an_image_of_another_length_is_refused_with_both_numbers() {
    for (crop, pool) in [(0, 1), (1, 1), (0, 2)] {
        let recipe = inkbit_tests::random_model::Recipe {
            input: inkbit_core::Input::square(8, crop, pool),
            ..super::golden::recipe(&[(3, 8)])
        };
        let blob = recipe.blob();
        let model = Model::parse(&blob).unwrap();
        let mut engine = Engine::new(model.clone(), Scratch::<100>::new()).unwrap();
        for found in [0, 1, 63, 65, 80] {
            let error = SampleError { found, expected: 64 };
            assert_eq!(engine.infer(&vec![0; found]).unwrap_err(), error);
            let observed = engine.infer_by::<Portable>(&vec![0; found], |_, _| panic!("it ran"));
            assert_eq!(observed.unwrap_err(), error);
        }
        let expected = engine.infer(&[7; 64]).unwrap().to_vec();
        assert_eq!(expected.len(), model.classes());
        let other = engine.clone().for_samples::<63>().unwrap_err();
        assert_eq!(other, SampleError { found: 63, expected: 64 });
        let mut engine = engine.for_samples::<64>().unwrap();
        assert_eq!(*engine.infer(&[7; 64]), *expected);
    }
}
