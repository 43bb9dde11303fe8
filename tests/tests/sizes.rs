//! Sizes that are known before anything runs: of a model's memory, and of a request's buffer.

use inkbit_core::link::{Receiver, Request, encode, pack_pixels, request_bytes};
use inkbit_core::{Engine, LayerOutput, MAX_LAYERS, MAX_STAGES, Model, Scratch, Sizes};
use inkbit_tests::oracle::{Oracle, OracleLayer, OracleStage};
use inkbit_tests::random_model::recipes;
use proptest::prelude::*;

use super::equivalence::cases;
use super::golden::{plain, recipe};

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn the_sizes_that_the_compiler_reads_are_those_of_the_parsed_model(recipe in recipes()) {
        let blob = recipe.blob();
        let model = Model::parse(&blob).expect("core reads what it writes");
        let expected = Sizes {
            bytes: model.sample().bytes(),
            cells: model.scratch_cells(),
            classes: model.classes(),
        };
        prop_assert_eq!(Sizes::of(&blob), expected);
    }
}

#[test]
fn the_sizes_of_a_model_with_as_many_layers_as_there_may_be_are_read() {
    let layers: Vec<(u16, u8)> = (0..MAX_LAYERS as u16).map(|layer| (20 - layer, 8)).collect();
    let sizes = Sizes::of(&recipe(&layers).blob());
    assert_eq!(sizes, Sizes { bytes: 36, cells: 36 + 20, classes: 20 - (MAX_LAYERS - 1) });
}

/// The panic of `Sizes::of`, which a compiler shows as its error.
fn refused(blob: &[u8]) -> String {
    let blob = blob.to_vec();
    let panic = std::panic::catch_unwind(move || Sizes::of(&blob)).expect_err("no model");
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref().cloned()).expect("a text")
}

#[test]
fn what_is_no_model_stops_the_compiler_with_the_reason() {
    let blob = recipe(&[(3, 8)]).blob();
    assert!(refused(b"INKBLOT").contains("do not begin with INKBIT"));
    assert!(refused(b"INKBIT\x01\x00").contains("another format version"));
    assert!(refused(b"INKBIT\x04\x00").contains("another format version"));
    // The number of the only layer's numbers is the last byte that is read.
    for length in 6..51 {
        assert!(refused(&blob[..length]).contains("cut off"), "{length} bytes");
    }
    assert_eq!(Sizes::of(&blob[..51]), Sizes::of(&blob));
    let old = Oracle::read(&blob).unwrap().write_version_2();
    assert!(refused(&old).contains("another format version"));
    let layer = |outputs| OracleLayer { inputs: 1, outputs, bits: 8, ..OracleLayer::default() };
    for count in [0, MAX_LAYERS + 1] {
        let blob = plain(1, vec![layer(1); count]).write();
        assert!(refused(&blob).contains("no layers, or too many"), "{count} layers");
    }
    for count in [0, MAX_STAGES + 1] {
        let of_one = plain(1, vec![layer(1)]);
        let stages: Vec<OracleStage> = vec![of_one.stages[0].clone(); count];
        let blob = Oracle { stages, ..of_one }.write();
        assert!(refused(&blob).contains("no stages, or too many"), "{count} stages");
    }
    // Three groups of seven bits are read, which is more than any field has.
    let greatest = plain(1, vec![layer((1 << 21) - 1)]);
    assert_eq!(Sizes::of(&greatest.write()).classes, (1 << 21) - 1);
    let beyond = plain(1, vec![layer(1 << 21)]);
    assert!(refused(&beyond.write()).contains("beyond the range"));
}

/// Whether a receiver of messages of `N` bytes takes the largest request about so many pixels.
fn is_received<const N: usize>(pixels: usize) -> bool {
    let mut packed = vec![0; request_bytes(pixels)];
    let packed = pack_pixels(&vec![7; pixels], &mut packed).unwrap();
    let request = Request::Classify { id: u32::MAX, pixels: packed };
    let mut out = vec![0; 2 * request_bytes(pixels) + 16];
    let frame = encode(&request, &mut out).unwrap();
    let mut receiver = Receiver::<N>::new();
    frame.iter().any(|&byte| matches!(receiver.push(byte), Some(Ok(_))))
}

#[test]
fn the_largest_request_about_an_image_is_as_long_as_its_buffer() {
    assert!(is_received::<{ request_bytes(1) }>(1));
    assert!(is_received::<{ request_bytes(784) }>(784));
    // The length of so many pixels takes three bytes.
    assert!(is_received::<{ request_bytes(128 * 128) }>(128 * 128));
    assert!(!is_received::<{ request_bytes(128 * 128) - 1 }>(128 * 128));
}

#[test]
fn each_layer_is_shown_once_under_its_number() {
    for count in 1..=MAX_LAYERS {
        let blob = recipe(&vec![(5, 8); count]).blob();
        let model = Model::parse(&blob).unwrap();
        let mut engine = Engine::new(model, Scratch::<64>::new()).unwrap();
        let mut shown = Vec::new();
        let observe = |layer, output: LayerOutput<'_>| {
            shown.push((layer, matches!(output, LayerOutput::Logits(_))));
        };
        engine.infer_observed(&[9; 36], observe).unwrap();
        let expected = (0..count).map(|layer| (layer, layer + 1 == count));
        assert!(shown.iter().copied().eq(expected), "{shown:?}");
    }
}
