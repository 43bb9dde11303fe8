//! Percentages for the display: the only floats of this crate. No integer result depends on them.

/// Softmax of `logits × scale` into `probabilities`; the shorter of the two decides how many.
///
/// `exp` is micromath's approximation, called by path: a method call would become std's as soon as
/// anything in the build links std, and give other bits there. `scale` is the blob's logit scale.
///
/// ```
/// let mut p = [0.0; 2];
/// inkbit_core::softmax::softmax(&[1000, 1000], 0.01, &mut p);
/// assert_eq!(p, [0.5, 0.5]);
/// ```
pub fn softmax(logits: &[i32], scale: f32, probabilities: &mut [f32]) {
    let greatest = logits.iter().copied().max().unwrap_or_default();
    let mut sum = 0.0;
    for (probability, &logit) in probabilities.iter_mut().zip(logits) {
        let below = greatest.abs_diff(logit) as f32 * scale;
        // micromath's exp loses its meaning far below zero; e⁻²⁰ is no share to show.
        *probability = if below > 20.0 { 0.0 } else { micromath::F32Ext::exp(-below) };
        sum += *probability;
    }
    for probability in probabilities.iter_mut().take(logits.len()) {
        *probability /= sum;
    }
}

/// The probability of one class, without a buffer for the others.
#[must_use]
pub fn probability(logits: &[i32], scale: f32, class: usize) -> f32 {
    let mut sum = 0.0;
    let mut own = 0.0;
    let greatest = logits.iter().copied().max().unwrap_or_default();
    for (other, &logit) in logits.iter().enumerate() {
        let below = greatest.abs_diff(logit) as f32 * scale;
        let weight = if below > 20.0 { 0.0 } else { micromath::F32Ext::exp(-below) };
        sum += weight;
        if other == class {
            own = weight;
        }
    }
    own / sum
}
