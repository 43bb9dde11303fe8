//! The vector kernel for browsers, in the module for many images, against the portable kernel.

use inkbit::model::{builtin, int_logits};
use inkbit_core::kernel::Portable;
use inkbit_core::{Engine, Input, Model, Scratch};
use inkbit_tests::batch::{Batch, MODULE};
use inkbit_tests::devices::digits;
use inkbit_tests::module::imports;
use inkbit_tests::random_model::{Recipe, recipes, samples};
use proptest::prelude::*;

use super::equivalence::{CELLS, cases};

/// Compares the logits and classes of a recipe's model, of several images in one call.
fn compare(recipe: &Recipe) {
    let blob = recipe.blob();
    let model = Model::parse(&blob).unwrap();
    let samples = samples(model.sample().bytes(), recipe.seed);
    let together: Vec<u8> = samples.iter().flat_map(|(_, sample)| sample.clone()).collect();
    let found = Batch::start(&blob).expect("it runs any").classify(&together, model.classes());
    let mut engine = Engine::new(model, Scratch::<CELLS>::new()).unwrap();
    assert_eq!(found.len(), samples.len());
    for ((name, sample), (class, logits)) in samples.iter().zip(found) {
        let expected = engine.infer_by::<Portable>(sample, |_, _| ()).unwrap();
        assert_eq!((&logits[..], class), (&*expected, expected.argmax()), "{name}: {recipe:?}");
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn the_module_for_many_images_gives_the_portable_kernels_logits_for_random_models(
        recipe in recipes()
    ) {
        compare(&recipe);
    }
}

#[test]
fn every_logit_of_the_reference_models_is_the_hosts_in_the_module() {
    let images = digits(1000);
    for blob in builtin::all() {
        let model = blob.model().unwrap();
        let expected = int_logits(&model, &images).unwrap();
        let found = Batch::start(blob.bytes()).expect("it runs any").classify(&images.pixels, 10);
        let found: Vec<i32> = found.into_iter().flat_map(|(_, logits)| logits).collect();
        assert!(found == expected, "{}", model.header().name);
    }
}

#[test]
fn layers_of_every_width_give_the_same_in_the_module() {
    for bits in [8, 4, 2] {
        for width in 1..=70 {
            compare(&Recipe {
                input: Input::full(5),
                ..super::golden::recipe(&[(width, bits), (9, bits)])
            });
        }
        let wide = super::golden::recipe(&[(65, bits), (37, bits)]);
        compare(&Recipe { input: Input::full(64), ..wide });
    }
}

#[test]
fn the_module_for_many_images_asks_for_nothing_and_so_has_no_panic_in_it() {
    assert_eq!(imports(MODULE), [""; 0], "where it can panic it would call `page.panicked`");
    // Most of it reads the format.
    assert!(MODULE.len() < 27 << 10, "{} bytes", MODULE.len());
}

#[test]
fn what_is_no_model_is_refused_by_the_module() {
    let blob = super::golden::recipe(&[(3, 8)]).blob();
    assert!(Batch::start(&blob).is_some());
    let mut damaged = blob.to_vec();
    damaged[40] ^= 1;
    for bytes in [&damaged[..], &blob[..blob.len() - 8], &[], b"P6 is a picture, no model"] {
        assert!(Batch::start(bytes).is_none());
    }
}
