//! Statistical significance of accuracies and of differences between them.

/// 95 % of a normal distribution lie within this many standard deviations of the mean.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % confidence interval of a fraction, after Wilson, "Probable Inference, the Law of
/// Succession, and Statistical Inference", 1927. Its limits are from 0 to 1; `(0, 1)` for no trials.
///
/// ```
/// let (low, high) = inkbit::evaluate::significance::wilson(98, 100);
/// assert_eq!(format!("{low:.4} {high:.4}"), "0.9300 0.9945");
/// ```
pub fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, fraction) = (trials as f64, successes as f64 / trials as f64);
    let centre = fraction + Z * Z / (2.0 * n);
    let half = Z * (fraction * (1.0 - fraction) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((centre - half) / whole).max(0.0), ((centre + half) / whole).min(1.0))
}

/// McNemar's exact two-sided test: the probability that two equally good classifiers differ at least
/// this much by chance. `only_first` and `only_second` are the numbers of images that only the first
/// and only the second classifies correctly.
///
/// After McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions or
/// Percentages", 1947, with the binomial distribution instead of its approximation.
///
/// ```
/// // Of 8 fair coins, 1 or fewer show the same side with a probability of 18 / 256.
/// assert!((inkbit::evaluate::significance::mcnemar(1, 7) - 18.0 / 256.0).abs() < 1e-12);
/// ```
pub fn mcnemar(only_first: usize, only_second: usize) -> f64 {
    let n = only_first + only_second;
    let fewer = only_first.min(only_second);
    // ln of (n over k) / 2^n, updated from one k to the next, so that no factorial overflows.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=fewer {
        tail += term.exp();
        term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    // A probability that underflows is still above 0.
    (2.0 * tail).clamp(f64::MIN_POSITIVE, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_within_0_and_1_and_contain_the_fraction() {
        for (successes, trials) in [(0, 1), (1, 1), (0, 10_000), (9_819, 10_000), (10_000, 10_000)]
        {
            let (low, high) = wilson(successes, trials);
            let fraction = successes as f64 / trials as f64;
            assert!(
                0.0 <= low && low <= fraction && fraction <= high && high <= 1.0,
                "{low} {high}"
            );
            assert!(low < high);
        }
        // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
        let (low, high) = wilson(81, 263);
        assert_eq!(format!("{low:.4} {high:.4}"), "0.2553 0.3662");
        let (low, high) = wilson(15, 148);
        assert_eq!(format!("{low:.4} {high:.4}"), "0.0624 0.1605");
    }

    #[test]
    fn equal_classifiers_differ_by_chance_and_unequal_ones_do_not() {
        assert_eq!(mcnemar(0, 0), 1.0);
        assert_eq!(mcnemar(50, 50), 1.0);
        assert_eq!(mcnemar(3, 9), mcnemar(9, 3));
        assert!((mcnemar(0, 5) - 2.0 / 32.0).abs() < 1e-12);
        // 2 × (1 + 12 + 66 + 220) / 4096
        assert!((mcnemar(3, 9) - 598.0 / 4096.0).abs() < 1e-12);
        let certain = mcnemar(0, 5_000);
        assert!(certain > 0.0 && certain < 1e-300, "{certain}");
    }
}
