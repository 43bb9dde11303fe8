//! Samples of numbers that are no pixels.

use inkbit_core::{Engine, Model, Range, Sample, SampleError, Scratch};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Oracle, OracleLayer, OracleSample};

use super::equivalence::{CELLS, assert_agree};
use super::golden::{features, plain};

/// A model of one layer that takes features in these ranges.
fn model(signed: bool, count: usize, ranges: Vec<(i64, i64)>) -> Oracle {
    let layer = OracleLayer {
        inputs: count,
        outputs: 1,
        bits: 8,
        biases: vec![0],
        codes: vec![vec![129; count]],
        ..OracleLayer::default()
    };
    let sample = OracleSample::Features { signed, count, ranges };
    Oracle { sample, ..plain(1, vec![layer]) }
}

fn bytes(signed: bool, values: &[i64]) -> Vec<u8> {
    if signed {
        values.iter().flat_map(|&value| (value as i16).to_le_bytes()).collect()
    } else {
        values.iter().map(|&value| value as u8).collect()
    }
}

/// The values next to every step of an input, for ranges of every kind: (value, offset, multiplier).
fn edges(signed: bool) -> Vec<(i64, i64, i64)> {
    let legal = if signed { -32_768..=32_767 } else { 0..=255 };
    let offsets = [-32_768, -1000, -1, 0, 1, 100, 255, 256, 32_767];
    let mut multipliers = vec![0, 1, (1 << 23) - 1, 1 << 23, (1 << 23) + 1, (1 << 31) - 1, 1 << 31];
    multipliers.extend([65_536, 65_279, 255 << 8, 255 << 16, 255 << 24, 1 << 24, 16_711_680]);
    multipliers.extend([4_278_190, 11_111_111, i64::from(u32::MAX)]);
    let mut edges = Vec::new();
    for &offset in &offsets {
        for &multiplier in &multipliers {
            let mut values = vec![*legal.start(), offset - 1, offset, offset + 1, *legal.end()];
            if multiplier > 0 {
                let steps = (1..=256_i64).map(|step| (step << 24) - (1 << 23));
                let least =
                    steps.map(|step| offset + (step as u64).div_ceil(multiplier as u64) as i64);
                values.extend(least.flat_map(|least| [least - 1, least]));
            }
            let values = values.into_iter().filter(|value| legal.contains(value));
            edges.extend(values.map(|value| (value, offset, multiplier)));
        }
    }
    edges
}

#[test]
fn every_edge_of_a_range_is_where_the_format_puts_it() {
    for signed in [true, false] {
        let edges = edges(signed);
        assert!(edges.len() > 2000);
        for edges in edges.chunks(4096) {
            let ranges =
                edges.iter().map(|&(_, offset, multiplier)| (offset, multiplier)).collect();
            let oracle = model(signed, edges.len(), ranges);
            let sample = bytes(signed, &edges.iter().map(|edge| edge.0).collect::<Vec<_>>());
            let blob = Aligned::new(&oracle.write());
            let model = Model::parse(&blob).unwrap();
            assert_agree(&model, &oracle, &sample, "edges");
            let mut engine = Engine::new(model.clone(), Scratch::<CELLS>::new()).unwrap();
            let mut inputs = vec![0; edges.len()];
            engine.inputs(&sample).unwrap().iter().for_each(|(at, input)| inputs[at] = input);
            for (&(value, offset, multiplier), found) in edges.iter().zip(inputs) {
                let exact = i128::from((value - offset).max(0)) * i128::from(multiplier);
                let exact = ((exact + (1 << 23)) >> 24).min(255);
                let range = Range { offset: offset as i32, multiplier: multiplier as u32 };
                let by_range = range.input(value as i16);
                assert_eq!((i128::from(found), by_range), (exact, found), "{value} in {range:?}");
            }
        }
    }
}

#[test]
fn one_range_is_as_many_that_are_the_same() {
    let range = (-300, 8_388_608);
    let values: Vec<i64> = (0..70).map(|at| at * 977 % 60_000 - 30_000).collect();
    let sample = bytes(true, &values);
    let answers = [1, 70].map(|count| {
        let oracle = model(true, 70, vec![range; count]);
        let blob = Aligned::new(&oracle.write());
        let model = Model::parse(&blob).unwrap();
        assert_eq!(model.ranges().len(), count);
        assert!(model.ranges().all(|range| range == Range { offset: -300, multiplier: 1 << 23 }));
        assert_agree(&model, &oracle, &sample, "values")
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_sample_has_two_bytes_for_a_signed_number_and_one_for_a_byte() {
    for (signed, expected) in [(true, 24), (false, 12)] {
        let blob = features(12, signed, true).blob();
        let model = Model::parse(&blob).unwrap();
        assert_eq!(model.sample(), Sample::Features { count: 12, signed, ranges: 12 });
        assert_eq!(model.sample().bytes(), expected);
        let mut engine = Engine::new(model, Scratch::<64>::new()).unwrap();
        for found in [0, 1, expected - 1, expected + 1, 36 - expected] {
            let error = SampleError { found, expected };
            assert_eq!(engine.infer(&vec![0; found]).unwrap_err(), error);
            assert_eq!(engine.inputs(&vec![0; found]).err(), Some(error));
        }
        assert!(engine.for_samples::<25>().is_err());
    }
}
