//! How sure one can be of a measured accuracy, and of the difference between two.

/// Standard deviations on either side of the mean that hold 95 % of a normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % confidence interval of a share, after Wilson, "Probable Inference, the Law of
/// Succession, and Statistical Inference", 1927: from 0 to 1, and `(0, 1)` of nothing.
///
/// ```
/// let (low, high) = inkbit::evaluate::significance::wilson(98, 100);
/// assert_eq!(format!("{low:.4} {high:.4}"), "0.9300 0.9945");
/// ```
#[must_use]
pub fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (trials as f64, successes as f64 / trials as f64);
    let centre = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((centre - half) / whole).max(0.0), ((centre + half) / whole).min(1.0))
}

/// McNemar's exact test, two-sided: how probable it is that chance alone deals `only_first` and
/// `only_second` at least as unevenly, if both classifiers are equally good. They are the images
/// that only the first, and only the second, gets right.
///
/// After McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions or
/// Percentages", 1947, with the binomial distribution itself and not its approximation.
///
/// ```
/// // Of 8 images that one of two gets right, a fair coin gives 1 or fewer to one side 18 times
/// // in 256.
/// assert!((inkbit::evaluate::significance::mcnemar(1, 7) - 18.0 / 256.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn mcnemar(only_first: usize, only_second: usize) -> f64 {
    let n = only_first + only_second;
    let fewer = only_first.min(only_second);
    // ln of n over k, divided by 2 to the n, from one k to the next: no factorial overflows.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=fewer {
        tail += term.exp();
        term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    // So improbable that it is below every number, it is still not impossible.
    (2.0 * tail).clamp(f64::MIN_POSITIVE, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_stay_within_bounds_and_hold_the_share() {
        for (successes, trials) in [(0, 1), (1, 1), (0, 10_000), (9_819, 10_000), (10_000, 10_000)]
        {
            let (low, high) = wilson(successes, trials);
            let share = successes as f64 / trials as f64;
            assert!(0.0 <= low && low <= share && share <= high && high <= 1.0, "{low} {high}");
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
