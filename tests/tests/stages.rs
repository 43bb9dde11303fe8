//! Networks that are asked in turn, until an answer stands.

use inkbit_core::{Engine, Input, LayerOutput, MAX_LAYERS, MAX_STAGES, Model, Scratch, Stage};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Answer, Oracle, OracleLayer, OracleStage};
use inkbit_tests::random_model::{Margin, More, Recipe, StageRecipe, recipes, samples};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::equivalence::{CELLS, assert_agree, cases, core_answer};
use super::golden::{layers, plain, recipe, two_stages};

/// A stage for an image of one pixel, which without ink has these logits.
fn stage(logits: &[i64], margin: u64) -> OracleStage {
    let layer = OracleLayer {
        inputs: 1,
        outputs: logits.len(),
        bits: 8,
        biases: logits.to_vec(),
        codes: vec![vec![129]; logits.len()],
        ..OracleLayer::default()
    };
    let (crop, pool) = ([0; 2], [1; 2]);
    OracleStage { crop, pool, logit_scale: 1.0, margin, prominence: 0, layers: vec![layer] }
}

/// What core and the oracle make of no ink, by these stages.
fn asked(stages: Vec<OracleStage>) -> Answer {
    let labels = vec!["any"; stages[0].layers[0].outputs].join("\n");
    let oracle = Oracle { labels, stages, ..plain(1, Vec::new()) };
    let blob = Aligned::new(&oracle.write());
    assert_agree(&Model::parse(&blob).unwrap(), &oracle, &[0], "no ink")
}

#[test]
fn an_answer_stands_from_its_margin_on() {
    const LIMIT: i64 = 1 << 30;
    let last = |classes: usize| stage(&vec![0; classes], 0);
    for (logits, above) in [
        (vec![5, 3], 2),
        (vec![3, 5], 2),
        (vec![-9, -3, -7, -300], 4),
        (vec![7, 7], 0),
        (vec![4, 7, 7, 4], 0),
        (vec![LIMIT, -LIMIT], 1 << 31),
        (vec![-LIMIT, -LIMIT, LIMIT], 1 << 31),
    ] {
        for (margin, expected) in [(0, 0), (above, 0), (above + 1, 1), (u32::MAX.into(), 1)] {
            let answer = asked(vec![stage(&logits, margin), last(logits.len())]);
            assert_eq!(answer.stage, expected, "{logits:?}, margin {margin}");
            // As the last stage, it is none of the classes where it does not stand.
            let answer = asked(vec![stage(&logits, margin)]);
            assert_eq!(answer.class.is_some(), expected == 0, "{logits:?}, margin {margin}");
            assert_eq!(answer.stage, 0);
        }
    }
    // One class is always the answer.
    for logit in [-LIMIT, 0, LIMIT] {
        assert_eq!(asked(vec![stage(&[logit], u32::MAX.into()), last(1)]).stage, 0);
    }
}

#[test]
fn an_answer_stands_from_its_prominence_on() {
    const LIMIT: i64 = 1 << 30;
    for (logits, above) in [
        (vec![5, 3], 2),
        (vec![-9, -3, -7, -300], 6 + 4 + 297),
        (vec![7, 7], 0),
        (vec![4, 7, 7, 4], 6),
        // A sum of 32 bits is full with the second.
        (vec![LIMIT, -LIMIT], 1 << 31),
        (vec![-LIMIT, LIMIT, -LIMIT], u32::MAX.into()),
        (vec![-LIMIT, LIMIT, -LIMIT, -LIMIT], u32::MAX.into()),
        // One logit alone is above none.
        (vec![9], 0),
    ] {
        for threshold in [0, above, above + 1, u32::MAX.into()] {
            if threshold > u32::MAX.into() {
                continue;
            }
            let stage = OracleStage { prominence: threshold, ..stage(&logits, 0) };
            let answer = asked(vec![stage]);
            let expected = threshold <= above;
            assert_eq!(answer.class.is_some(), expected, "{logits:?}, prominence {threshold}");
        }
    }
    // Both are asked for.
    for (margin, prominence, expected) in [(2, 9, true), (3, 9, false), (2, 10, false)] {
        let stage = OracleStage { prominence, ..stage(&[5, 3, -2], margin) };
        assert_eq!(asked(vec![stage]).class.is_some(), expected);
    }
}

#[test]
fn the_greatest_difference_of_two_numbers_is_a_margin() {
    let stands = |logits: &[i32], margin| {
        Stage { margin, ..Stage::alone(Input::full(1), 1.0, 1) }.stands(logits)
    };
    for logits in [[i32::MIN, i32::MAX], [i32::MAX, i32::MIN]] {
        assert!(stands(&logits, u32::MAX));
        assert!(!stands(&[logits[0], logits[1], logits[0].max(logits[1]) - 1], 2));
    }
    assert!(!stands(&[], 0));
}

#[test]
fn the_last_of_as_many_stages_as_there_may_be_is_asked_last() {
    for first_to_stand in 0..=MAX_STAGES {
        let margin = |number| if number == first_to_stand { 10 } else { 11 };
        let stages = (0..MAX_STAGES).map(|number| {
            let mut logits = vec![0; MAX_STAGES];
            logits[number] = 10;
            stage(&logits, margin(number))
        });
        let answer = asked(stages.collect());
        let last = MAX_STAGES - 1;
        assert_eq!((answer.stage, answer.likeliest), (first_to_stand.min(last), answer.stage));
        assert_eq!(answer.class, (first_to_stand <= last).then_some(first_to_stand));
    }
}

#[test]
fn a_stage_that_is_not_asked_computes_nothing_and_layers_are_numbered_through() {
    let blob = two_stages().blob();
    let model = Model::parse(&blob).unwrap();
    let mut engine = Engine::new(model.clone(), Scratch::<CELLS>::new()).unwrap();
    let mut asked = [0; 2];
    for (name, sample) in super::golden::images(36) {
        let mut shown = Vec::new();
        let observe = |layer, output: LayerOutput<'_>| {
            shown.push((layer, matches!(output, LayerOutput::Logits(_))));
        };
        let stage = engine.infer_observed(&sample, observe).unwrap().stage();
        let all = [(0, false), (1, true), (2, false), (3, true)];
        assert_eq!(shown, all[..2 * (stage + 1)], "{name}");
        asked[stage] += 1;
    }
    assert_eq!(asked, [2, 2]);
    // Nothing of one sample is left for the next.
    for (_, sample) in super::golden::images(36) {
        assert_eq!(
            super::equivalence::answer(engine.infer(&sample).unwrap()),
            core_answer(&model, &sample)
        );
    }
}

#[test]
fn eight_layers_in_four_stages_are_those_of_their_stages() {
    let stage = |count: usize| StageRecipe {
        crop: [1, 0],
        pool: [4, 2],
        margin: Margin::Above(2),
        layers: layers(&vec![(5, 4); count]),
    };
    let counts = [2, 1, 3, 2];
    assert_eq!(counts.iter().sum::<usize>(), MAX_LAYERS);
    let stages = counts[1..].iter().map(|&count| stage(count)).collect();
    let more = More { margin: Margin::Above(4), stages, ..More::default() };
    let blob = Recipe { more, ..recipe(&[(9, 8), (3, 2)]) }.blob();
    let model = Model::parse(&blob).unwrap();
    let mut first = 0;
    for (number, count) in counts.into_iter().enumerate() {
        let own = model.layers_of(number);
        assert!(own == &model.layers()[first..first + count], "stage {number}");
        assert_eq!((own.last().unwrap().outputs(), own[0].inputs()), (3, [36, 3][number.min(1)]));
        first += count;
    }
    assert!(model.layers_of(MAX_STAGES).is_empty() && model.layers_of(usize::MAX).is_empty());
    let oracle = Oracle::read(&blob).unwrap();
    for (name, sample) in samples(36, 9) {
        assert_agree(&model, &oracle, &sample, name);
    }
}

#[test]
fn random_models_often_go_on_and_often_do_not() {
    let mut runner = TestRunner::new(cases(1));
    let (mut stood, mut went_on, mut none) = (0, 0, 0);
    for _ in 0..100 {
        let recipe = recipes().new_tree(&mut runner).unwrap().current();
        if recipe.more == More::default() {
            continue;
        }
        let blob = recipe.blob();
        let model = Model::parse(&blob).unwrap();
        for (_, sample) in samples(model.sample().bytes(), recipe.seed) {
            let answer = core_answer(&model, &sample);
            went_on += u32::from(answer.stage > 0);
            stood += u32::from(answer.stage + 1 < model.stages().len());
            none += u32::from(answer.class.is_none());
        }
    }
    assert!(stood.min(went_on).min(none) > 30, "{stood} stood, {went_on} went on, {none} of none");
}
