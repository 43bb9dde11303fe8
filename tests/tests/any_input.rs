//! What safe programs may call takes any numbers and slices: the result may be of no use, but there
//! is no panic, also with overflow checks on.

use inkbit_core::blob::{pack_layer, stated_length};
use inkbit_core::image::{centre_of_mass, lay, recentre};
use inkbit_core::requant::requantize;
use inkbit_core::softmax::{permille, probability, softmax};
use inkbit_core::{
    Frame, Input, LayerShape, Layout, Model, Numbers, Range, Sample, Stage, argmax, prominence,
};
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
    let shifts =
        |[multiplier_shift, bias_shift]: [u8; 2]| Numbers::Narrow { multiplier_shift, bias_shift };
    let numbers = prop_oneof![Just(Numbers::Wide), any::<[u8; 2]>().prop_map(shifts)];
    (width(), width(), bits, width(), numbers).prop_map(
        |(inputs, outputs, bits, multipliers, numbers)| LayerShape {
            inputs,
            outputs,
            bits,
            multipliers,
            numbers,
        },
    )
}

fn frames() -> impl Strategy<Value = Frame> {
    let side = || prop_oneof![4 => 0_u16..40, 1 => any::<u16>()];
    let layout = prop_oneof![
        Just(Layout::AsItIs),
        Just(Layout::Fitted),
        any::<u16>().prop_map(|ink| Layout::Centred { ink }),
    ];
    (side(), side(), layout).prop_map(|(width, height, layout)| Frame { width, height, layout })
}

fn samples() -> impl Strategy<Value = Sample> {
    let features = (any::<u16>(), any::<bool>(), any::<u16>())
        .prop_map(|(count, signed, ranges)| Sample::Features { count, signed, ranges });
    prop_oneof![frames().prop_map(Sample::Image), features]
}

fn stages() -> impl Strategy<Value = Stage> {
    let layers = prop_oneof![0_u8..9, any::<u8>()];
    (any::<[u8; 2]>(), any::<[u8; 2]>(), any::<[u32; 3]>(), layers).prop_map(
        |(crop, pool, [scale, margin, prominence], layers)| {
            let logit_scale = f32::from_bits(scale);
            Stage { crop, pool, logit_scale, margin, prominence, layers }
        },
    )
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn images_may_have_any_sides(
        canvas in bytes(),
        (width, height, side) in (sides(), sides(), sides()),
        frame in frames(),
        room in 0_usize..1700,
    ) {
        // Enlarging takes as long as the result is large.
        let mut out = vec![7; room];
        lay(&canvas, width, height, &mut out, frame);
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
        let is_some = !logits.is_empty();
        let stage = Stage::alone(Input::full(1), 1.0, 1);
        prop_assert_eq!(stage.stands(&logits), is_some);
        let found = prominence(&logits);
        let more = Stage { prominence: found.saturating_add(1), ..stage }.stands(&logits);
        prop_assert!(!more || found == u32::MAX);
        let range = Range { offset: bits.cast_signed(), multiplier: !bits };
        for &logit in &logits {
            range.input(logit as i16);
            prop_assert!(requantize(logit, bits) == 0 || logit > 0);
        }
    }

    #[test]
    fn shapes_and_parameters_may_be_any(
        shapes in prop::collection::vec(shapes(), 0..8),
        stages in prop::collection::vec(stages(), 0..=4),
        sample in samples(),
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
        // A model of two classes, 36 pixels and as many bytes as that takes is not made by chance.
        prop_assert!(Model::new(header.clone(), &data).is_err());
        (header.sample, header.stages) = (sample, stages.into_iter().collect());
        prop_assert!(Model::new(header.clone(), &data).is_err());
        let _bytes = (header.data_bytes(), header.blob_bytes(), sample.bytes());
        let _length = stated_length(&data);
    }
}
