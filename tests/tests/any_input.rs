//! What safe programs may call takes any numbers and slices: the result may be of no use, but there
//! is no panic, also with overflow checks on.

use inkbit_core::blob::{pack_layer, stated_length};
use inkbit_core::image::{centre_of_mass, normalise, recentre};
use inkbit_core::requant::requantize;
use inkbit_core::softmax::{permille, probability, softmax};
use inkbit_core::{LayerShape, Model, argmax};
use inkbit_tests::Aligned;
use proptest::prelude::*;

use super::equivalence::cases;
use super::golden::recipe;

/// Sides of images that lie, or do not.
fn sides() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0_usize..40, 1 => any::<u16>().prop_map(usize::from), 1 => any::<usize>(),
        1 => Just(usize::MAX)]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(255), any::<u8>()];
    prop::collection::vec(byte, 0..1000)
}

fn shapes() -> impl Strategy<Value = LayerShape> {
    let width = || prop_oneof![2 => 0_u16..20, 1 => any::<u16>()];
    let bits = prop::sample::select(vec![0, 2, 4, 8, 255]);
    (width(), width(), bits, width()).prop_map(|(inputs, outputs, bits, multipliers)| LayerShape {
        inputs,
        outputs,
        bits,
        multipliers,
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn images_may_have_any_sides(
        canvas in bytes(),
        (width, height, side) in (sides(), sides(), sides()),
        room in 0_usize..1700,
    ) {
        // Enlarging takes as long as the result is large.
        let mut out = vec![7; room];
        normalise(&canvas, width, height, &mut out, side);
        recentre(&canvas, side, &mut out);
        if let Some((row, column)) = centre_of_mass(&canvas, width) {
            prop_assert!(row <= canvas.len() && column <= canvas.len());
        }
    }

    #[test]
    fn logits_and_scales_may_be_any(logits in prop::collection::vec(any::<i32>(), 0..20), bits: u32) {
        let scale = f32::from_bits(bits);
        let mut probabilities = [0.0; 9];
        softmax(&logits, scale, &mut probabilities);
        probability(&logits, scale, argmax(&logits));
        prop_assert!(permille(&logits, scale).all(|share| share.0 <= 1000));
        for &logit in &logits {
            prop_assert!(requantize(logit, bits) == 0 || logit > 0);
        }
    }

    #[test]
    fn shapes_and_parameters_may_be_any(
        shapes in prop::collection::vec(shapes(), 0..8),
        multipliers in prop::collection::vec(any::<u32>(), 0..20),
        bias in prop::collection::vec(any::<i64>(), 0..20),
        weight: i32,
        data in bytes(),
    ) {
        let mut out = data.clone();
        for (layer, &shape) in shapes.iter().enumerate() {
            let _refused = pack_layer(layer, shape, &multipliers, &bias, |_, _| weight, &mut out);
        }
        let blob = recipe(&[(3, 4), (2, 8)]).blob();
        let known = Model::parse(&blob).unwrap();
        let mut header = known.header().clone();
        header.layers = shapes.into_iter().collect();
        let data = Aligned::new(&data);
        let model = Model::new(header, &data);
        // A model of two classes, 36 pixels and as many bytes as that takes is not made by chance.
        prop_assert!(model.is_err());
        let _length = stated_length(&data);
    }
}
