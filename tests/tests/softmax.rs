//! Percentages for the display, against the softmax of 64-bit floats.

use inkbit_core::softmax::{probability, softmax};

#[test]
fn percentages_are_those_of_the_softmax_within_a_percent() {
    for scale in [0.001_f32, 0.02, 0.5, 3.0] {
        for logits in [[0, 100, -50], [1, 2, 3], [-7, -7, 40], [200, 190, 0]] {
            let mut found = [0.0; 3];
            softmax(&logits, scale, &mut found);
            let exponential = |&logit: &i32| (f64::from(logit) * f64::from(scale)).exp();
            let sum: f64 = logits.iter().map(exponential).sum();
            for (class, logit) in logits.iter().enumerate() {
                let difference = (f64::from(found[class]) - exponential(logit) / sum).abs();
                assert!(difference < 0.01, "{logits:?} × {scale}: {found:?}");
                assert_eq!(probability(&logits, scale, class), found[class]);
            }
        }
    }
}

#[test]
fn a_class_far_below_the_greatest_has_no_percentage() {
    for (below, scale) in [(21, 1.0), (1000, 1.0), (i32::MAX, 1e-3), (i32::MAX, f32::MAX)] {
        assert_eq!(probability(&[0, below], scale, 0), 0.0, "{below} × {scale}");
        assert_eq!(probability(&[0, below], scale, 1), 1.0, "{below} × {scale}");
    }
}
