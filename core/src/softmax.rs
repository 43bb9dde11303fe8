//! Percentages for the display: the only floats of this crate. No integer result depends on them.
//!
//! A device that has no floating point takes [`permille`], which needs none.

use core::fmt::{self, Write as _};

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
    for (probability, exponential) in probabilities.iter_mut().zip(exponentials(logits, scale)) {
        *probability = exponential;
        sum += exponential;
    }
    for probability in probabilities.iter_mut().take(logits.len()) {
        *probability /= sum;
    }
}

/// The probability of one class, without a buffer for the others; 0 if there is no such class.
///
/// ```
/// assert_eq!(inkbit_core::softmax::probability(&[1000, 1000], 0.01, 1), 0.5);
/// ```
pub fn probability(logits: &[i32], scale: f32, class: usize) -> f32 {
    let own = exponentials(logits, scale).nth(class);
    own.map_or(0.0, |own| own / exponentials(logits, scale).sum::<f32>())
}

/// Each logit's exponential, as a multiple of the greatest one's: so their sum is at least 1.
///
/// `exp` is micromath's approximation, called by path: a method call would become std's as soon as
/// anything in the build links std, and give other bits there.
fn exponentials(logits: &[i32], scale: f32) -> impl Iterator<Item = f32> {
    let greatest = logits.iter().copied().max().unwrap_or_default();
    logits.iter().map(move |&logit| {
        let below = greatest.abs_diff(logit) as f32 * scale;
        // micromath's exp is wrong far below zero; e⁻²⁰ rounds to 0 % anyway.
        if below > 20.0 { 0.0 } else { micromath::F32Ext::exp(-below) }
    })
}

/// A fraction in thousandths, which reads as a percentage with one decimal.
///
/// ```
/// use inkbit_core::softmax::Permille;
/// assert_eq!(Permille(984).to_string(), "98.4 %");
/// assert_eq!(format!("{:>8}", Permille(984)), "  98.4 %");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Permille(pub u16);

impl fmt::Display for Permille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of 65,535 thousandths, at most.
        let mut text = heapless::String::<8>::new();
        write!(text, "{}.{} %", self.0 / 10, self.0 % 10)?;
        f.pad(&text)
    }
}

/// Softmax of `logits × scale` in thousandths, each rounded to the nearest, by integers alone.
///
/// ```
/// use inkbit_core::softmax::{Permille, permille};
/// assert!(permille(&[1000, 1000, 900], 0.01).eq([422, 422, 155].map(Permille)));
/// ```
pub fn permille(logits: &[i32], scale: f32) -> impl Iterator<Item = Permille> {
    let greatest = logits.iter().copied().max().unwrap_or_default();
    let binary = Binary::new(scale);
    let exponential = move |&logit: &i32| binary.exponential(greatest.abs_diff(logit));
    // The greatest logit's is 2¹⁶, so the sum is not 0 if anything is divided by it.
    let sum = logits.iter().map(exponential).fold(0, u32::saturating_add);
    logits.iter().map(move |logit| {
        let permille = (exponential(logit) * 1000 + sum / 2).checked_div(sum).unwrap_or_default();
        Permille(permille as u16)
    })
}

/// A positive scale times log₂ e, as `factor` · 2^−`places`.
#[derive(Clone, Copy)]
struct Binary {
    factor: u64,
    places: u32,
}

impl Binary {
    fn new(scale: f32) -> Self {
        // As IEEE 754 has it; what is too small for the leading one is as good as nothing.
        let bits = scale.to_bits();
        let significand = bits & 0x7F_FFFF | 0x80_0000;
        let exponent = bits >> 23 & 0xFF;
        // log₂ e with 15 places, times what is left of the significand's 23 without the last 8.
        let factor = u64::from((significand >> 8) * 47_274);
        Self { factor, places: 157_u32.saturating_sub(exponent) }
    }

    /// e^(−`below` · scale) · 2¹⁶.
    #[inline(never)]
    fn exponential(self, below: u32) -> u32 {
        // The power of two, with 16 places. Beyond the shifts' limits it is nothing or more than 31.
        let power = (u64::from(below) * self.factor) >> self.places.saturating_sub(16).min(63);
        let whole = (power >> 16).min(31) as u32;
        let part = power as u32 & 0xFFFF;
        // 2^−part to four digits: the best polynomial of third degree that is 1 at 0 and 1/2 at 1.
        let square = 15_158 - ((2_597 * part) >> 16);
        let linear = 45_330 - ((square * part) >> 16);
        (65_536 - ((linear * part) >> 16)) >> whole
    }
}

#[cfg(test)]
mod tests {
    use super::{Permille, permille, probability, softmax};

    #[test]
    fn thousandths_are_those_of_the_exponential_function() {
        extern crate std;
        let mut scale = 1e-6_f32;
        while scale < 10.0 {
            for spread in [0, 1, 7, 100, 3_000, 90_000, 2_000_000] {
                let logits = [0, 3, -1, 5, 2].map(|i: i32| i * spread - 40);
                let below = logits.map(|logit| f64::from(logit - logits[3]) * f64::from(scale));
                let shares = below.map(f64::exp);
                let sum: f64 = shares.iter().sum();
                for (Permille(found), share) in permille(&logits, scale).zip(shares) {
                    let difference = f64::from(found) - 1000.0 * share / sum;
                    assert!(difference.abs() < 0.6, "{logits:?} · {scale}: {found}");
                }
            }
            scale *= 1.7;
        }
    }

    #[test]
    fn thousandths_exist_for_every_scale_and_all_logits() {
        for scale in [f32::MIN_POSITIVE / 4.0, 1e-30, 1.0, 16_384.0, 3e9, f32::MAX] {
            assert!(permille(&[i32::MIN, i32::MIN], scale).eq([500, 500].map(Permille)));
            assert!(permille(&[], scale).eq([]));
            assert!(permille(&[-7], scale).eq([Permille(1000)]));
        }
        assert!(permille(&[i32::MIN, i32::MAX], 1.0).eq([0, 1000].map(Permille)));
        assert!(permille(&[0, 1], f32::MAX).eq([0, 1000].map(Permille)));
        assert!(permille(&[0, 1], f32::MIN_POSITIVE).eq([500, 500].map(Permille)));
    }

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
