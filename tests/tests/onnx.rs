//! The ONNX graphs that `inkbit export` writes, by an evaluator of our own: those of integers give core's
//! logits, those of floats the network's.
//! `tests/frameworks/onnx_integers.py` asks ONNX Runtime.

use inkbit::data::Shape;
use inkbit::data::synthetic::{Part, images};
use inkbit::export::onnx::{KIND, Stages, float, integer};
use inkbit::model::builtin;
use inkbit::net::Mlp;
use inkbit::support::rng::Rng;
use inkbit_core::{Input, Model, Range, Sample};
use inkbit_tests::c_engine::{expected, noise};
use inkbit_tests::onnx::{Kind, OnnxModel, Tensor};
use inkbit_tests::random_model::recipes;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::equivalence::cases;
use super::golden::features;

/// Samples as the graph takes them.
fn batch(model: &Model<'_>, samples: &[Vec<u8>]) -> Tensor {
    let bytes = samples.iter().flatten();
    let (kind, sides, values) = match model.sample() {
        Sample::Image(frame) => {
            let sides = vec![frame.height.into(), frame.width.into()];
            (Kind::U8, sides, bytes.map(|&byte| byte.into()).collect())
        }
        Sample::Features { count, signed: false, .. } => {
            (Kind::U8, vec![count.into()], bytes.map(|&byte| byte.into()).collect())
        }
        Sample::Features { count, signed: true, .. } => {
            let bytes: Vec<u8> = bytes.copied().collect();
            let values = bytes.as_chunks().0.iter().map(|&pair| i16::from_le_bytes(pair).into());
            (Kind::I16, vec![count.into()], values.collect())
        }
    };
    Tensor::new(kind, [vec![samples.len()], sides].concat(), values)
}

/// Compares every logit; returns how many there are.
fn compare(name: &str, blob: &[u8], samples: &[Vec<u8>]) -> usize {
    let model = Model::parse(blob).unwrap();
    let file = integer(&model).unwrap();
    assert!(KIND.has(&file));
    let graph = OnnxModel::read(&file);
    let answers = expected(blob, samples).answers;
    let logits: Vec<i64> =
        answers.into_iter().flat_map(|answer| answer.logits).map(i64::from).collect();
    let found = graph.run(batch(&model, samples));
    assert_eq!(found.shape, [samples.len(), model.classes()], "{name}");
    let differing = found.values.iter().zip(&logits).filter(|(a, b)| a != b).count();
    assert_eq!(differing, 0, "{name}: logits that differ, of {}", logits.len());
    assert_eq!(graph.opset, 13);
    let labels: Vec<&str> = (0..model.classes()).map(|class| model.label(class)).collect();
    assert_eq!(graph.texts["labels"], labels.join("\n"), "{name}");
    logits.len()
}

#[test]
fn no_logit_of_a_model_that_comes_with_inkbit_differs_over_200_images() {
    let images = images(Part::Test, 200, 1);
    let images: Vec<Vec<u8>> = images.iter().map(|(pixels, _)| pixels.to_vec()).collect();
    let models = builtin::all();
    assert!(models.len() > 3);
    for blob in models {
        let name = blob.model().unwrap().header().name;
        assert_eq!(compare(name, blob.bytes(), &images), 2000, "{name}");
    }
}

#[test]
fn no_logit_of_a_random_model_differs_and_several_stages_are_refused() {
    let mut runner = TestRunner::new(cases(1));
    let (mut compared, mut with_features, mut refused) = (0, 0, 0);
    for number in 0..400 {
        let recipe = recipes().new_tree(&mut runner).unwrap().current();
        let blob = recipe.blob();
        let model = Model::parse(&blob).unwrap();
        let stages = model.stages().len();
        if stages > 1 {
            assert_eq!(integer(&model), Err(Stages(stages)));
            refused += 1;
            continue;
        }
        let samples = noise(model.sample().bytes(), 12);
        compare(&format!("model {number}: {recipe:?}"), &blob, &samples);
        compared += 1;
        with_features += usize::from(matches!(model.sample(), Sample::Features { .. }));
    }
    let counts = [compared, with_features, refused];
    assert!(compared > 150 && with_features > 10 && refused > 50, "{counts:?}");
}

#[test]
fn features_of_8_and_16_bits_with_one_range_or_one_each_enter_as_they_are_measured() {
    for (signed, each) in [(false, false), (false, true), (true, false), (true, true)] {
        let blob = features(12, signed, each).blob();
        let bytes = Model::parse(&blob).unwrap().sample().bytes();
        let name = format!("signed {signed}, a range each {each}");
        compare(&name, &blob, &noise(bytes, 300));
    }
}

/// The logits of inputs, by plain loops.
fn logits(network: &Mlp, inputs: &[f64]) -> Vec<f64> {
    let last = network.layers.len() - 1;
    network.layers.iter().enumerate().fold(inputs.to_vec(), |inputs, (number, layer)| {
        let sum = |output: usize| -> f64 {
            let weights = layer.weight.iter().skip(output).step_by(layer.outputs);
            let products = weights.zip(&inputs).map(|(&weight, input)| f64::from(weight) * input);
            products.sum::<f64>() + f64::from(layer.bias[output])
        };
        let active = |sum: f64| if number == last { sum } else { sum.max(0.0) };
        (0..layer.outputs).map(sum).map(active).collect()
    })
}

/// Compares the graph of a network for these samples with what it makes of their inputs.
fn compare_floats(shape: &Shape, input: Input, sides: &[usize], samples: &[[Vec<f64>; 2]]) {
    let mut network = Mlp::he(&[input.inputs(), 20, 7], &mut Rng::new(3, &[]));
    network.layers[0].bias.iter_mut().zip(-10_i16..).for_each(|(b, x)| *b = f32::from(x) / 10.0);
    network.layers[1].bias[4] = 0.5;
    let labels: Vec<String> = (0..7).map(|class| format!("class {class}")).collect();
    let file = float(&network, "floats", shape, input, &labels);
    let graph = OnnxModel::read(&file);
    let taken = samples.iter().flat_map(|[sample, _]| sample).map(|&x| x as f32).collect();
    let found = graph.run(Tensor::of_reals([&[samples.len()], sides].concat(), taken));
    let expected = samples.iter().flat_map(|[_, inputs]| logits(&network, inputs));
    let differences =
        found.reals().into_iter().zip(expected).map(|(a, b)| (f64::from(a) - b).abs());
    let greatest = differences.fold(0.0, f64::max);
    assert!(greatest < 1e-5, "{shape}: logits differ by {greatest:e}");
    assert_eq!((found.values.len(), &*graph.texts["name"]), (7 * samples.len(), "floats"));
}

#[test]
fn a_float_network_takes_its_images_from_0_to_1_and_features_as_they_are_measured() {
    let input = Input { crop: [1, 0], pool: [2, 1], ..Input::full(0) };
    let input = Input { width: 12, height: 6, ..input };
    let mut random = Rng::new(5, &[]);
    let mut unit = || f64::from(random.unit());
    let samples: Vec<[Vec<f64>; 2]> = (0..20)
        .map(|_| (0..30).map(|_| unit()).collect::<Vec<f64>>())
        .map(|sample| [sample.clone(), sample])
        .collect();
    compare_floats(&Shape::Image { width: 12, height: 6 }, input, &[6, 5], &samples);

    let range = |offset, steps: u32| Range { offset, multiplier: (255 << 24) / steps };
    for ranges in [vec![range(-300, 600)], vec![range(-9, 20), range(100, 255), range(0, 9000)]] {
        let input = |value: f64, range: &Range| {
            let steps = (value - f64::from(range.offset)) * f64::from(range.multiplier);
            (steps / f64::from(255_u32 << 24)).clamp(0.0, 1.0)
        };
        let sample = |_| {
            let values: Vec<f64> = (0..3).map(|_| (unit() * 2000.0 - 1000.0).round()).collect();
            let each = values.iter().zip(ranges.iter().cycle());
            let inputs = each.map(|(&value, range)| input(value, range)).collect();
            [values, inputs]
        };
        let samples: Vec<[Vec<f64>; 2]> = (0..200).map(sample).collect();
        let shape = Shape::Features { count: 3, signed: true, ranges: ranges.clone() };
        compare_floats(&shape, Input { width: 3, ..Input::full(1) }, &[3], &samples);
    }
}
