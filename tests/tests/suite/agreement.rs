//! Oracle, burn's integer tensors and core, all three on the same images.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::thread;

use flate2::read::GzDecoder;
use inkbit::backend::Backend;
use inkbit::data::Images;
use inkbit::model_file::Blob;
use inkbit::net::{Dense, Mlp};
use inkbit::quantize::{Description, calibrate, quantize};
use inkbit::reference::Reference;
use inkbit_core::{Input, Model};
use inkbit_tests::oracle::Oracle;
use inkbit_tests::random_model::recipes;
use proptest::prelude::*;

use super::equivalence::{assert_equal_layers, cases, core_layers};

/// Images that go through burn's tensors at once.
const BATCH: usize = 250;

/// Compares every layer of every image; returns how many logits that were.
fn assert_all_agree(blob: &[u8], model: &Model<'_>, pixels: &[u8]) -> usize {
    let oracle = Oracle::read(blob).unwrap();
    let device = Backend::default().device().unwrap();
    let reference = Reference::new(model, &device);
    let size = model.input().pixels();
    let mut logits = 0;
    for (batch, pixels) in pixels.chunks(BATCH * size).enumerate() {
        let tensors = reference.layers(pixels);
        for (index, pixels) in pixels.chunks_exact(size).enumerate() {
            let image = format!("image {}", batch * BATCH + index);
            let expected = oracle.layers(pixels);
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
    fn tensors_oracle_and_core_agree_on_random_models(recipe in recipes()) {
        let blob = recipe.blob();
        let model = Model::parse(&blob).unwrap();
        let size = model.input().pixels();
        let mut random = fastrand::Rng::with_seed(recipe.seed);
        let mut pixels = vec![0; size];
        pixels.resize(2 * size, 255);
        pixels.extend((0..2 * size).map(|_| random.u8(..)));
        assert_all_agree(&blob, &model, &pixels);
    }
}

/// A network as training begins with, quantized on the images: no test has time to train one.
fn untrained(images: &Images) -> Blob {
    let mut random = fastrand::Rng::with_seed(28);
    let mut draw = |count: usize, limit: f64| -> Vec<f32> {
        (0..count).map(|_| ((2.0 * random.f64() - 1.0) * limit) as f32).collect()
    };
    let widths = [images.side * images.side, 128, 64, 10];
    let layers = widths.windows(2).map(|pair| Dense {
        inputs: pair[0],
        outputs: pair[1],
        weight: draw(pair[0] * pair[1], (6.0 / pair[0] as f64).sqrt()),
        bias: draw(pair[1], 0.1),
    });
    let net = Mlp { layers: layers.collect() };
    let description = Description {
        name: "untrained".into(),
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        input: Input::full(images.side as u16),
        command: String::new(),
        digest: [0; 32],
        seed: 28,
    };
    let ranges = calibrate(&net, images).unwrap();
    quantize(&net, &ranges, &description, (0, 0)).unwrap()
}

/// Compares on all images, with all processors.
fn assert_all_agree_on_digits(images: &Images) {
    assert_eq!(images.len(), 10_000);
    let blob = untrained(images);
    let model = blob.model().unwrap();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = images.len().div_ceil(threads) * images.side * images.side;
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

/// The pixels of MNIST's test set, where `INKBIT_DATA` names its folder.
fn mnist() -> Option<Images> {
    /// Magic number, images, rows and columns, four bytes each.
    const HEADER: [u8; 16] = [0, 0, 8, 3, 0, 0, 0x27, 0x10, 0, 0, 0, 28, 0, 0, 0, 28];
    let folder = std::env::var_os("INKBIT_DATA")?;
    let path = Path::new(&folder).join("t10k-images-idx3-ubyte.gz");
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    let pixels = bytes.strip_prefix(&HEADER).expect("MNIST's test images").to_vec();
    // Nothing here asks what the images show.
    Some(Images { side: 28, pixels, labels: vec![0; 10_000] })
}

#[test]
fn tensors_oracle_and_core_agree_on_all_mnist_test_images() {
    match mnist() {
        Some(images) => assert_all_agree_on_digits(&images),
        None => eprintln!("skipped: INKBIT_DATA does not name a folder with MNIST"),
    }
}
