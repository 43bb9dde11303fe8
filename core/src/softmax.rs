//! Percentages for the display: the only floats of this crate. No integer result depends on them.

/// Softmax of `logits × scale` into `probabilities`; the shorter of the two decides how many.
///
/// `scale` is the blob's logit scale.
///
/// ```
/// let mut p = [0.0; 2];
/// inkbit_core::softmax::softmax(&[1000, 1000], 0.01, &mut p);
/// assert_eq!(p, [0.5, 0.5]);
/// ```
pub fn softmax(logits: &[i32], scale: f32, probabilities: &mut [f32]) {
    let logits = logits.get(..probabilities.len()).unwrap_or(logits);
    let mut sum = 0.0;
    for (probability, share) in probabilities.iter_mut().zip(shares(logits, scale)) {
        *probability = share;
        sum += share;
    }
    for probability in probabilities.iter_mut().take(logits.len()) {
        *probability /= sum;
    }
}

/// The probability of one class, without a buffer for the others; 0 if there is no such class.
#[must_use]
pub fn probability(logits: &[i32], scale: f32, class: usize) -> f32 {
    let own = shares(logits, scale).nth(class);
    own.map_or(0.0, |own| own / shares(logits, scale).sum::<f32>())
}

/// Each logit's exponential, as a multiple of the greatest one's: so their sum is at least 1.
///
/// `exp` is micromath's approximation, called by path: a method call would become std's as soon as
/// anything in the build links std, and give other bits there.
fn shares(logits: &[i32], scale: f32) -> impl Iterator<Item = f32> {
    let greatest = logits.iter().copied().max().unwrap_or_default();
    logits.iter().map(move |&logit| {
        let below = greatest.abs_diff(logit) as f32 * scale;
        // micromath's exp loses its meaning far below zero; e⁻²⁰ is no share to show.
        if below > 20.0 { 0.0 } else { micromath::F32Ext::exp(-below) }
    })
}

#[cfg(test)]
mod tests {
    use super::{probability, softmax};

    #[test]
    fn one_class_alone_has_the_share_it_has_among_all() {
        let logits = [-700, 900, 0, i32::MIN, i32::MAX / 2_000_000];
        let mut all = [0.0; 5];
        softmax(&logits, 0.01, &mut all);
        for (class, &share) in all.iter().enumerate() {
            assert_eq!(probability(&logits, 0.01, class), share);
        }
        assert!((all.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn percentages_are_numbers_even_when_there_is_nothing_to_share() {
        softmax(&[1, 2], 1.0, &mut []);
        let mut longer = [7.0; 2];
        softmax(&[5], 1.0, &mut longer);
        assert_eq!(longer, [1.0, 7.0]);
        // The greatest logit lies beyond the buffer.
        let mut first = [0.0; 1];
        softmax(&[0, i32::MAX], f32::MAX, &mut first);
        assert_eq!(first, [1.0]);
        assert_eq!(probability(&[], 1.0, 0), 0.0);
        assert_eq!(probability(&[3], 1.0, 1), 0.0);
    }
}
