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
#[must_use]
pub const fn requantize(acc: i32, multiplier: u32) -> u8 {
    if acc <= 0 {
        return 0;
    }
    let scaled = ((acc as u64 * multiplier as u64) >> 32) as u32;
    if scaled > 255 { 255 } else { scaled as u8 }
}
