//! Requantization: the only place where an accumulator becomes an activation.

/// Turns the accumulator of a hidden unit into its activation: `min(255, (max(acc, 0) · m) >> 32)`.
///
/// ReLU is the `max`. Rounding to nearest is in the bias, where the writer has put half a step, so
/// that a device needs the high word of one multiplication and nothing else.
///
/// ```
/// use inkbit_core::requant::requantize;
/// let half = 1 << 31; // a scale of 1/2
/// assert_eq!(requantize(101, half), 50);
/// assert_eq!(requantize(-1, half), 0);
/// assert_eq!(requantize(i32::MAX, u32::MAX), 255);
/// ```
#[inline(always)]
pub const fn requantize(acc: i32, multiplier: u32) -> u8 {
    if acc <= 0 {
        return 0;
    }
    let scaled = ((acc.cast_unsigned() as u64 * multiplier as u64) >> 32) as u32;
    if scaled > 255 { 255 } else { scaled as u8 }
}

/// `min(255, (acc · m) >> 32)` without a product of more than 32 bits: what the assembly for
/// Cortex-M0 does, in tested words.
#[cfg(test)]
const fn scale_by_halves(acc: u32, multiplier: u32) -> u8 {
    let (a1, a0) = (acc >> 16, acc & 0xFFFF);
    let (m1, m0) = (multiplier >> 16, multiplier & 0xFFFF);
    let upper = a1 * m1;
    if upper > 255 {
        return 255;
    }
    // Either a half is zero or both are below 256, so this is below 2³².
    let middle = a1 * m0 + a0 * m1 + ((a0 * m0) >> 16);
    let scaled = upper + (middle >> 16);
    if scaled > 255 { 255 } else { scaled as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_give_the_same_as_the_whole() {
        let check = |acc: u32, multiplier: u32| {
            let expected = ((u64::from(acc) * u64::from(multiplier)) >> 32).min(255);
            let found = scale_by_halves(acc, multiplier);
            assert_eq!(u64::from(found), expected, "{acc} · {multiplier}");
        };
        // A power of two of each, and what lies around it.
        let around = |bit: u32| (0..7).map(move |i| (1_u32 << bit).wrapping_add(i).wrapping_sub(3));
        for acc in (0..31).flat_map(around).map(|acc| acc & (u32::MAX >> 1)) {
            (0..32).flat_map(around).for_each(|multiplier| check(acc, multiplier));
        }
        let mut number = 1_u32;
        for _ in 0..200_000 {
            let acc = number;
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Products near and beyond 255, where it matters.
            check(acc >> 1, number >> (acc & 15));
            check(acc >> 8, number >> 16);
        }
    }
}
