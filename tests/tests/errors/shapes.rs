//! Errors of samples, stages and narrow numbers.

use inkbit_tests::oracle::{Oracle, OracleLayout, OracleSample, seal};

use super::super::golden::{features, recipe, two_stages};
use super::{blob_message, message, message_of, stage_message};

/// An image, scaled to its frame.
pub(super) fn image(width: u64, height: u64) -> OracleSample {
    OracleSample::Image { width, height, layout: OracleLayout::AsItIs }
}

#[test]
fn errors_of_samples_say_what_was_found() {
    // Each along either axis.
    for (side, crop, pool) in [(6, 3, 1), (6, 0, 4), (6, 0, 3), (1025, 0, 1), (0, 0, 1), (6, 0, 0)]
    {
        for (at, other) in [(0, 1), (1, 0)] {
            let (mut sides, mut crops, mut pools) = ([6; 2], [0; 2], [1; 2]);
            (sides[at], crops[at], pools[at]) = (side, crop, pool);
            assert_eq!(sides[other], 6);
            let [width, height] = sides;
            assert_eq!(
                message(|model| {
                    model.sample = image(width, height);
                    (model.stages[0].crop, model.stages[0].pool) = (crops, pools);
                }),
                format!(
                    "a sample of {width}x{height} cropped by {}, {} and pooled by {}, {} gives no \
                     whole inputs; use an image with sides of 1 to 1024, a smaller crop, and pool \
                     by 1, 2 or 4 what is left, or 1 to 4096 features, uncropped and pooled by 1",
                    crops[0], crops[1], pools[0], pools[1]
                )
            );
        }
    }
    for (width, height, ink) in [(6, 6, 0), (6, 6, 7), (6, 9, 7), (9, 6, 7), (6, 6, 65_535)] {
        let layout = OracleLayout::Centred { ink };
        assert_eq!(
            message(|model| model.sample = OracleSample::Image { width, height, layout }),
            format!("images hold ink of {ink} pixels; make it 1 to 6")
        );
    }
    let sound = || Oracle::read(&features(12, true, true).blob()).unwrap();
    let ranges = |found: usize| {
        message_of(sound(), |model| {
            let OracleSample::Features { ranges, .. } = &mut model.sample else { panic!() };
            ranges.resize(found, (0, 1));
        })
    };
    for found in [0, 2, 11, 13, 65_535] {
        assert_eq!(
            ranges(found),
            format!("model has {found} ranges for 12 features; give it as many, or one for all")
        );
    }
    for found in [-32_769, 32_768, i32::MIN.into(), i32::MAX.into()] {
        let message = message_of(sound(), |model| {
            let OracleSample::Features { ranges, .. } = &mut model.sample else { panic!() };
            ranges[7].0 = found;
        });
        let expected = format!("feature 7 has an offset of {found}; make it -32768 to 32767");
        assert_eq!(message, expected);
    }
    for (count, crop, pool) in
        [(0, [0, 0], [1, 1]), (4097, [0, 0], [1, 1]), (12, [1, 0], [1, 1]), (12, [0, 0], [2, 1])]
    {
        let message = message_of(sound(), |model| {
            (model.stages[0].crop, model.stages[0].pool) = (crop, pool);
            model.sample = OracleSample::Features { signed: true, count, ranges: vec![(0, 1)] };
        });
        assert!(message.starts_with(&format!("a sample of {count}x1 cropped by ")), "{message}");
    }
}

/// The error for so many layers, which are too many or not those of the stages.
pub(super) fn count_error(layers: usize) -> String {
    format!(
        "model has {layers} layers, but must have 1 to 8, and as many as its stages say; train one of that \
         depth, or mend the program that wrote it"
    )
}

#[test]
fn errors_of_stages_say_what_was_found() {
    let sound = || Oracle::read(&two_stages().blob()).unwrap();
    for count in [0, 5, 300] {
        assert_eq!(
            message_of(sound(), |model| model.stages.resize(count, model.stages[0].clone())),
            format!("model has {count} stages; give it 1 to 4")
        );
    }
    assert_eq!(
        message_of(sound(), |model| {
            let last = model.stages[1].layers.last_mut().unwrap();
            last.outputs = 6;
            last.biases.push(0);
            last.codes.push(vec![0; last.inputs]);
        }),
        "a stage has 6 classes, the first has 5; make them equal"
    );
    // The faults of a later stage are named too, its layers by their numbers in the model.
    assert_eq!(
        message_of(sound(), |model| model.stages[1].layers[0].inputs = 37),
        "layer 2 takes 37 values but is given 36; make them equal"
    );
    assert_eq!(
        message_of(sound(), |model| model.stages[1].layers[0].multipliers.clear()),
        "layer 2 has 0 multipliers; give it 14 or 1"
    );
    assert_eq!(
        message_of(sound(), |model| model.stages[0].layers[1].multipliers = vec![1; 5]),
        "layer 1 has 5 multipliers; give it 0"
    );
    assert!(
        message_of(sound(), |model| model.stages[1].pool = [4, 1]).starts_with(
            "a sample of 6x6 cropped by 0, 0 and pooled by 4, 1 gives no whole inputs"
        )
    );
    assert!(
        message_of(sound(), |model| model.stages[1].logit_scale = 0.0)
            .starts_with("logit scale is not")
    );
    // The number of the second stage's layers, behind five labels and the first stage.
    let blob = sound().write();
    let at = 12 + 7 + 15 + 5 + 1 + (8 + 2 + 1 + 1) + (8 + 2 + 1);
    assert_eq!(blob[at..at + 2], [2, 4]);
    for (count, expected) in [
        (0, count_error(4).as_str()),
        // The first of its layers is its last one then.
        (1, "layer 2 has 14 multipliers; give it 0"),
        // And here its last one is not.
        (3, "layer 3 has 0 multipliers; give it 5 or 1"),
        (255, "layer 3 has 0 multipliers; give it 5 or 1"),
    ] {
        let mut changed = blob.clone();
        changed[at] = count;
        seal(&mut changed);
        assert_eq!(blob_message(&changed), expected, "{count} layers");
    }
    // A stage without any layer, when there are none left.
    let one = Oracle::read(&recipe(&[(3, 8)]).blob()).unwrap();
    let more = message_of(one.clone(), |model| {
        model.stages.push(model.stages[0].clone());
        model.stages[1].layers.clear();
    });
    assert_eq!(more, count_error(1));
    let mut more = one.write();
    // One layer more in the list than the stage has: of 8 bytes, which leave the padding right.
    let layer = 12 + 7 + 9 + 5 + 1 + 8 + 1 + 1 + 1 + 1;
    assert_eq!(more[layer - 2..layer + 1], [1, 1, 36]);
    more[layer - 1] = 2;
    more.splice(layer + 5..layer + 5, [0xC8, 1, 0xC8, 1, 8, 0xC8, 1, 0]);
    seal(&mut more);
    assert_eq!(blob_message(&more), count_error(2));
}

#[test]
fn numbers_that_are_shifted_too_far_are_refused() {
    for (multiplier_shift, bias_shift) in [(17, 0), (0, 15), (255, 255)] {
        assert_eq!(
            stage_message(|stage| stage.layers[1].narrow = Some((multiplier_shift, bias_shift))),
            format!(
                "layer 1 shifts its multipliers by {multiplier_shift} and its biases by \
                 {bias_shift} places; shift them by 16 and 14 at the most"
            )
        );
    }
}
