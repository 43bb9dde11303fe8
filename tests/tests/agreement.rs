//! Oracle, burn's integer tensors and core agree on the same images.

use std::path::Path;
use std::thread;

use inkbit::data::{Images, load, synthetic};
use inkbit::evaluate::reference::Reference;
use inkbit::evaluate::verify::{VerifyError, verify};
use inkbit::model::Blob;
use inkbit::net::Backend;
use inkbit_core::{Layer, Model, Numbers};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::recipes;
use inkbit_tests::skipped;
use proptest::prelude::*;

use super::equivalence::{assert_equal_layers, cases, core_layers};

/// Images that go through burn's tensors at once.
const BATCH: usize = 250;

/// Compares every layer of every image; returns the number of logits.
fn assert_all_agree(blob: &[u8], model: &Model<'_>, pixels: &[u8]) -> usize {
    let oracle = Oracle::read(blob).unwrap();
    let device = Backend::default().device().unwrap();
    let reference = Reference::new(model, &device);
    let size = model.sample().bytes();
    let mut logits = 0;
    for (batch, pixels) in pixels.chunks(BATCH * size).enumerate() {
        let tensors = reference.layers(pixels);
        for (index, pixels) in pixels.chunks_exact(size).enumerate() {
            let image = format!("image {}", batch * BATCH + index);
            let (expected, answer) = (oracle.layers(pixels), oracle.answer(pixels));
            let every = |(values, layer): (&Vec<i64>, &Layer<'_>)| {
                values[index * layer.outputs()..(index + 1) * layer.outputs()].to_vec()
            };
            let all: Vec<Vec<i64>> = tensors.iter().zip(model.layers()).map(every).collect();
            let all: Vec<&[i64]> = all.iter().map(Vec::as_slice).collect();
            assert_eq!(reference.deciding(&all), answer.stage, "{image}");
            // Of a stage that is not asked, only the tensors have outputs.
            let of_image = |(values, layer): (&Vec<i64>, &Vec<i64>)| {
                values[index * layer.len()..(index + 1) * layer.len()].to_vec()
            };
            let tensors: Vec<Vec<i64>> = tensors.iter().zip(&expected).map(of_image).collect();
            assert_equal_layers(&expected, &tensors, &format!("{image}, tensors for core"));
            assert_equal_layers(&expected, &core_layers(model, pixels), &image);
            logits += expected.last().map_or(0, Vec::len);
        }
    }
    logits
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn tensors_oracle_and_core_agree_on_random_models(
        recipe in recipes(),
    ) {
        let blob = recipe.blob();
        let model = Model::parse(&blob).unwrap();
        let size = model.sample().bytes();
        let mut random = fastrand::Rng::with_seed(recipe.seed);
        let mut pixels = vec![0; size];
        pixels.resize(2 * size, 255);
        pixels.extend((0..2 * size).map(|_| random.u8(..)));
        assert_all_agree(&blob, &model, &pixels);
    }
}

/// The model that the devices are tested with, too.
fn classic() -> Blob {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../host/models/classic.inkbit");
    Blob::load(Path::new(path)).unwrap()
}

/// Compares on all images, with all processors.
fn assert_all_agree_on_digits(images: &Images) {
    assert_eq!(images.len(), 10_000);
    let blob = classic();
    let model = blob.model().unwrap();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = images.len().div_ceil(threads) * images.shape.bytes();
    let logits: usize = thread::scope(|scope| {
        let parts: Vec<_> = images
            .pixels
            .chunks(share)
            .map(|pixels| scope.spawn(|| assert_all_agree(blob.bytes(), &model, pixels)))
            .collect();
        parts.into_iter().map(|part| part.join().expect("all agree")).sum()
    });
    assert_eq!(logits, 100_000);
}

#[test]
fn tensors_oracle_and_core_agree_on_all_mnist_test_images() {
    match std::env::var_os("INKBIT_DATA") {
        Some(folder) => {
            let data = load("mnist", Some(folder.as_ref()), None);
            assert_all_agree_on_digits(&data.unwrap().test);
        }
        None => skipped("agreement on MNIST", "INKBIT_DATA names no folder with MNIST"),
    }
}

#[test]
fn tensors_oracle_and_core_agree_on_10_000_synthetic_digits() {
    assert_all_agree_on_digits(&synthetic::images(synthetic::Part::Test, 10_000, 1));
}

#[test]
fn a_difference_of_one_is_found_and_named_with_image_layer_unit_and_both_values() {
    let blob = classic();
    let model = blob.model().unwrap();
    let last = model.layers().last().unwrap().shape();
    let mut data = model.data().to_vec();
    // The last layer has no multipliers: its biases come first.
    let unit = 3;
    data[model.data().len() - last.data_bytes() + last.numbers.bytes() * unit] ^= 1;
    let Numbers::Narrow { bias_shift: 0, .. } = last.numbers else { panic!("{last:?}") };
    let data = Aligned::new(&data);
    let other = Model::new(model.header().clone(), &data).unwrap();
    let images = synthetic::images(synthetic::Part::Test, 2, 1);
    let device = Backend::default().device().unwrap();

    let error = verify(&Reference::new(&model, &device), &other, &images, |_| ()).unwrap_err();

    let VerifyError::Mismatch(found) = error else { panic!("{error}") };
    assert_eq!((found.image, found.layer, found.unit), (0, 2, unit));
    assert_eq!(found.reference.abs_diff(found.core), 1);
    let text = found.to_string();
    let expected = format!(
        "mismatch at image 0, layer 2, unit 3: the reference gives {}, the {} kernel of inkbit-core gives {};",
        found.reference, found.kernel, found.core
    );
    assert!(text.starts_with(&expected), "{text}");
}
